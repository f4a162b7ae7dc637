"""What a guest does besides walking and talking: a little of everything that people do to each other."""

import random
from collections.abc import Awaitable, Callable
from typing import Final
from uuid import UUID

from cli.demo.evening import Evening
from clients.python import Client, Visit
from clients.python.counter import Item
from clients.python.problems import Refused

EMOTES: Final = ("wave", "dance", "cheer", "laugh", "toast", "thumbs-up", "applaud")
YES: Final = 0.75  # how often one says so to somebody who would like to be friends
Deed = Callable[[Visit, UUID], Awaitable[None]]


class Deeds:
    """`menu`: the drinks there are. A no of the bar is part of life: a wallet is empty, a card is taken."""

    def __init__(self, name: str, client: Client, evening: Evening, menu: list[Item], luck: random.Random) -> None:
        self._name, self._client = name, client
        self._evening = evening
        self._menu = menu
        self._luck = luck
        self._deeds: list[Deed] = [self._look, self._befriend, self._give, self._drink, self._emote, self._ignore]

    async def one(self, visit: Visit) -> None:
        """Something, to somebody who is here. Raises Closed, Unreachable."""
        me = self._client.account.user_id
        others = [user for user in visit.roster.people if user != me and user in self._evening.names]
        if not others:
            return
        try:
            await self._luck.choice(self._deeds)(visit, self._luck.choice(others))
        except Refused as no:
            self._evening.troubles[no.slug] += 1

    async def _look(self, visit: Visit, other: UUID) -> None:
        await self._client.people.open(other)
        self._tell(f"{self._name} looks at {self._called(other)}'s profile")

    async def _befriend(self, visit: Visit, other: UUID) -> None:
        """Whoever asks first gets an answer first."""
        async for asking in self._client.people.friends("pending"):
            if asking.direction == "incoming" and asking.user_id in self._evening.names:
                await self._answer(asking.user_id)
                return
        status = await self._client.people.befriend(other)
        said = "and {} are friends now" if status == "accepted" else "would like to be friends with {}"
        self._tell(f"{self._name} {said.format(self._called(other))}")

    async def _answer(self, asking: UUID) -> None:
        if self._luck.random() < YES:
            await self._client.people.befriend(asking)
            self._tell(f"{self._name} and {self._called(asking)} are friends now")
        else:
            await self._client.people.unfriend(asking)
            self._tell(f"{self._name} would rather not be {self._called(asking)}'s friend")

    async def _give(self, visit: Visit, other: UUID) -> None:
        drink = self._luck.choice(self._menu)
        await self._client.counter.give(drink, other)
        self._tell(f"{self._name} buys {self._called(other)} {_a(drink.name)}")

    async def _drink(self, visit: Visit, other: UUID) -> None:
        drink = self._luck.choice(self._menu)
        await self._client.counter.buy(drink)
        self._tell(f"{self._name} has {_a(drink.name)}")

    async def _emote(self, visit: Visit, other: UUID) -> None:
        await visit.emote(self._luck.choice(EMOTES))

    async def _ignore(self, visit: Visit, other: UUID) -> None:
        await self._client.people.mute(other)
        self._tell(f"{self._name} would rather not hear {self._called(other)}")

    def _called(self, user: UUID) -> str:
        return self._evening.names[user]

    def _tell(self, words: str) -> None:
        self._evening.tell(words)


def _a(thing: str) -> str:
    return f"{'an' if thing[0] in 'AEIOU' else 'a'} {thing}"
