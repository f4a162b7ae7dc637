"""From a real broker into a real lake: everything once, nothing dropped, nobody by their own id."""

from collections import Counter
from dataclasses import replace
from typing import Any
from uuid import uuid4

import asyncpg
import orjson
import pytest
from aiokafka import TopicPartition
from aiokafka.admin.records_to_delete import RecordsToDelete

from libs.chassis.consumers import Parked
from libs.chassis.kafka import Kafka, create_topics
from libs.contracts.catalogue import dlq_of, topics
from libs.contracts.cloudevents import Envelope, encode
from services.analytics.intake import TopicReplaced
from tests.analytics.house import House
from tests.analytics.records import happened
from tests.waiting import until


def joins(house: House, first: int, last: int, **changes: Any) -> list[Envelope]:
    return [house.told(happened("room_join", **changes), position=n) for n in range(first, last)]


def ids(house: House) -> Counter[str]:
    return Counter(row["event_id"] for row in house.rows())


def once(envelopes: list[Envelope]) -> Counter[str]:
    return Counter(str(each.id) for each in envelopes)


async def test_what_is_told_is_in_the_lake_under_one_pseudonym(house: House) -> None:
    ann = uuid4()
    told = [*joins(house, 1, 4, user_id=ann), house.told(happened("room_leave", user_id=ann), position=4)]
    async with house.sink():
        await house.tell(told)
        await until(lambda: ids(house) == once(told), 60)
        await until(lambda: house.metered("virtubar_sink_lag", topic="room_join") == 0)
    rows = house.rows()
    assert str(ann) not in str(rows)
    (subject,) = {row["subject"] for row in rows}
    assert {row["stream_id"] for row in rows} == {f"visitor-{subject}"}
    assert {orjson.loads(row["data"])["user_id"] for row in rows} == {subject}
    assert [row["topic"] for row in rows] == ["room_join"] * 3 + ["room_leave"]
    assert house.metered("virtubar_sink_rows_total", topic="room_leave") >= 1


async def test_a_sink_goes_on_where_the_last_one_was_and_knows_a_repeat(house: House) -> None:
    told = joins(house, 1, 6)
    async with house.sink():
        await house.tell(told)
        await until(lambda: ids(house) == once(told), 60)
    more = joins(house, 6, 9)
    async with house.sink():
        await house.tell([*told[2:], *more])
        await until(lambda: len(ids(house)) == 8, 60)
        await until(lambda: house.metered("virtubar_sink_repeats_total") == 3)
    assert ids(house) == once([*told, *more])


async def test_two_sinks_share_the_work(house: House) -> None:
    told = {partition: joins(house, 1, 200) for partition in range(6)}
    async with house.sink(sink_rows=50), house.sink(sink_rows=50, instance="1"):
        for partition, envelopes in told.items():
            await house.tell(envelopes, partition)
        await until(lambda: sum(ids(house).values()) >= 6 * 199, 60)
    assert ids(house) == once([each for envelopes in told.values() for each in envelopes])


def spoilt(house: House) -> dict[str, tuple[bytes | None, list[tuple[str, bytes | None]]]]:
    """Records that are no events of ours, by what is wrong."""
    whole = house.told(happened("room_join"))
    value, headers = encode(whole)
    given = dict(headers)
    return {
        "JSON": (b"{", [*headers]),
        "no value": (None, [*headers]),
        "v9999": (value, [*(given | {"ce_dataschema": b"https://virtubar.dev/schemas/room_join/9999"}).items()]),
        "ce_id": (value, [*(given | {"ce_id": None}).items()]),
        "UTF-8": (value, [*(given | {"ce_subject": b"\xff\xfe"}).items()]),
        "ce_specversion": (value, []),
        "fit": (orjson.dumps({**whole.data, "user_id": "somebody"}), [*headers]),
        "subject": (value, [*(given | {"ce_subject": str(uuid4()).encode()}).items()]),
        "topic": encode(replace(house.told(happened("room_leave"))))[0:2],  # type: ignore[dict-item]
    }


async def test_bad_records_are_set_aside_with_the_reason_and_the_next_good_one_lands(house: House) -> None:
    places: dict[str, tuple[str, int, int]] = {}
    for wrong, (value, headers) in spoilt(house).items():
        places[wrong] = ("room_join", 0, await house.write("room_join", value, headers))
    good = joins(house, 1, 2)
    await house.tell(good)
    async with house.sink():
        await until(lambda: ids(house) == once(good), 60)
        assert house.metered("virtubar_sink_dead_letters_total", topic="room_join") >= len(places)
    buried = await house.buried()
    for wrong, place in places.items():
        assert wrong in buried[place][-1]["dlq_reason"].decode()
    db = await asyncpg.connect(house.urls.admin)
    try:
        parked = await db.fetch("select origin_offset, reason from analytics.parked where topic = 'room_join'")
    finally:
        await db.close()
    assert {offset for _, _, offset in places.values()} <= {row["origin_offset"] for row in parked}


async def test_a_record_set_aside_lands_when_it_is_asked_for_again_and_can_be_read(house: House) -> None:
    early, late = joins(house, 1, 3)
    value, headers = encode(early)
    newer = [*(dict(headers) | {"ce_dataschema": b"https://virtubar.dev/schemas/room_join/9999"}).items()]
    offset = await house.write("room_join", value, newer)
    await house.tell([late])
    pool = await asyncpg.create_pool(house.urls.runtime, server_settings={"search_path": "analytics"})
    try:
        async with house.sink():
            await until(lambda: ids(house) == once([late]), 60)
            (dead,) = [each for each in await Parked(pool).dead() if each.letter.offset == offset]
            await Parked(pool).ask_retry(dead.id)
            await until(lambda: _tries(pool, dead.id, 2), 60)
            upgraded = "update parked set header_values = $2 where id = $1"  # as if the program knew that version now
            await pool.execute(upgraded, dead.id, [v for _, v in headers])
            await pool.execute(
                "update parked set header_names = $2 where id = $1", dead.id, [n.encode() for n, _ in headers]
            )
            await Parked(pool).ask_retry(dead.id)
            await until(lambda: ids(house) == once([early, late]), 60)
            await house.tell([early])
            more = joins(house, 3, 4)
            await house.tell(more)
            await until(lambda: ids(house) == once([early, late, *more]), 60)
        assert house.rows()[0]["offset"] == offset
    finally:
        await pool.close()


