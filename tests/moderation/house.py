"""Moderation on a database of its own, fresh for one test: the door, and short words for what tests do there."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from libs.chassis.consumers.applying import Applying
from libs.chassis.consumers.handlers import Handlers
from libs.chassis.erasing import erases
from libs.chassis.postgres import connect
from libs.contracts.cloudevents import Envelope
from libs.contracts.event import Event
from libs.contracts.identity import RoleGrant, UserDelete, UserRegister
from libs.contracts.rooms import RoomCreate
from libs.contracts.vocabulary import Role
from libs.eventstore.db import Pool
from libs.eventstore.keys import Cipher, KeyRing
from libs.eventstore.projections import project_all
from libs.eventstore.store import Once, Store
from services.moderation.audit import ACTS
from services.moderation.chain import Chain
from services.moderation.deciders.measure import Moderator
from services.moderation.erasure import Erasure
from services.moderation.filing import Complaint
from services.moderation.projections import CASES
from services.moderation.replicas import HEARD, OTHERS
from services.moderation.sanctions import Order
from services.moderation.service import Moderation
from services.moderation.settings import ModerationSettings
from services.moderation.timer import Timer
from tests.moderation.people import ANN, BOB, CAT, DAN, LOUNGE, MAX, MIA, MODERATOR, NINE, OLA
from tests.stack import Databases


class Listening(Handlers):
    """What `erases` registers with, without Kafka."""

    def command(self, event: type[Event], handler: Any) -> None:
        self.add_command(event, handler)


@dataclass
class House:
    urls: Databases
    pool: Pool
    store: Store
    keys: KeyRing
    cipher: Cipher
    settings: ModerationSettings
    moderation: Moderation
    applying: Applying
    now: datetime = NINE  # of the timers

    async def hears(self, event: Event, version: int = 1, at: datetime = NINE) -> None:
        """Another service tells something."""
        await self.applying.alone(
            Envelope(
                id=uuid4(),
                name=event.NAME,
                source="/virtubar/test/identity/1",
                subject=event.subject,
                time=at,
                schema_version=event.VERSION,
                stream_id=f"user-{event.subject}",
                stream_version=version,
                position=version,
                correlation_id=None,
                causation_id=None,
                traceparent=None,
                data=event.model_dump(mode="json"),
            )
        )

    async def registers(self, *users: UUID) -> None:
        for user in users:
            await self.hears(UserRegister(user_id=user, auth_provider="email"))

    async def employs(self, user: UUID, role: Role) -> None:
        await self.hears(RoleGrant(user_id=user, role=role), version=2)

    async def opens(self, room: UUID) -> None:
        plan: dict[str, Any] = {"theme": "lounge", "is_private": False, "capacity": 9, "region": "eu"}
        await self.hears(RoomCreate(room_id=room, created_by=None, **plan))

    async def forgets(self, user: UUID) -> None:
        await self.hears(UserDelete(user_id=user), version=9)

    async def report(
        self, reporter: UUID = ANN, reported: UUID = BOB, at: datetime = NINE, *, once: Once | None = None, **more: Any
    ) -> UUID:
        complaint = Complaint(reported, more.pop("report_type", "harassment"), **more)
        return await self.moderation.filing.file(reporter, complaint, at, once)

    async def sanction(
        self, user: UUID = BOB, kind: Any = "mute", at: datetime = NINE, by: Moderator = MODERATOR, **more: Any
    ) -> UUID:
        order = Order(user, kind, "harassment", more.pop("statement", "You shouted at people."), **more)
        return (await self.moderation.sanctions.impose(order, by, at))[0]

    def timer(self) -> Timer:
        return Timer(
            self.store,
            self.pool,
            self.moderation.evidence,
            self.moderation.retention,
            self.settings,
            lambda: self.now,
        )

    def chain(self) -> Chain:
        return Chain(self.pool)

    async def story(self, stream: str) -> list[str]:
        rows = await self.pool.fetch("select name from events where stream_id = $1 order by version", stream)
        return [row["name"] for row in rows]

    async def status(self, report: UUID) -> str:
        return str(await self.pool.fetchval("select status from reports where id = $1", report))

    async def state(self, sanction: UUID) -> str:
        return str(await self.pool.fetchval("select state from sanctions where id = $1", sanction))


@asynccontextmanager
async def house_at(
    urls: Databases, *, size: int = 16, clock: Callable[[], datetime] = lambda: datetime.now(UTC), **settings: Any
) -> AsyncIterator[House]:
    told = ModerationSettings(database_url=urls.runtime, keys_url=urls.keys, **({"hearing_seconds": 0} | settings))
    async with (
        await connect(urls.runtime, "moderation", size=size) as pool,
        await connect(urls.keys, "moderation", size=2) as vault,
    ):
        keys = KeyRing(vault)
        cipher = Cipher(keys)
        store = Store(pool, cipher=cipher, project=project_all(CASES, ACTS))
        moderation = Moderation(store, pool, keys, told)
        handlers = Listening()
        for event in HEARD:
            handlers.add_replica(event, OTHERS.apply)
        erases(handlers, "moderation", keys, Erasure(moderation.evidence).clear)  # type: ignore[arg-type]
        yield House(
            urls, pool, store, keys, cipher, told, moderation, Applying("moderation", handlers, pool, store, clock)
        )


async def peopled(house: House) -> House:
    """With four guests, two moderators, an operator and a room."""
    await house.registers(ANN, BOB, CAT, DAN, MAX, MIA, OLA)
    for moderator in (MAX, MIA):
        await house.employs(moderator, "moderator")
    await house.employs(OLA, "operator")
    await house.opens(LOUNGE)
    return house
