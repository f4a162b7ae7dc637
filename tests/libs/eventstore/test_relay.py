"""The relay between a real PostgreSQL and a real Kafka."""

import asyncio
from datetime import UTC, datetime
from functools import partial
from uuid import uuid4

import orjson
from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace import TracerProvider

from libs.contracts.cloudevents import Envelope, decode, encode, source_of
from libs.eventstore import timeline
from libs.eventstore.publisher import partition
from libs.eventstore.store import Meta
from libs.eventstore.watch import Unwatched
from libs.eventstore.wire import COLUMNS, Wire
from tests.libs.eventstore.house import House
from tests.libs.eventstore.outlet import Outlet, running
from tests.libs.eventstore.seats import CATALOGUE, NOON, SEAT, TOPICS, Leave, Polish, Take, seat_of
from tests.waiting import until

ANN, RUBY = uuid4(), uuid4()
PUBLISHED = frozenset(TOPICS)
CANARY = "canary-0d4e"


class Watching(Unwatched):
    def __init__(self) -> None:
        self.holes: list[float] = []
        self.left = -1
        self.terms = 0

    def leads(self, leads: bool) -> None:
        self.terms += leads

    def behind(self, events: int, age: float) -> None:
        self.left = events

    def hole(self, age: float) -> None:
        self.holes.append(age)


async def test_what_is_committed_is_told_once_in_order_and_what_is_stored_only_is_not(
    house: House, outlet: Outlet
) -> None:
    await outlet.some_evenings(40)
    async with running(outlet.relay(page=17)):
        await until(outlet.caught_up)
    told = await outlet.verdict()
    assert told.clean, str(told)
    assert (told.repeated, len(await outlet.told())) == (0, 80)


async def test_what_is_told_holds_everything_but_what_is_personal(house: House, outlet: Outlet) -> None:
    cause, correlation = uuid4(), uuid4()
    with TracerProvider().get_tracer("test").start_as_current_span("request") as span:
        outcome = await house.store().execute(
            SEAT, seat_of(ANN), Take(ANN, RUBY, note=CANARY), at=NOON, meta=Meta(correlation, cause)
        )
    async with running(outlet.relay()):
        await until(outlet.caught_up)
    [(_, envelope)] = await outlet.told()
    [recorded] = outcome.recorded
    context = span.get_span_context()
    assert envelope == Envelope(
        id=recorded.event_id,
        name="seat_take",
        source=source_of(outlet.cell, "rooms", 1),
        subject=ANN,
        time=NOON,
        schema_version=1,
        stream_id=seat_of(ANN),
        stream_version=1,
        position=recorded.pos,
        correlation_id=correlation,
        causation_id=cause,
        traceparent=f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}",
        data={"user_id": str(ANN), "room_id": str(RUBY)},
    )


async def test_a_wake_up_starts_an_event_on_its_way(house: House, outlet: Outlet) -> None:
    wake = asyncio.Event()
    async with running(outlet.relay(wake=wake)):
        for turn in range(1, 4):
            await house.store(wake=wake.set).execute(SEAT, seat_of(ANN), Polish(ANN), at=NOON)
            await until(partial(house.pool.fetchval, "select pos = $1 from relay_cursor", turn))


async def test_an_event_newer_than_the_relay_waits_for_a_newer_relay(house: House, outlet: Outlet) -> None:
    await outlet.some_evenings(1)
    watching = Watching()
    async with running(outlet.relay(catalogue={"seat_polish": CATALOGUE["seat_polish"]}, watch=watching)):
        await until(lambda: watching.terms > 1)
    assert not await outlet.told()
    async with running(outlet.relay()):
        await until(outlet.caught_up)
    assert len(await outlet.told()) == 2


async def test_after_a_bump_everything_is_told_as_the_new_timeline_even_by_a_relay_that_led(
    house: House, outlet: Outlet
) -> None:
    async with running(outlet.relay()), house.session(house.owner) as owner:
        await outlet.some_evenings(1)
        await until(outlet.caught_up)
        await timeline.bump(owner)
        await outlet.some_evenings(1)
        await until(outlet.caught_up)
    last = {envelope.position: envelope.source for _, envelope in await outlet.told()}
    assert [source[-2:] for _, source in sorted(last.items())] == ["/1", "/1", "/2", "/2"]


async def test_the_watch_sees_the_backlog_go(house: House, outlet: Outlet) -> None:
    await outlet.some_evenings(2)
    watching = Watching()
    async with running(outlet.relay(watch=watching)):
        await until(lambda: watching.left == 6 or watching.terms)
        await until(lambda: watching.left == 0)
    assert watching.terms == 1


async def test_the_wire_says_what_the_contract_says(house: House) -> None:
    store = house.store()
    await store.execute(SEAT, seat_of(ANN), Take(ANN, RUBY, note="n"), at=NOON, meta=Meta(uuid4(), uuid4()))
    await store.execute(SEAT, seat_of(ANN), Leave(ANN), at=datetime(2026, 1, 1, 1, 1, 1, 123456, UTC))
    wire = Wire(source_of("c", "rooms", 3), CATALOGUE)
    for message in [wire.message(row) for row in await house.pool.fetch(f"select {COLUMNS} from events")]:
        envelope = decode(message.value, message.headers)
        value, headers = encode(envelope)
        assert orjson.loads(value) == orjson.loads(message.value)
        assert sorted(headers) == sorted(message.headers)
        assert envelope.key == message.key


@given(st.binary(min_size=1, max_size=64), st.integers(1, 64))
def test_a_key_goes_where_every_kafka_client_puts_it(key: bytes, count: int) -> None:
    assert partition(key, count) == DefaultPartitioner()(key, list(range(count)), [])
