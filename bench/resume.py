"""`python -m bench.resume [--short]`: cut and resumed, again and again, while the room talks; then everybody at once.

Rooms of 50, in each of which one talks twice a second. Of the others eight at a time lose their socket without a word
and come back. Nobody may miss or hear twice what was said meanwhile.
"""

import asyncio
import random
import statistics
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress

from bench.rooms.command import run
from bench.rooms.guest import OurGuest
from bench.rooms.ours import Ours, Stores, ours
from bench.rooms.returning import Returning

PEOPLE, ROOMS, ROUNDS, AT_ONCE = 50, 20, 10_000, 8
PAUSE, SETTLE = 0.5, 2.0
GOAL_MS, BACK_GOAL = 300, 10.0
UNHURRIED = ("limit_chat_per_minute", "limit_chat_burst", "limit_hellos_per_minute", "limit_hellos_burst")


@asynccontextmanager
async def talking(talkers: Sequence[OurGuest], everybody: Sequence[Returning]) -> AsyncIterator[None]:
    async def talk() -> None:
        loop, n = asyncio.get_running_loop(), 0
        due = loop.time()
        while True:
            n += 1
            for guest in talkers:
                guest.say(t="chat", cid=f"c{n}", text=f"{n} bottles of beer on the wall")
            for one in everybody if n % 3 == 0 else ():  # whoever says nothing else pings
                if not one.guest.over.done():
                    one.guest.idle()
            due += PAUSE
            await asyncio.sleep(max(0.0, due - loop.time()))

    task = asyncio.create_task(talk())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def rounds(people: Sequence[Returning], count: int) -> list[float]:
    """Seconds each took; nobody is cut twice at a time."""
    dice, took = random.Random(1), list[float]()
    order = [one for _ in range(count // len(people) + 1) for one in dice.sample(people, len(people))]
    turns = iter(order[:count])

    async def cutter(mine: Iterator[Returning]) -> None:
        for one in mine:
            took.append(await one.resume())

    await asyncio.gather(*(cutter(turns) for _ in range(AT_ONCE)))
    return took


async def all_back(people: Sequence[Returning]) -> tuple[float, int]:
    """Seconds until the last is back after all were cut at once, and how many had an error on the way."""
    for one in people:
        one.guest.cut()
    await asyncio.gather(*(one.guest.over for one in people))
    began = time.perf_counter()
    came = await asyncio.gather(*(one.back() for one in people), return_exceptions=True)
    return time.perf_counter() - began, sum(isinstance(each, BaseException) for each in came)


def wrong(room: Sequence[Returning]) -> tuple[int, int]:
    """Chats that somebody never got, and that somebody got twice; those who were given a snapshot do not count."""
    said = set().union(*(one.heard for one in room))
    lost = sum(offset > one.since and offset not in one.heard for one in room for offset in said if not one.refused)
    return lost, sum(times > 1 for one in room for times in one.heard.values())


async def tried(bar: Ours, count: int, rooms: int) -> None:
    filled = [[guest for guest in room if isinstance(guest, OurGuest)] for room in await bar.fill(rooms, PEOPLE)]
    talkers = [room[0] for room in filled]
    listeners = [[Returning(guest) for guest in room[1:]] for room in filled]
    people = [one for room in listeners for one in room]
    async with talking(talkers, people):
        meter = bar.meter
        before, began = meter.read(), time.perf_counter()
        took = await rounds(people, count)
        wall, spent = time.perf_counter() - began, meter.read() - before
        not_resumed, sent_away = sum(one.refused for one in people), sum(one.sent_away for one in people)
        seconds, errors = await all_back(people)
    await asyncio.sleep(SETTLE)
    cuts = [1000 * cut for cut in statistics.quantiles(took, n=100)]
    lost, twice = (sum(each) for each in zip(*map(wrong, listeners), strict=True))
    print(
        f"{count} rounds, {len(took) / wall:.0f} a second: p50 {cuts[49]:.1f} ms   p99 {cuts[98]:.1f} ms"
        f"   longest {1000 * max(took):.0f} ms (goal: p99 <= {GOAL_MS} ms)"
        f"   CPU ms each: node {1000 * spent.server / count:.2f}, stores {1000 * spent.stores / count:.2f}"
    )
    print(
        f"not resumed {not_resumed}, told to try again {sent_away}; chats lost {lost}, heard twice {twice} (goals: 0)"
    )
    print(
        f"{len(people)} cut at once: all back after {seconds:.1f} s, {errors} errors (goal: <= {BACK_GOAL:.0f} s, none)"
    )
    for guest in (*talkers, *(one.guest for one in people)):
        guest.cut()


async def measure(where: Stores, short: bool) -> None:
    async with ours(where, dict.fromkeys(UNHURRIED, 100_000)) as mine:
        await tried(mine, *((200, 2) if short else (ROUNDS, ROOMS)))


if __name__ == "__main__":
    run(measure)
