"""What sanctions do to accounts, in whatever order they are heard."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import permutations
from uuid import UUID, uuid4

import hypothesis
import orjson
import pytest
from hypothesis import given as forall
from hypothesis import strategies as st

from libs.chassis.consumers.applying import Applying
from libs.chassis.consumers.handlers import Handlers
from libs.contracts.catalogue import EVENTS
from libs.contracts.cloudevents import Envelope
from libs.contracts.event import Event
from libs.contracts.moderation import SanctionLift, SanctionUser
from libs.contracts.vocabulary import SanctionKind
from libs.eventstore.unit import HISTORY
from services.identity.__main__ import Inside, opened
from services.identity.commands import SignIn
from services.identity.consumers import CLOSING, on_lift, on_sanction
from services.identity.decider import USER, NotFound, Suspended, stream_of
from services.identity.settings import Settings
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

    async def history(self, user: UUID) -> list[Event]:
        rows = await self.inside.stores.pool.fetch(HISTORY, stream_of(user), 1000)
        return [EVENTS[row["name"]].read(orjson.loads(row["data"]), row["schema_version"]) for row in rows]

    async def status(self, user: UUID) -> str:
        return str((await self.inside.identity.account(user))["status"])


@pytest.fixture
async def settings(database: Database, mail: Mailbox) -> Settings:
    return told(await database("identity"), mail)


@asynccontextmanager
async def desk_at(settings: Settings) -> AsyncIterator[Desk]:
    async with opened(settings) as inside:
        handlers = Handlers()
        handlers.add_command(SanctionUser, on_sanction)
        handlers.add_command(SanctionLift, on_lift)
        yield Desk(inside, Applying("identity", handlers, inside.stores.pool, inside.stores.store, Clock()))


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[Desk]:
    async with desk_at(settings) as desk:
        yield desk


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


async def test_one_of_two_sanctions_that_is_lifted_opens_nothing(desk: Desk) -> None:
    for first in (0, 1):
        user = await desk.newcomer()
        imposed = sanction(user), sanction(user, "ban")
        for each in imposed:
            await desk.hear(each)
        await desk.hear(lift(imposed[first]))
        assert await desk.status(user) == "suspended"
        await desk.hear(lift(imposed[1 - first]))
        assert await desk.status(user) == "active"


@dataclass(frozen=True)
class Case:
    """Sanctions of one person, by kind and whether it was lifted, and in which order who hears what how often."""

    sanctions: list[tuple[SanctionKind, bool]]
    deliveries: list[tuple[int, bool]]  # of which event, and whether under an id of its own

    @property
    def is_closed(self) -> bool:
        return any(kind in CLOSING and not lifted for kind, lifted in self.sanctions)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    kinds: st.SearchStrategy[SanctionKind] = st.sampled_from(["suspend", "suspend", "ban", "mute"])
    sanctions = draw(st.lists(st.tuples(kinds, st.booleans()), min_size=1, max_size=4))
    told = len(sanctions) + sum(lifted for _, lifted in sanctions)
    again = draw(st.lists(st.tuples(st.integers(0, told - 1), st.booleans()), max_size=4))
    order = draw(st.permutations([(n, False) for n in range(told)] + again))
    return Case(sanctions, order)


def test_however_topics_are_interleaved_repeated_and_reordered_the_account_is_as_its_sanctions(
    settings: Settings,
) -> None:
    with asyncio.Runner() as loop:
        opening = desk_at(settings)
        desk = loop.run(opening.__aenter__())

        @forall(cases())
        @hypothesis.settings(max_examples=60, deadline=None)
        def holds(case: Case) -> None:
            loop.run(_plays_out(desk, case))

        holds()
        loop.run(opening.__aexit__(None, None, None))


async def _plays_out(desk: Desk, case: Case) -> None:
    user = await desk.newcomer()
    imposed = [sanction(user, kind) for kind, _ in case.sanctions]
    lifts = [lift(each) for each, (_, lifted) in zip(imposed, case.sanctions, strict=True) if lifted]
    told = [(event, uuid4()) for event in (*imposed, *lifts)]
    for n, anew in case.deliveries:
        event, id = told[n]
        await desk.hear(event, uuid4() if anew else id)
    assert await desk.status(user) == ("suspended" if case.is_closed else "active")
    state = USER.fold(await desk.history(user))
    assert isinstance(state, Suspended) == case.is_closed


async def test_a_sanction_of_nobody_is_refused(desk: Desk) -> None:
    with pytest.raises(NotFound):
        await desk.hear(sanction(uuid4()))
