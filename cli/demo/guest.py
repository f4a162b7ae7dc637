"""One guest: signs in, visits rooms, walks about, says a word now and then, goes home. Comes back after any trouble."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any

from cli.demo.deeds import Deeds
from cli.demo.evening import Evening, Floor
from cli.demo.patience import persist
from cli.demo.walk import walk_from
from clients.python import Client, Visit
from clients.python.account import AskCode
from clients.python.events import Event
from clients.python.frames import Down

MOVES_A_SECOND = 10
SECONDS_BETWEEN_WORDS = 6.0  # on average
SECONDS_BETWEEN_DEEDS = 5.0  # on average
INTERESTS = (
    "music-jazz",
    "football",
    "coding",
    "travel",
    "dance",
    "cocktails",
    "film",
    "karaoke",
    "tea",
    "board-games",
)
AVATARS = ("ace", "bao", "dex", "finn", "gigi", "hugo", "otis", "pixel")
WORDS = (
    "cheers!",
    "is this seat taken?",
    "what a night",
    "same again, please",
    "who picks the music?",
    "that was never offside",
    "one more song",
    "see you at the bar",
    "nice hat",
    "I will stay for one more",
)


class Guest:
    """`ask_code` reads this guest's mail; `evening` is told what happens; `visit_length`: (least, most) seconds."""

    def __init__(
        self,
        name: str,
        client: Client,
        email: str,
        ask_code: AskCode,
        evening: Evening,
        deeds: Deeds,
        luck: random.Random,
        visit_length: tuple[float, float],
    ) -> None:
        self._name = name
        self._client = client
        self._email = email
        self._ask_code = ask_code
        self._evening = evening
        self._deeds = deeds
        self._luck = luck
        self._visit_length = visit_length

    async def spend(self, until: Callable[[], float], patience: float) -> None:
        """The evening, until that time of the monotonic clock. What fails is tried again, `patience` seconds longer."""
        await self._persist(self._sign_in, until() + patience)
        self._evening.signed_in += 1
        while monotonic() < until() - 1:
            leave_at = min(until(), monotonic() + self._luck.uniform(*self._visit_length))
            await self._persist(lambda: self._visit(leave_at, until), until() + patience)  # noqa: B023  awaited here
        await self._persist(self._client.account.sign_out, until() + patience)
        self._evening.gone += 1

    async def _persist(self, step: Callable[[], Awaitable[Any]], deadline: float) -> None:
        await persist(step, deadline, self._evening.troubles)

    async def _sign_in(self) -> None:
        user = await self._client.sign_in(self._email, self._ask_code)
        await self._client.people.change(
            display_name=self._name,
            interests=self._luck.sample(INTERESTS, 3),
            avatar_id=self._luck.choice(AVATARS),
        )
        self._evening.names[user] = self._name

    async def _visit(self, leave_at: float, until: Callable[[], float]) -> None:
        if monotonic() >= leave_at:
            return
        visit = await self._walk_in()
        floor = self._evening.comes_in(self._client.account.user_id, visit.room_id)
        try:
            await self._walk_about(visit, floor, lambda: min(leave_at, until()))
            await visit.leave()
        finally:
            floor.guests -= 1
            visit.close()

    async def _walk_in(self) -> Visit:
        """Half of them leave the choice to the bar."""
        if self._luck.random() < 0.5:
            return await self._client.find(on_event=self._notice)
        public = [floor.room_id for floor in self._evening.floors.values() if floor.is_public]
        return await self._client.join(self._luck.choice(public), on_event=self._notice)

    async def _walk_about(self, visit: Visit, floor: Floor, leave_at: Callable[[], float]) -> None:
        walk = walk_from(visit, self._luck)
        while monotonic() < leave_at() and visit.over is None:
            x, z, yaw = walk.step()
            self._evening.moves += visit.move(x, 0, z, yaw, moving=True)
            if self._luck.random() < 1 / (MOVES_A_SECOND * SECONDS_BETWEEN_WORDS):
                await self._say(visit, floor)
            if self._luck.random() < 1 / (MOVES_A_SECOND * SECONDS_BETWEEN_DEEDS):
                await self._deeds.one(visit)
            await asyncio.sleep(1 / MOVES_A_SECOND)

    async def _say(self, visit: Visit, floor: Floor) -> None:
        words = self._luck.choice(WORDS)
        await visit.chat(words)
        floor.said = words
        self._evening.words += 1

    def _notice(self, event: Event) -> None:
        if isinstance(event, Down):
            self._evening.seen += len(event.records)
