"""The tables are what the log comes to, and where they are not, that is found and mended while the service runs."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.eventstore import heard
from libs.eventstore.db import Db
from libs.eventstore.errors import Unreplayable
from libs.eventstore.projections import Projection, Replica, Table, project_all
from libs.eventstore.rebuild import Rebuild, Report
from libs.eventstore.recorded import Recorded
from libs.eventstore.shadow import Difference
from libs.eventstore.store import Store
from tests.libs.eventstore.house import House
from tests.libs.eventstore.seats import ECHOES, LEFT, NOON, SEAT, SEATS, Command, Leave, Take, echo, project, seat_of
from tests.libs.eventstore.test_heard import envelope
from tests.waiting import until

ALL = (SEATS, ECHOES)
LIVE = "select user_id, room_id, taken_at, note from seats order by user_id"
RUBY = uuid4()


async def compare(house: House, parts: Sequence[Projection | Replica] = ALL) -> Report:
    async with house.session(house.owner) as owner:
        return await Rebuild(owner, house.reader(), parts).compare()


async def merge(house: House, parts: Sequence[Projection | Replica] = ALL) -> Report:
    async with house.session(house.owner) as owner:
        return await Rebuild(owner, house.reader(), parts).merge()


async def an_evening(house: House) -> list[UUID]:
    """Six guests came, two left; four echoes were heard, the late one last."""
    store, users = house.store(), sorted(uuid4() for _ in range(6))
    for user in users:
        await store.execute(SEAT, seat_of(user), Take(user, RUBY, note=f"note {user}"), at=NOON)
    for user in users[:2]:
        await store.execute(SEAT, seat_of(user), Leave(user), at=NOON)
    for told in [envelope(n) for n in (2, 1, 3)]:
        await hear(house, told)
    return users


async def hear(house: House, told: Any) -> None:
    async with house.pool.acquire() as db, db.transaction():
        if await heard.receive(db, told):
            await echo(db, told)


async def test_tables_written_by_the_store_are_what_the_log_comes_to(house: House) -> None:
    await an_evening(house)
    report = await compare(house)
    assert (report.events, report.heard, list(report.differences)) == (8, 3, [])


async def test_a_damaged_row_of_each_kind_is_named_by_where_it_is(house: House) -> None:
    *_, one, other = await an_evening(house)
    ghost = uuid4()
    await house.pool.execute("delete from seats where user_id = $1", one)
    await house.pool.execute("update seats set note = 'x', taken_at = now() where user_id = $1", other)
    await house.pool.execute("insert into seats values ($1, $1, now())", ghost)
    await house.pool.execute("delete from echoes where stream_version = 3")
    found = {(d.table, d.kind, *d.key.values(), *d.columns) for d in (await compare(house)).differences}
    assert {change for change in found if change[0] == "seats"} == {
        ("seats", "missing", str(one)),
        ("seats", "changed", str(other), "taken_at", "note"),
        ("seats", "extra", str(ghost)),
    }
    assert [change[:2] for change in found if change[0] == "echoes"] == [("echoes", "missing")]


@pytest.mark.parametrize(
    "damage",
    [
        "data = '{}'",
        "name = 'seat_sold'",
        "schema_version = 9",
        """data = jsonb_set(data, '{$personal}', '"bm9ib2R5IHNlYWxlZCB0aGlzIHdpdGggYW55IGtleQ=="')""",
        "data = jsonb_set(data, '{room_id}', 'null')",
    ],
)
async def test_an_event_that_cannot_be_replayed_is_named_and_nothing_of_it_is_quoted(house: House, damage: str) -> None:
    await an_evening(house)
    before = await house.rows(LIVE)
    async with house.session(house.admin) as admin:
        event_id = await admin.fetchval(f"update events set {damage} where pos = 3 returning event_id")
    for look in (compare, merge):
        with pytest.raises(Unreplayable, match=rf"^events at 3: seat_\w+ {event_id} cannot be replayed: \w+$"):
            await look(house)
    assert await house.rows(LIVE) == before


async def test_a_log_that_breaks_a_rule_of_its_tables_is_named_too(house: House) -> None:
    store, room = house.store(), await house.open_room(1)
    await store.execute(SEAT, seat_of(RUBY), Take(RUBY, room), at=NOON)
    seated = Table("seats", ("user_id",), ("room_id", "taken_at", "note"))

    async def two_at_once(db: Db, happened: Recorded) -> None:
        for _ in range(2):
            await db.execute("insert into seats (user_id, room_id, taken_at) values ($1, $1, now())", RUBY)

    with pytest.raises(Unreplayable, match="UniqueViolationError"):
        await compare(house, [Projection((seated,), two_at_once)])


async def test_a_comparison_changes_nothing(house: House) -> None:
    await an_evening(house)
    await house.pool.execute("delete from seats")
    await compare(house)
    assert not await house.rows(LIVE)


async def test_a_merge_mends_every_row_and_leaves_operational_columns_alone(house: House) -> None:
    await an_evening(house)
    before = await house.rows(LIVE)
    *_, one, other = [row[0] for row in before]
    await house.pool.execute("update seats set last_seen = '2020-01-01Z', note = 'x' where user_id = $1", one)
    await house.pool.execute("delete from seats where user_id = $1", other)
    await house.pool.execute("insert into seats values (gen_random_uuid(), gen_random_uuid(), now())")
    assert len((await merge(house)).differences) == 3
    assert await house.rows(LIVE) == before
    assert await house.pool.fetchval("select last_seen < '2021-01-01Z' from seats where user_id = $1", one)
    assert not (await compare(house)).differences


async def test_a_rebuild_after_an_erasure_agrees_once_the_rows_are_cleared(house: House) -> None:
    *_, erased = await an_evening(house)
    await house.key_ring().destroy(erased)
    assert (await compare(house)).differences == [
        Difference("seats", {"user_id": str(erased)}, "changed", ("note",)),
    ]
    await house.pool.execute("update seats set note = null where user_id = $1", erased)
    assert not (await compare(house)).differences


async def test_replayed_in_any_order_a_replica_is_the_same(house: House) -> None:
    told = [envelope(n) for n in range(1, 4)]
    again = [*told, *told[::-1]]
    random.Random(7).shuffle(again)
    for one in again:
        await hear(house, one)
    assert not (await compare(house)).differences


async def writing(house: House, project_with: Callable[[Db, Recorded], Awaitable[None]], stop: asyncio.Event) -> None:
    store, users = house.store(project=project_with), [uuid4() for _ in range(5)]

    async def writer(dice: random.Random) -> None:
        while not stop.is_set():
            user = dice.choice(users)
            either: list[Command] = [Take(user, RUBY, note=str(dice.random())), Leave(user)]
            await store.execute(SEAT, seat_of(user), dice.choice(either), at=datetime.now(UTC))
            await hear(house, envelope(dice.randint(1, 9)))

    await asyncio.gather(*[writer(random.Random(seed)) for seed in range(4)])


async def forgetful(db: Db, recorded: Recorded) -> None:
    """The control: a projection that loses one row in four."""
    await project(db, recorded)
    if recorded.event_id.int % 4 == 0:
        await db.execute(LEFT, recorded.event.subject)


async def test_a_comparison_while_writers_write_finds_nothing_where_nothing_is_wrong(house: House) -> None:
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(writing(house, project, stop))
        await until(lambda: house.pool.fetchval("select count(*) > 20 from events"))
        for _ in range(4):
            report = await compare(house)
            assert not report.differences
            assert report.events > 20
        stop.set()


async def test_a_merge_while_writers_write_mends_what_a_forgetful_projection_lost(house: House) -> None:
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(writing(house, forgetful, stop))
        async with asyncio.timeout(30):
            while not (await compare(house)).differences:  # the control is found out
                pass
        await merge(house)
        stop.set()
    await merge(house)
    assert not (await compare(house)).differences


async def test_a_merge_while_writers_write_loses_nothing_that_they_write(house: House) -> None:
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(writing(house, project, stop))
        for _ in range(4):
            assert not (await merge(house)).differences
        stop.set()
    assert not (await compare(house)).differences


async def test_a_killed_rebuild_leaves_nothing_behind(house: House) -> None:
    await an_evening(house)
    await house.pool.execute("delete from seats")

    async def deadly(db: Db, recorded: Recorded) -> None:
        await project(db, recorded)
        async with house.session(house.admin) as admin:
            await admin.execute("select pg_terminate_backend($1, 10000)", killed.get_server_pid())

    async with house.session(house.owner) as killed:
        with pytest.raises(Exception, match=r"terminat|closed"):
            await Rebuild(killed, house.reader(), [Projection(SEATS.tables, deadly)]).merge()
    assert not await house.rows(LIVE)
    assert not await house.pool.fetchval(
        "select count(*) from pg_class where relpersistence = 't' and relname = 'seats'"
    )
    assert len((await merge(house)).differences) == 4


async def test_what_has_outside_effects_cannot_be_given_to_a_rebuild(house: House) -> None:
    async def send_mail(store: Store, told: Any) -> None: ...

    async with house.session(house.owner) as owner:
        with pytest.raises(TypeError):
            Rebuild(owner, house.reader(), [send_mail])  # type: ignore[list-item]


async def test_projections_compose_in_order(house: House) -> None:
    order: list[int] = []

    def part(n: int) -> Projection:
        async def apply(db: Db, recorded: Recorded) -> None:
            order.append(n)

        return Projection((), apply)

    await house.store(project=project_all(part(1), part(2))).execute(SEAT, "seat-1", Take(RUBY, RUBY), at=NOON)
    assert order == [1, 2]
