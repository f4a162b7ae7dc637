"""One of the cast: a guest who does as the story says, and remembers what was to be seen and heard."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any, TypeVar
from uuid import UUID

from cli.demo.evening import Evening, Floor
from cli.demo.facts import PATIENCE
from cli.demo.patience import persist
from cli.demo.walk import walk_from
from clients.python import Client, Visit
from clients.python.account import AskCode
from clients.python.events import Event, Over, Person, Snapshot
from clients.python.frames import Down

T = TypeVar("T")
SECONDS_A_MOVE = 0.2


class Regular:
    def __init__(self, name: str, client: Client, email: str, ask_code: AskCode, evening: Evening) -> None:
        self.name, self.client, self.email = name, client, email
        self.heard: list[Event] = []
        self.met: set[UUID] = set()  # whoever was named to them in a room
        self.slots: set[int] = set()  # whose moves they were shown, in the room they are in
        self.visit: Visit | None = None
        self._ask_code = ask_code
        self._evening = evening
        self._floor: Floor | None = None
        self._strolling: asyncio.Task[None] | None = None

    def __str__(self) -> str:
        return self.name

    @property
    def id(self) -> UUID:
        assert self.client.account.user_id
        return self.client.account.user_id

    @property
    def room(self) -> UUID:
        return self.here.room_id

    @property
    def here(self) -> Visit:
        assert self.visit, f"{self} is in no room"
        return self.visit

    async def sign_in(self) -> None:
        await self.try_to(self.sign_in_once)
        self._evening.names[self.id] = self.name

    async def sign_in_once(self) -> None:
        """Raises Refused, Unreachable."""
        await self.client.sign_in(self.email, self._ask_code)

    async def arrive(self, bio: str, interests: list[str], avatar: str) -> None:
        """Signed in, with a name that may get a suffix."""
        await self.sign_in()
        await self.client.people.change(display_name=self.name, bio=bio, interests=interests, avatar_id=avatar)

    async def walk_in(self, way: Callable[..., Awaitable[Visit]], *where: Any, **more: Any) -> Visit:
        """By `client.join`, `client.find` or `client.accept`; out of wherever they were before."""
        self.stand_up()
        self.slots.clear()
        self.visit = visit = await self.try_to(lambda: way(*where, on_event=self._notice, **more))
        self._floor = self._evening.comes_in(self.id, visit.room_id)
        self._strolling = asyncio.create_task(self._stroll(visit))
        return visit

    async def say(self, words: str) -> None:
        await self.try_to(lambda: self.here.chat(words, within=PATIENCE))
        self._evening.words += 1
        if self._floor:
            self._floor.said = words

    async def show(self, emote: str) -> None:
        await self.try_to(lambda: self.here.emote(emote, within=PATIENCE))

    async def leave(self) -> None:
        visit = self.here
        self.stand_up()
        await self.try_to(visit.leave)

    async def go_home(self) -> None:
        if self.visit and self.visit.over is None:
            await self.leave()
        await self.try_to(self.client.account.sign_out)

    def stand_up(self) -> None:
        """No longer of the room they were in, on the board."""
        if self._strolling:
            self._strolling.cancel()
        if self._floor:
            self._floor.guests -= 1
        self._strolling = self._floor = None

    def close(self) -> None:
        """Whatever happens."""
        self.stand_up()
        if self.visit:
            self.visit.close()

    async def try_to(self, step: Callable[[], Awaitable[T]]) -> T:
        return await persist(step, monotonic() + PATIENCE, self._evening.troubles)

    async def _stroll(self, visit: Visit) -> None:
        walk = walk_from(visit, random.Random(self.name))
        while visit.over is None:
            x, z, yaw = walk.step()
            self._evening.moves += visit.move(x, 0, z, yaw, moving=True)
            await asyncio.sleep(SECONDS_A_MOVE)

    def _notice(self, event: Event) -> None:
        if isinstance(event, Down):
            self.slots.update(record.slot for record in event.records)
            self._evening.seen += len(event.records)
            return
        self.heard.append(event)
        people = event.members if isinstance(event, Snapshot) else [event]
        self.met.update(user for each in people for user in named(each))
        if isinstance(event, Over):
            self.stand_up()


def named(said: Event | Person) -> list[UUID]:
    ids = [getattr(said, member, None) for member in ("user", "giver", "to", "sender")]
    return [each for each in ids if each]
