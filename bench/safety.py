"""`python -m bench.safety`: from a block to nobody seeing the other, and from a suspension to a closed socket.

A whole bar, 500 people in one room, 20 of them walking. One after the other, people block each other and are
suspended by a moderator, through the gateway. Each is counted from the time the event carries, which is before its
commit, until the client has read the frame. Beside it, in the same run: how old the same events are when a bare
consumer has them.
Goals: p99 <= 500 ms and <= 1 s.
"""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx2

from bench.crowd import Guest, signed_in
from clients.python import Client, Visit
from clients.python.events import Event, Left, Over
from deploy.native.native import Native
from libs.chassis.kafka import Kafka, partitions_of
from tests.accounts import Mailbox, sign_in
from tests.stack import OpenBar, open_bar
from tests.waiting import until

PEOPLE, WALKING, BLOCKS, SUSPENSIONS, AT_ONCE = 500, 20, 100, 100, 16
STEP, PAUSE = 1 / 15, 0.1  # seconds between two steps of a walker, and between two blocks or suspensions
INVISIBLE_GOAL, CLOSED_GOAL = 0.5, 1.0
TOPICS = ("block_user", "sanction_user")
BLOCKED = """
select (data->>'blocker_user_id')::uuid as one, (data->>'blocked_user_id')::uuid as other, recorded_at
from social.events where name = 'block_user'
"""
SUSPENDED = "select subject, recorded_at from moderation.events where name = 'sanction_user'"


@dataclass
class Seen:
    """When, by the wall clock, a client read that somebody was gone, and that its own visit was over."""

    gone: dict[tuple[UUID, UUID], float] = field(default_factory=dict)  # (viewer, who)
    over: dict[UUID, float] = field(default_factory=dict)

    def hear(self, viewer: UUID, event: Event) -> None:
        match event:
            case Left(user=user):
                self.gone.setdefault((viewer, user), time.time())
            case Over():
                self.over.setdefault(viewer, time.time())


async def seated(http: httpx2.AsyncClient, native: Native, guests: Sequence[Guest], seen: Seen) -> list[Visit]:
    """Everybody in one room."""
    plan = {"name": "Bench", "theme": "dance", "is_private": False, "capacity": 1000, "region": "eu"}
    made = await http.post("/v1/rooms", json=plan, headers=headers(guests[0].token))
    made.raise_for_status()
    turns = asyncio.Semaphore(AT_ONCE)

    async def walk_in(guest: Guest) -> Visit:
        client, user = Client(native.gateway_url, http=http), UUID(guest.user_id)
        client.account.use(guest.token, user)
        async with turns:
            return await client.join(made.json()["id"], on_event=partial(seen.hear, user), watch=False)

    return await asyncio.gather(*map(walk_in, guests))


async def walk(visit: Visit) -> None:
    """Up and down, for ever."""
    me = visit.roster.me
    assert me
    x, z = me.x, me.z
    while True:
        for dx in (*range(0, 400, 20), *range(400, 0, -20)):
            visit.move(x + dx, 0, z, moving=True)
            await asyncio.sleep(STEP)


async def moderator(bar: OpenBar, native: Native, http: httpx2.AsyncClient) -> str:
    """Somebody's token, with the role."""
    email, mail = "moderator@bench.example", Mailbox(native.mailbox, 0)
    await sign_in(http, mail, email)
    granted = await asyncio.to_thread(bar.virtubar, "role", "grant", email, "moderator")
    assert granted.returncode == 0, granted.stderr
    token: str = (await sign_in(http, mail, email))["access_token"]
    return token


@asynccontextmanager
async def bare_consumer(native: Native) -> AsyncIterator[list[float]]:
    """The ages, in seconds, at which a consumer that does nothing else has the events."""
    kafka, ages = Kafka.parse(native.kafka_url("rooms")), list[float]()
    async with kafka.reading() as consumer:
        partitions = await partitions_of(kafka, TOPICS)
        consumer.assign(partitions)
        await consumer.seek_to_end(*partitions)

        async def read() -> None:
            async for record in consumer:
                told = dict(record.headers)["ce_time"].decode()
                ages.append(time.time() - datetime.fromisoformat(told).timestamp())

        reading = asyncio.create_task(read())
        yield ages
        reading.cancel()


async def blocks(http: httpx2.AsyncClient, guests: Sequence[Guest]) -> None:
    """Neighbours fall out."""
    for one, other in zip(guests[::2], guests[1::2], strict=True):
        (await http.put(f"/v1/blocks/{other.user_id}", headers=headers(one.token))).raise_for_status()
        await asyncio.sleep(PAUSE)


async def suspensions(http: httpx2.AsyncClient, guests: Sequence[Guest], judge: str) -> None:
    for guest in guests:
        order = {"user_id": guest.user_id, "kind": "suspend", "seconds": 3600, "reason_code": "spam", "statement": "-"}
        key = {"idempotency-key": str(uuid4())}
        (await http.post("/v1/moderation/sanctions", json=order, headers=headers(judge) | key)).raise_for_status()
        await asyncio.sleep(PAUSE)


async def measure(bar: OpenBar) -> None:
    native, seen = Native.opened(bar.root), Seen()
    guests = await signed_in(native, PEOPLE)
    falling_out, suspended = guests[: 2 * BLOCKS], guests[2 * BLOCKS : 2 * BLOCKS + SUSPENSIONS]
    async with httpx2.AsyncClient(base_url=native.gateway_url, timeout=30) as http:
        judge = await moderator(bar, native, http)
        visits = await seated(http, native, guests, seen)
        walkers = [asyncio.create_task(walk(visit)) for visit in visits[-WALKING:]]
        async with bare_consumer(native) as ages:
            await blocks(http, falling_out)
            await suspensions(http, suspended, judge)
            await until(lambda: len(seen.over) >= SUSPENSIONS and len(ages) >= BLOCKS + SUSPENSIONS, 60)
        for task in walkers:
            task.cancel()
        for visit in visits:
            visit.close()
    invisible, closed = await counted(native, seen)
    print(f"{PEOPLE} people in one room, {WALKING} of them walking; {BLOCKS} blocks, {SUSPENSIONS} suspensions")
    print(row("block to invisible, for both", invisible, f"goal: p99 <= {INVISIBLE_GOAL * 1000:.0f} ms"))
    print(row("suspension to closed socket", closed, f"goal: p99 <= {CLOSED_GOAL * 1000:.0f} ms"))
    print(row("relay to a bare consumer", ages, "the same events"))


async def counted(native: Native, seen: Seen) -> tuple[list[float], list[float]]:
    """Seconds each, from the time the event carries."""
    db = await asyncpg.connect(native.postgres.admin_url)
    try:
        fallen_out, banned = await db.fetch(BLOCKED), await db.fetch(SUSPENDED)
    finally:
        await db.close()
    invisible = [
        max(seen.gone[row["one"], row["other"]], seen.gone[row["other"], row["one"]]) - row["recorded_at"].timestamp()
        for row in fallen_out
    ]
    return invisible, [seen.over[row["subject"]] - row["recorded_at"].timestamp() for row in banned]


def headers(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def row(name: str, ages: Sequence[float], goal: Any) -> str:
    cuts = [1000 * cut for cut in statistics.quantiles(ages, n=100)]
    return f"{name:28} p50 {cuts[49]:6.0f} ms   p99 {cuts[98]:6.0f} ms   longest {1000 * max(ages):6.0f} ms   {goal}"


def main() -> None:
    with open_bar() as bar:
        asyncio.run(measure(bar))


if __name__ == "__main__":
    main()
