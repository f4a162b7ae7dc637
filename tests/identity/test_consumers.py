"""What sanctions do to accounts, in whatever order they are heard."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import permutations
from uuid import UUID, uuid4

import pytest

from libs.chassis.consumers.applying import Applying
from libs.chassis.consumers.handlers import Handlers
from libs.contracts.cloudevents import Envelope
from libs.contracts.event import Event
from libs.contracts.moderation import SanctionLift, SanctionUser
from libs.contracts.vocabulary import SanctionKind
from services.identity.__main__ import Inside, opened
from services.identity.commands import SignIn
from services.identity.consumers import on_lift, on_sanction
from services.identity.decider import NotFound
from tests.accounts import Mailbox
from tests.conftest import Database
from tests.identity.conftest import Clock, told


@dataclass(frozen=True)
class Desk:
    """Where identity hears of sanctions."""

    inside: Inside
    applying: Applying

    async def newcomer(self) -> UUID:
        user = uuid4()
        email = f"{user}@example.com"
        await self.inside.identity.execute(SignIn(user, uuid4(), "email", email, email, "web"))
        return user

    async def hear(self, event: Event, id: UUID | None = None) -> None:
        await self.applying.alone(
            Envelope(
                id=id or uuid4(),
                name=event.NAME,
                source="/virtubar/local/moderation/1",
                subject=event.subject,
                time=datetime.now(UTC),
                schema_version=event.VERSION,
                stream_id=f"safety-{event.subject}",
                stream_version=1,
                position=1,
                correlation_id=None,
                causation_id=None,
                traceparent=None,
                data=event.model_dump(mode="json"),
            )
        )

    async def status(self, user: UUID) -> str:
        return str((await self.inside.identity.account(user))["status"])


@pytest.fixture
async def desk(database: Database, mail: Mailbox) -> AsyncIterator[Desk]:
    async with opened(told(await database("identity"), mail)) as inside:
        handlers = Handlers()
        handlers.add_command(SanctionUser, on_sanction)
        handlers.add_command(SanctionLift, on_lift)
        yield Desk(inside, Applying("identity", handlers, inside.stores.pool, inside.stores.store, Clock()))


def sanction(user: UUID, kind: SanctionKind = "suspend") -> SanctionUser:
    return SanctionUser(sanction_id=uuid4(), user_id=user, kind=kind, reason_code="spam", by_user_id=uuid4())


def lift(of: SanctionUser) -> SanctionLift:
    return SanctionLift(sanction_id=of.sanction_id, user_id=of.user_id, reason="appeal")


async def test_some_sanctions_close_the_account_and_others_do_not(desk: Desk) -> None:
    closed: dict[SanctionKind, str] = {"suspend": "suspended", "ban": "suspended", "mute": "active", "warn": "active"}
    for kind, status in closed.items():
        user = await desk.newcomer()
        await desk.hear(sanction(user, kind))
        assert await desk.status(user) == status


async def test_a_sanction_and_its_lift_come_to_the_same_in_any_order_and_any_number_of_times(desk: Desk) -> None:
    for order in permutations(range(3)):
        user = await desk.newcomer()
        imposed = sanction(user)
        heard = [(imposed, uuid4()), (lift(imposed), uuid4()), (imposed, uuid4())]
        for n in order:
            await desk.hear(*heard[n])
            await desk.hear(*heard[n])
        assert await desk.status(user) == "active"


async def test_a_sanction_and_its_lift_heard_at_the_same_moment_leave_the_account_open(desk: Desk) -> None:
    for _ in range(10):
        user = await desk.newcomer()
        imposed = sanction(user)
        await asyncio.gather(desk.hear(imposed), desk.hear(lift(imposed)))
        assert await desk.status(user) == "active"


async def test_the_lift_of_another_sanction_opens_nothing(desk: Desk) -> None:
    user = await desk.newcomer()
    await desk.hear(sanction(user))
    await desk.hear(lift(sanction(user)))
    assert await desk.status(user) == "suspended"


async def test_a_sanction_of_nobody_is_refused(desk: Desk) -> None:
    with pytest.raises(NotFound):
        await desk.hear(sanction(uuid4()))
