"""Personal data: sealed at rest, gone with its key."""

import asyncio
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from uuid import UUID, uuid4

import orjson
import pytest
from cryptography.exceptions import InvalidTag

from libs.eventstore.gone import erase
from libs.eventstore.keys import Cipher
from libs.eventstore.recorded import COLUMNS, Recorded
from libs.eventstore.store import Answer, Once
from tests.libs.eventstore.house import House
from tests.libs.eventstore.seats import NOON, SEAT, Leave, Seat, SeatTake, Take, seat_of

ANN, BOB, RUBY = uuid4(), uuid4(), uuid4()
CANARY = "canary-6b1f: Ann's birthday"
EVERYTHING = """
select string_agg(query_to_xml('select * from ' || table_name, true, true, '')::text, '')
from information_schema.tables where table_schema = current_schema() and table_name <> all($1)
"""


async def recorded(house: House) -> list[Recorded]:
    rows = await house.pool.fetch(f"select {COLUMNS} from events order by pos")
    return [await house.reader().read(row) for row in rows]


async def everything_but(house: House, *tables: str) -> str:
    return str(await house.pool.fetchval(EVERYTHING, list(tables)))


async def test_a_personal_field_is_at_rest_only_where_it_is_projected(house: House) -> None:
    await house.store().execute(SEAT, seat_of(ANN), Take(ANN, RUBY, note=CANARY), at=NOON)
    assert CANARY in await everything_but(house)
    assert CANARY not in await everything_but(house, "seats")
    [take] = await recorded(house)
    assert take.event == SeatTake(user_id=ANN, room_id=RUBY, note=CANARY)


async def test_a_destroyed_key_takes_the_personal_fields_and_nothing_else(house: House) -> None:
    store = house.store()
    for user in (ANN, BOB):
        await store.execute(SEAT, seat_of(user), Take(user, RUBY, note=CANARY), at=NOON)
    await house.key_ring().destroy(ANN)
    anns, bobs = await recorded(house)
    assert anns.event == SeatTake(user_id=ANN, room_id=RUBY, note=None)
    assert bobs.event == SeatTake(user_id=BOB, room_id=RUBY, note=CANARY)


async def test_a_destroyed_key_is_never_made_again(house: House) -> None:
    keys = house.key_ring()
    await keys.destroy(ANN)
    await keys.destroy(ANN)
    assert await keys.obtain(ANN) is None
    await house.store().execute(SEAT, seat_of(ANN), Take(ANN, RUBY, note=CANARY), at=NOON)
    assert "$personal" not in await house.pool.fetchval("select data::text from events")


async def test_the_store_still_decides_for_an_erased_person(house: House) -> None:
    await house.store().execute(SEAT, seat_of(ANN), Take(ANN, RUBY, note=CANARY), at=NOON)
    await house.key_ring().destroy(ANN)
    await house.pool.execute("update streams set state = null")
    outcome = await house.store().execute(SEAT, seat_of(ANN), Leave(ANN), at=NOON)
    assert outcome.stream.state == Seat(None)


async def test_racers_for_a_first_key_get_the_same_one(house: House) -> None:
    rings = [house.key_ring() for _ in range(8)]
    keys = await asyncio.gather(*[ring.obtain(ANN) for ring in rings])
    assert len({key.mark("x") for key in keys if key}) == 1
    assert all(keys)


async def test_a_sealed_member_fits_its_own_event_only(house: House) -> None:
    cipher, id = Cipher(house.key_ring()), uuid4()
    data = orjson.loads(await cipher.seal(SeatTake(user_id=ANN, room_id=RUBY, note=CANARY), id))
    assert (await cipher.open(data, ANN, id))["note"] == CANARY
    bent = bytearray(b64decode(data["$personal"]))
    bent[-1] ^= 1
    for forged, opener in ((data, uuid4()), ({"$personal": b64encode(bent).decode()}, id)):
        with pytest.raises(InvalidTag):
            await cipher.open(forged, ANN, opener)


async def test_another_process_forgets_a_destroyed_key_in_time(house: House) -> None:
    here, there = house.key_ring(), house.key_ring(ttl=0.0)
    assert await there.obtain(ANN)
    await here.destroy(ANN)
    assert await there.find(ANN) is None


async def test_a_mark_tells_equal_texts_until_the_key_is_destroyed(house: House) -> None:
    cipher = Cipher(house.key_ring())
    assert await cipher.mark(ANN, CANARY) == await cipher.mark(ANN, CANARY)
    assert len({await cipher.mark(ANN, CANARY), await cipher.mark(ANN, "x"), await cipher.mark(BOB, CANARY)}) == 3
    await house.key_ring().destroy(ANN)
    assert await Cipher(house.key_ring()).mark(ANN, CANARY) is None


async def test_the_ring_remembers_no_more_keys_than_it_may(house: House) -> None:
    ring, subjects = house.key_ring(size=2), [uuid4() for _ in range(5)]
    first = [await ring.obtain(subject) for subject in subjects]
    assert len(ring._known) == 2
    again = [await ring.obtain(subject) for subject in subjects]
    assert [key.mark("x") for key in first if key] == [key.mark("x") for key in again if key]


async def test_erasure_forgets_answers_too(house: House) -> None:
    async def order(user: UUID) -> None:
        await house.store().execute(
            SEAT,
            seat_of(user),
            Take(user, RUBY),
            at=datetime.now(UTC),
            once=Once(user, "k", b""),
            answer=lambda _: Answer(201),
        )

    await order(ANN)
    await order(BOB)
    async with house.session() as db:
        await erase(db, house.key_ring(), ANN)
        await erase(db, house.key_ring(), ANN)
    assert await house.rows("select user_id from idempotency") == [(BOB,)]
