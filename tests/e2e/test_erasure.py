"""Somebody does everything there is to do, and is erased: nothing of theirs is found, nothing of others' is missing."""

import io
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import asyncpg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from aiokafka import AIOKafkaProducer
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from redis.asyncio import Redis

from clients.python import Client, Refused
from clients.python.events import Event, Over
from libs.chassis.kafka import Kafka
from libs.contracts.catalogue import dlq_of
from services.social.skeleton import skeleton
from tests.e2e.conftest import Night
from tests.e2e.traces import found, kept_in
from tests.waiting import until

WITHIN = 90  # seconds
CANARY = "zqcanary"  # a word that nobody else says, and no fold of look-alikes changes
FRIENDLY = "wvfinch"  # what somebody else wrote
EMAIL = f"{CANARY}@example.com"
# Where it has to be found first, or the scan is blind.
TELLING = {
    "virtubar: identity.users",
    "virtubar: identity.logins",
    "virtubar: social.profiles",
    "virtubar: rooms.rooms",
    "virtubar: rooms.idempotency",
    "virtubar: inventory.idempotency",
}
SEALED = "select exists (select from rooms.events where name = 'evidence_seal' and data ->> 'room_id' = $1)"
OTHERS = ("me", "profiles/me", "blocks", "mutes", "wallet", "wallet/entries", "inventory", "reports/mine")


class Company(NamedTuple):
    zoe: Client  # who will be erased
    bob: Client
    carl: Client


async def ask(who: Client, method: str, path: str, key: str = "", **body: Any) -> Any:
    """The answer's body; unsafe requests carry an Idempotency-Key where one is given."""
    headers = {"idempotency-key": key} if key else {}
    options: dict[str, Any] = {"json": body} if body else {}
    answer = await who.account.request(method, f"/v1/{path}", headers=headers, **options)
    return answer.json() if answer.content else None


async def heard_of(who: Client, path: str, method: str = "PUT", key: str = "", **body: Any) -> None:
    """Ask until those who have to have heard of everybody."""

    async def answered() -> bool:
        try:
            await ask(who, method, path, key, **body)
        except Refused as no:
            if no.status != 404:
                raise
            return False
        return True

    await until(answered, within=WITHIN, every=0.2)


def id_of(who: Client) -> UUID:
    assert who.account.user_id
    return who.account.user_id


def picture() -> bytes:
    """A picture that says the word in its metadata."""
    said, out = PngInfo(), io.BytesIO()
    said.add_text("Author", CANARY)
    Image.new("RGB", (8, 8), "red").save(out, "png", pnginfo=said)
    return out.getvalue()


async def everything(company: Company, heard: list[Event]) -> str:
    """Zoe says the word wherever somebody may say anything; her visit goes on, and is told what it hears.

    Returns the room.
    """
    zoe, bob, carl = company
    await ask(zoe, "PATCH", "profiles/me", display_name=CANARY.title(), bio=f"I am {CANARY}.", interests=["wine"])
    await ask(bob, "PATCH", "profiles/me", display_name="Bob", bio=f"I am no {FRIENDLY}.")
    await heard_of(carl, f"friends/{id_of(bob)}")
    for a, b in ((zoe, bob), (bob, zoe), (bob, carl)):
        await heard_of(a, f"friends/{id_of(b)}")
    await ask(zoe, "POST", f"profiles/{id_of(bob)}/opens")
    await ask(zoe, "PUT", f"mutes/{id_of(bob)}")
    await heard_of(zoe, f"blocks/{id_of(carl)}")
    plan = {"name": f"The {CANARY}", "theme": "lounge", "is_private": False, "capacity": 9, "region": "eu"}
    room = str((await ask(zoe, "POST", "rooms", f"{CANARY}-room", **plan))["id"])
    visit = await zoe.join(room, on_event=heard.append)
    await visit.chat(f"hello from {CANARY}")
    await heard_of(zoe, f"rooms/{room}/invites", "POST", f"{CANARY}-invite", user_id=str(id_of(bob)))
    await shop(zoe, bob)
    answer = await zoe.account.request("POST", "/v1/reports/evidence", content=picture())
    await report(zoe, bob, f"{CANARY} saw it", evidence_id=answer.json()["evidence_id"])
    await zoe.account.request("POST", "/v1/reports/evidence", content=picture())  # and one for no report
    await report(bob, zoe, f"{FRIENDLY} says so")
    await report(carl, zoe, f"{FRIENDLY} heard it", room_id=room)
    return room


async def shop(zoe: Client, bob: Client) -> None:
    items = {item["sku"]: item for item in (await ask(zoe, "GET", "items?limit=100"))["items"]}
    beer, tie = items["drink-lager"], items["cosmetic-bow-tie"]
    price = {"expected_price_cents": beer["price_cents"]}
    for giver, taker in ((zoe, bob), (bob, zoe)):
        await heard_of(giver, f"items/{beer['id']}/gifts", "POST", user_id=str(id_of(taker)), **price)
    await ask(zoe, "POST", f"items/{tie['id']}/purchases", f"{CANARY}-tie", expected_price_cents=tie["price_cents"])


async def report(by: Client, about: Client, text: str, **more: Any) -> None:
    body = {"reported_user_id": str(id_of(about)), "report_type": "spam", "description": text, **more}
    await heard_of(by, "reports", "POST", **body)


async def seen_by(who: Client) -> Mapping[str, Any]:
    """What is theirs."""
    return {path: await ask(who, "GET", path) for path in OTHERS}


async def friends_of(who: Client) -> set[str]:
    return {item["user_id"] for item in (await ask(who, "GET", "friends"))["items"]}


