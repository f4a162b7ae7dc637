"""`python -m bench.silence [--short]`: somebody says no more, their socket stays open; when do the others see it?

Half of every room of 50 fall silent, each in their own moment, as behind a cable that was pulled. From the last frame
that one of them sent to `away` at each of the others, who go on walking.
"""

import asyncio
import random
import statistics
import time
from functools import partial
from typing import Any

from bench.rooms.command import run
from bench.rooms.evening import walking
from bench.rooms.guest import OurGuest
from bench.rooms.ours import Stores, ours

PEOPLE, ROOMS, OVER, GOAL, PATIENCE = 50, 8, 10.0, 6.0, 15.0


class Watched:
    """One room: when each of the silent was last heard of, and how long that took to be noticed by each other."""

    def __init__(self, guests: list[OurGuest], silent: int) -> None:
        self.silent = {str(guest.user): guest for guest in guests[:silent]}
        self.others = guests[silent:]
        self.since: dict[str, float] = {}
        self.took: list[float] = []
        for guest in self.others:
            guest.on_told = self.hear

    def hear(self, message: dict[str, Any]) -> None:
        if message["t"] == "away" and (since := self.since.get(message["user"])) is not None:
            self.took.append(time.perf_counter() - since)

    def hush(self, user: str) -> None:
        """Say one last thing."""
        self.silent[user].idle()
        self.since[user] = time.perf_counter()


async def measure(where: Stores, short: bool) -> None:
    rooms, over = (2, 1.0) if short else (ROOMS, OVER)
    dice = random.Random(1)
    async with ours(where) as mine:
        filled = [[guest for guest in room if isinstance(guest, OurGuest)] for room in await mine.fill(rooms, PEOPLE)]
        watched = [Watched(room, PEOPLE // 2) for room in filled]
        loop = asyncio.get_running_loop()
        async with walking([guest for room in watched for guest in room.others]):
            for room in watched:
                for user in room.silent:
                    loop.call_later(dice.uniform(0, over), partial(room.hush, user))
            await asyncio.sleep(over + PATIENCE / (2 if short else 1))
        expected = sum(len(room.silent) * len(room.others) for room in watched)
        took = [each for room in watched for each in room.took]
        for guest in (guest for room in filled for guest in room):
            guest.cut()
    cuts = statistics.quantiles(took, n=1000)
    print(
        f"silent cut to `away`: {len(took)} of {expected} seen   p50 {cuts[499]:.2f} s   p99.9 {cuts[998]:.2f} s"
        f"   longest {max(took):.2f} s (goal: p99.9 <= {GOAL:.0f} s)"
    )


if __name__ == "__main__":
    run(measure)
