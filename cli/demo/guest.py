"""One guest: signs in, visits rooms, walks about, says a word now and then, goes home. Comes back after any trouble."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from time import monotonic

from cli.demo.evening import Evening, Floor
from cli.demo.walk import Walk
from clients.python import Client, ClientError, Visit
from clients.python.account import AskCode
from clients.python.events import Event
from clients.python.frames import Down

MOVES_A_SECOND = 10
SECONDS_BETWEEN_WORDS = 6.0  # on average
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
        client: Client,
        email: str,
        ask_code: AskCode,
        evening: Evening,
        luck: random.Random,
        visit_length: tuple[float, float],
    ) -> None:
        self._client = client
        self._email = email
        self._ask_code = ask_code
        self._evening = evening
        self._luck = luck
        self._visit_length = visit_length

    async def spend(self, until: float, patience: float) -> None:
        """The evening, until that time of the monotonic clock. What fails is tried again, `patience` seconds longer."""
        await self._persist(self._sign_in, until + patience)
        self._evening.signed_in += 1
        while monotonic() < until - 1:
            floor = self._luck.choice(list(self._evening.floors.values()))
            leave_at = min(until, monotonic() + self._luck.uniform(*self._visit_length))
            await self._persist(lambda: self._visit(floor, leave_at), until + patience)  # noqa: B023  awaited here
        await self._persist(self._client.account.sign_out, until + patience)
        self._evening.gone += 1

    async def _persist(self, step: Callable[[], Awaitable[None]], deadline: float) -> None:
        while True:
            try:
                return await step()
            except (ClientError, TimeoutError) as trouble:
                self._evening.troubles[getattr(trouble, "slug", type(trouble).__name__)] += 1
                if monotonic() > deadline:
                    raise
                await asyncio.sleep(self._luck.uniform(0.2, 1.0))

    async def _sign_in(self) -> None:
        await self._client.sign_in(self._email, self._ask_code)

    async def _visit(self, floor: Floor, leave_at: float) -> None:
        if monotonic() >= leave_at:
            return
        visit = await self._client.join(floor.room_id, on_event=self._notice)
        floor.guests += 1
        try:
            await self._walk_about(visit, floor, leave_at)
            await visit.leave()
        finally:
            floor.guests -= 1
            visit.close()

    async def _walk_about(self, visit: Visit, floor: Floor, leave_at: float) -> None:
        walk = self._from_where_i_stand(visit)
        while monotonic() < leave_at and visit.over is None:
            x, z, yaw = walk.step()
            self._evening.moves += visit.move(x, 0, z, yaw, moving=True)
            if self._luck.random() < 1 / (MOVES_A_SECOND * SECONDS_BETWEEN_WORDS):
                await self._say(visit, floor)
            await asyncio.sleep(1 / MOVES_A_SECOND)

    def _from_where_i_stand(self, visit: Visit) -> Walk:
        assert visit.welcome
        assert self._client.account.user_id
        size, me = visit.welcome.floor, visit.roster.people.get(self._client.account.user_id)
        x, z = (me.x, me.z) if me else (size.x // 2, size.z // 2)
        return Walk(x, z, size.x, size.z, self._luck)

    async def _say(self, visit: Visit, floor: Floor) -> None:
        words = self._luck.choice(WORDS)
        await visit.chat(words)
        floor.said = words
        self._evening.words += 1

    def _notice(self, event: Event) -> None:
        if isinstance(event, Down):
            self._evening.seen += len(event.records)