async def test_nothing_is_left_of_whoever_is_erased(night: Night) -> None:
    async with (
        night.guest(EMAIL) as zoe,
        night.guest(f"{FRIENDLY}@example.com") as bob,
        night.guest("carl@example.com") as carl,
    ):
        company, words = Company(zoe, bob, carl), [CANARY, skeleton(CANARY)]
        heard: list[Event] = []
        room = await everything(company, heard)
        assert await found(night.bar, words) >= TELLING, "the control"
        assert await friends_of(bob) == {str(id_of(zoe)), str(id_of(carl))}
        before = await seen_by(bob)
        await until(lambda: is_sealed(night, room), within=WITHIN, every=0.2)

        receipt = (await ask(zoe, "DELETE", "me"))["receipt"]
        with pytest.raises(Refused):
            await ask(zoe, "GET", "me")
        await until(lambda: any(isinstance(event, Over) for event in heard), within=WITHIN)

        async def done() -> bool:
            return bool((await ask(carl, "GET", f"erasures/{receipt}"))["status"] == "done")

        await until(done, within=WITHIN, every=0.5)
        assert await found(night.bar, words) == set()
        assert "virtubar: social.profiles" in await found(night.bar, [FRIENDLY])

        assert await seen_by(bob) == before
        assert await friends_of(bob) == {str(id_of(carl))}
        with pytest.raises(Refused, match="not_found"):
            await ask(bob, "GET", f"profiles/{id_of(zoe)}")
        await leads_nowhere(night, id_of(zoe))
        assert not [where async for where in stands_in(night, id_of(zoe))]
        agrees(night)
        await moderators_still_read(night, f"hello from {CANARY}")
        assert await found(night.bar, words) == set(), "nor because somebody looked"

        async with night.guest(EMAIL) as anew:
            assert id_of(anew) != id_of(zoe)
            assert CANARY not in json.dumps(await ask(anew, "GET", "profiles/me")).lower()


async def leads_nowhere(night: Night, user: UUID) -> None:
    """No pseudonym is known to be theirs, and the lake has nothing else of them."""
    db = await asyncpg.connect(night.bar.status()["postgres"]["analytics"])
    try:
        row = await db.fetchrow("select pseudonym from analytics.pseudonyms where user_id = $1", user)
    finally:
        await db.close()
    assert row
    assert row["pseudonym"] is None
    assert not [trace for trace in kept_in(night.bar.root / "lake") if str(user).encode() in trace.text]


async def is_sealed(night: Night, room: str) -> bool:
    """Whether what was said there has been sealed for whoever reported it."""
    db = await asyncpg.connect(night.bar.status()["postgres"]["rooms"])
    try:
        return bool(await db.fetchval(SEALED, room))
    finally:
        await db.close()


async def stands_in(night: Night, user: UUID) -> AsyncIterator[bytes]:
    """Keys of Redis that say where somebody stood."""
    async with Redis.from_url(night.bar.status()["redis"]) as redis:
        async for key in redis.scan_iter("room:*:positions", count=1000):
            held: Any = await redis.xrange(key)
            if any(user.bytes in value for _, fields in held for value in fields.values()):
                yield key


async def moderators_still_read(night: Night, words: str) -> None:
    """What is sealed for an open case is the case's, whoever leaves."""
    assert night.bar.virtubar("role", "grant", f"{FRIENDLY}@example.com", "moderator").returncode == 0
    async with night.guest(f"{FRIENDLY}@example.com") as moderator:

        async def read() -> list[str]:
            queue = (await ask(moderator, "GET", "moderation/reports"))["items"]
            reports = [case["id"] for person in queue for case in person["cases"]]
            cases = [await ask(moderator, "GET", f"moderation/reports/{each}") for each in reports]
            documents = [case["sealed_evidence"]["document"] for case in cases]
            return [fact["told"].get("text", "") for each in documents if each for fact in each["facts"]]

        assert words in await read()


def agrees(night: Night) -> None:
    """Every event, every stream, and every table with what a rebuild makes of the log."""
    verdict = json.loads(night.bar.virtubar("verify", "--json").stdout)
    assert verdict["clean"], verdict["problems"]


async def test_the_scan_finds_what_is_planted_in_every_kind_of_place(night: Night) -> None:
    """The control of the rest: where the canary above had no business to be, it would have been seen."""
    word, status = f"planted-{uuid4().hex}", night.bar.status()
    assert await found(night.bar, [word]) == set()
    lake, log = night.bar.root / "lake" / "planted.parquet", night.bar.root / "logs" / "planted.log"
    pq.write_table(pa.table({"data": [f"it says {word}"]}), lake, compression="zstd")
    log.write_text(f"somebody called {word.upper()}")
    async with Redis.from_url(status["redis"]) as redis:
        await redis.xadd("room:planted:lane", {"text": word})
        async with AIOKafkaProducer(**Kafka.parse(status["kafka"]).options()) as producer:
            await producer.send_and_wait(dlq_of("rooms"), word.encode(), headers=[("dlq_reason", b"planted")])
        db = await asyncpg.connect(status["postgres"]["admin"])
        try:
            await db.execute("create table public.planted (bytes bytea)")
            await db.execute("insert into public.planted values ($1)", word.encode())
            places = await found(night.bar, [word])
        finally:
            await db.execute("drop table public.planted")
            await db.close()
            await redis.delete("room:planted:lane")
            lake.unlink()
            log.unlink()
    assert {place.split(":")[0] for place in places} == {
        "virtubar",
        "topic rooms.dlq",
        "lake lake",
        "file lake",  # in its statistics
        "file logs",
        "redis",
    }