async def _tries(pool: Any, id: int, tries: int) -> bool:
    (dead,) = await Parked(pool).dead(id)
    return dead.tries == tries and dead.state == "dead"


async def test_while_the_dlq_is_away_nothing_passes_a_bad_record(house: House) -> None:
    kafka = Kafka.parse(house.kafka_url)
    admin = kafka.admin()
    await admin.start()
    await admin.delete_topics([dlq_of("analytics")])
    try:
        bad = await house.write("room_close", b"{", [])
        good = [house.told(happened("room_close"), position=1)]
        await house.tell(good)
        async with house.sink():
            await until(lambda: house.metered("virtubar_sink_failures_total", step="dlq") >= 1, 120)
            assert ids(house) == Counter()
            await create_topics(kafka, {dlq_of("analytics"): None}, replication=1)
            await until(lambda: ids(house) == once(good), 120)
        assert ("room_close", 0, bad) in await house.buried()
    finally:
        await create_topics(kafka, {dlq_of("analytics"): None}, replication=1)
        await admin.close()


async def test_after_an_erasure_their_past_is_nobodys_and_what_comes_late_is_about_nobody(house: House) -> None:
    ann, bob = uuid4(), uuid4()
    first = joins(house, 1, 2, user_id=ann)
    deleted = house.told(happened("user_delete", user_id=ann), position=2)
    late = [
        house.told(happened("room_leave", user_id=ann), position=3),
        house.told(happened("friend_remove", user_id=bob, friend_user_id=ann), position=4),
    ]
    async with house.sink():
        await house.tell(first)
        await until(lambda: len(ids(house)) == 1, 60)
        await house.tell([deleted])
        await until(lambda: len(ids(house)) == 2, 60)
        await house.tell(late)
        await until(lambda: len(ids(house)) == 4, 60)
    rows = {row["topic"]: row for row in house.rows()}
    assert rows["room_join"]["subject"] == rows["user_delete"]["subject"] is not None
    about_ann = [told for told in await house.said() if told[1] == f"user-{ann}"]  # others are erased in these topics
    assert about_ann == [("erasure_done", f"user-{ann}")]
    assert (rows["room_leave"]["subject"], rows["room_leave"]["stream_id"]) == (None, None)
    removed = orjson.loads(rows["friend_remove"]["data"])
    assert removed["friend_user_id"] is None
    assert removed["user_id"] == rows["friend_remove"]["subject"] is not None
    db = await asyncpg.connect(house.urls.admin)
    try:
        ways_back = await db.fetch("select user_id, pseudonym from analytics.pseudonyms where user_id = $1", ann)
    finally:
        await db.close()
    assert [tuple(row) for row in ways_back] == [(ann, None)]


async def test_records_that_expired_before_they_landed_are_counted(house: House) -> None:
    told = [house.told(happened("room_unmute"), position=n) for n in range(1, 6)]
    await house.tell(told[:1], partition=5)
    async with house.sink():
        await until(lambda: len(ids(house)) == 1, 60)
    await house.tell(told[1:], partition=5)
    admin = Kafka.parse(house.kafka_url).admin()
    await admin.start()
    place = TopicPartition("room_unmute", 5)
    try:
        await admin.delete_records({place: RecordsToDelete(before_offset=house.rows()[0]["offset"] + 4)})
    finally:
        await admin.close()
    async with house.sink():
        await until(lambda: ids(house) == once([told[0], told[4]]), 60)
        assert house.metered("virtubar_sink_lost_total", topic="room_unmute") == 3


async def test_a_topic_made_anew_is_noticed_before_its_offsets_are_taken_for_old_ones(house: House) -> None:
    told = [house.told(happened("item_retire"), position=n) for n in range(1, 4)]
    async with house.sink():
        await house.tell(told)
        await until(lambda: ids(house) == once(told), 60)
    kafka = Kafka.parse(house.kafka_url)
    admin = kafka.admin()
    await admin.start()
    try:
        await admin.delete_topics(["item_retire"])
        await until(lambda: _gone(admin, "item_retire"))
        await create_topics(kafka, {"item_retire": topics()["item_retire"]}, replication=1)
    finally:
        await admin.close()
    with pytest.raises(TopicReplaced):
        async with house.sink() as running:
            await until(running.done, 60)


async def test_a_topic_that_comes_later_is_read_from_its_beginning(house: House) -> None:
    kafka = Kafka.parse(house.kafka_url)
    admin = kafka.admin()
    await admin.start()
    try:
        await admin.delete_topics(["login_unlink"])
        await until(lambda: _gone(admin, "login_unlink"))
        async with house.sink():
            await create_topics(kafka, {"login_unlink": topics()["login_unlink"]}, replication=1)
            told = [house.told(happened("login_unlink"), position=1)]
            await house.tell(told, partition=2)
            await until(lambda: ids(house) == once(told), 60)
    finally:
        await admin.close()


async def _gone(admin: Any, topic: str) -> bool:
    return topic not in await admin.list_topics()
