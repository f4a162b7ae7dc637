"""People who are gone without a word: clients that stop, cables that are cut. Out of view soon, and no ghost stays."""

import asyncio
import json
import random
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any
from uuid import UUID, uuid4

import pytest

from clients.python import Visit
from clients.python.problems import ClientError
from tests.faults.load import LONG
from tests.rooms.checker import checked
from tests.rooms.realtime.bar import Bar, Raw, now, raw
from tests.rooms.realtime.proxy import Proxy, proxy_of
from tests.waiting import until

SOAK = 1200.0 if LONG else 6.0  # seconds
CHURNERS = 12
AWAY = 1.0  # seconds; five in production
GRACE = 5.0  # for a busy machine: people in view longer than this after they are due to go are ghosts
SEATED = "select user_id from seats where room_id = $1"
NO_WATCH: dict[str, Any] = {"away_seconds": 3600, "silence_seconds": 3600, "beat_seconds": 3600}
pytestmark = pytest.mark.timeout(2400 if LONG else 120)


@asynccontextmanager
async def guests(seats: list[dict[str, Any]]) -> AsyncIterator[asyncio.subprocess.Process]:
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.rooms.realtime.guests", stdin=PIPE, stdout=PIPE
    )
    assert started.stdin
    assert started.stdout
    try:
        started.stdin.write(json.dumps(seats).encode() + b"\n")
        assert await started.stdout.readline() == b"in\n"
        yield started
    finally:
        started.kill()
        await started.wait()


async def test_clients_that_are_stopped_are_out_of_view_and_back_when_they_go_on(bar: Bar) -> None:
    room = await bar.house.room()
    witness = await bar.join(room)
    people = [uuid4() for _ in range(5)]
    async with guests([await bar.ticket(room, user) for user in people]) as process:
        await until(lambda: in_view(witness) == set(people))
        process.send_signal(signal.SIGSTOP)
        await until(lambda: in_view(witness) == set(), within=AWAY + GRACE)
        process.send_signal(signal.SIGCONT)
        await until(lambda: in_view(witness) == set(people))
    await until(lambda: in_view(witness) == set(), within=GRACE)  # killed: their sockets closed


async def test_a_cable_that_is_cut_is_noticed_though_neither_side_hears_of_it(bar: Bar) -> None:
    room = await bar.house.room()
    witness = await bar.join(room)
    user = uuid4()
    seat = await bar.ticket(room, user)
    async with proxy_of(seat["ws_url"]) as proxy, raw(proxy.url(seat["ws_url"])) as guest:
        await guest.hello(seat["ticket"])
        talking = asyncio.create_task(go_on_talking(guest))
        await asyncio.sleep(2 * AWAY)  # not a wait for something: nothing is to happen
        assert in_view(witness) == {user}
        proxy.swallow()
        await until(lambda: in_view(witness) == set(), within=AWAY + GRACE)
        assert not talking.done()
        talking.cancel()


async def go_on_talking(guest: Raw) -> None:
    """As a client does that has not noticed anything."""
    while True:
        await guest.send(t="ping", n=1)
        await asyncio.sleep(0.2)


async def through(bar: Bar, proxy: Proxy, room: UUID, user: UUID, seat: dict[str, Any], **options: Any) -> Visit:
    account = bar.client(user).account
    visit = Visit(account, room, on_event=bar.heard.setdefault(user, []).append, **options)
    bar.closing.callback(visit.close)
    await visit.open(proxy.url(seat["ws_url"]), seat["ticket"])
    return visit


def in_view(witness: Visit) -> set[UUID]:
    me = witness._account.user_id
    return {user for user, person in witness.roster.people.items() if not person.away and user != me}


@dataclass
class Evening:
    """Churn, and what witnesses saw of it. `gone`: when each last guest went silent, by our own clock."""

    bar: Bar
    room: UUID
    proxy: Proxy
    witnesses: list[Visit]
    dice: random.Random = field(default_factory=lambda: random.Random(9))
    gone: dict[UUID, float] = field(default_factory=dict)
    came: int = 0
    ghosts: set[UUID] = field(default_factory=set)

    async def churn(self, seconds: float) -> None:
        """Come, stay for a moment, go: by a leave, a closed socket, a cut one, a swallowed one."""
        until_then = monotonic() + seconds

        async def churner() -> None:
            while monotonic() < until_then:
                await self._guest()

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(churner()) for _ in range(CHURNERS)]
            while not all(task.done() for task in tasks):
                self.look()
                await asyncio.sleep(0.1)

    async def _guest(self) -> None:
        user = uuid4()
        try:
            seat = await self.bar.ticket(self.room, user)
            visit = await through(self.bar, self.proxy, self.room, user, seat, watch=False)
        except ClientError:
            self.gone[user] = monotonic()
            return
        self.came += 1
        await asyncio.sleep(self.dice.uniform(0.05, 1.0))
        way = self.dice.random()
        if way < 0.4:
            await visit.leave()
        elif way < 0.6:
            visit.close()
        elif way < 0.8:
            visit.cut()
            visit.close()
        else:
            self.proxy.swallow()  # everybody on this cable, who comes back or does not
            visit.close()
        self.gone[user] = monotonic()

    def look(self) -> None:
        """Whoever has gone and is still in somebody's view, long after they should not be, is a ghost."""
        late = monotonic() - AWAY - GRACE
        for witness in self.witnesses:
            self.ghosts |= {user for user in in_view(witness) if self.gone.get(user, late) < late}

    def is_haunted(self) -> bool:
        self.look()
        return bool(self.ghosts)

    async def at_rest(self) -> bool:
        """Every viewer's roster is the seats there are."""
        seated = {row["user_id"] for row in await self.bar.house.pool.fetch(SEATED, self.room)}
        rosters = [set(witness.roster.people) for witness in self.witnesses]
        assert all(roster == seated for roster in rosters), (rosters, seated)
        return seated == {self.bar.user(witness) for witness in self.witnesses}


async def evening(bar: Bar) -> Evening:
    room = await bar.house.room(200, region="me")
    witnesses = [await bar.join(room) for _ in range(3)]
    seat = await bar.ticket(room, bar.user(witnesses[0]))
    proxy = await bar.closing.enter_async_context(proxy_of(seat["ws_url"]))
    return Evening(bar, room, proxy, witnesses)


async def test_nobody_haunts_a_room_where_people_come_and_go_in_every_way(bar: Bar) -> None:
    await bar.node("watchful", node_region="me")
    party = await evening(bar)
    sweeping = asyncio.create_task(sweep(bar))
    await party.churn(SOAK)
    await until(party.at_rest, within=60)
    party.look()
    assert party.came > CHURNERS
    assert party.ghosts == set()
    assert (await checked(bar.house.pool)).clean
    sweeping.cancel()


async def test_where_nobody_watches_the_same_evening_leaves_ghosts(bar: Bar) -> None:
    await bar.node("careless", node_region="me", **NO_WATCH)
    party = await evening(bar)
    await party.churn(3.0)
    await until(party.is_haunted, within=30)
    with pytest.raises(AssertionError):
        await until(party.at_rest, within=2)


async def sweep(bar: Bar) -> None:
    while True:
        bar.house.now = now()
        await bar.house.sweeper().sweep()
        await asyncio.sleep(0.2)
