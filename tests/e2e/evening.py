"""A night of three: Dana has a table of her own, Robin is her friend, Sam comes alone and falls silent."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID, uuid4

from clients.python import Client, Refused, Visit
from clients.python.counter import Bought, Item
from clients.python.events import Event, Joined, Said
from clients.python.hosting import Room
from clients.python.safety import Filed
from clients.python.wire import Wire
from tests.e2e.conftest import Night
from tests.waiting import until

T = TypeVar("T")
WITHIN = 60  # seconds
STORY = 1.2  # seconds


def id_of(client: Client) -> UUID:
    assert client.account.user_id
    return client.account.user_id


async def lounge(client: Client) -> UUID:
    return next(room.id for room in await client.rooms(theme="lounge"))


async def once_known(step: Callable[[], Awaitable[T]]) -> T:
    """Ask until those who have to have heard of everybody."""
    answers: list[T] = []

    async def answered() -> bool:
        try:
            answers.append(await step())
        except Refused as no:
            if no.status != 404:
                raise
        return bool(answers)

    await until(answered, within=WITHIN, every=0.1)
    return answers[0]


@dataclass(frozen=True)
class Silent:
    """A seat whose socket never says a word after its hello."""

    visit: UUID
    room: UUID
    wire: Wire


@dataclass
class Evening:
    """What is made in the course of it is there once its step was taken."""

    dana: Client
    robin: Client
    sam: Client
    heard: list[Event] = field(default_factory=list)  # by Dana
    bought: list[Bought] = field(default_factory=list)  # for Dana, for Robin
    table: Room = field(init=False)
    hers: Visit = field(init=False)
    his: Visit = field(init=False)
    silent: Silent = field(init=False)
    item: Item = field(init=False)
    report: Filed = field(init=False)

    @property
    def people(self) -> dict[str, Client]:
        return {"dana": self.dana, "robin": self.robin, "sam": self.sam}

    @property
    def ids(self) -> list[UUID]:
        return [id_of(client) for client in self.people.values()]

    async def shops(self) -> None:
        """Something new is on the menu; Dana has one, and Robin too, by her."""
        counter = self.dana.counter
        self.item = item = await counter.enlist(
            f"drink-{uuid4().hex[:8]}", "drink", "A Quiet Word", 450, colour="amber"
        )
        self.bought.append(await once_known(lambda: counter.buy(item)))
        self.bought.append(await once_known(lambda: counter.give(item, id_of(self.robin))))

    async def sit_down(self) -> None:
        """Dana at her own table, Robin by invite; they talk and see each other move."""
        self.table = table = await self.dana.hosting.open("The Corner", "lounge", private=True, capacity=4)
        self.hers = await self.dana.join(table.id, on_event=self.heard.append)
        robin = id_of(self.robin)
        invite = await once_known(lambda: self.dana.hosting.invite(table.id, robin))
        self.his = await self.robin.accept(invite.token)
        await until(lambda: any(isinstance(event, Joined) for event in self.heard))
        await self.his.chat("cheers!")
        await until(lambda: [event.text for event in self.heard if isinstance(event, Said)] == ["cheers!"])
        me = self.his.roster.people[robin]
        there = me.x + 20
        self.his.move(there, 0, me.z)
        await until(lambda: self.hers.roster.people[robin].x == there)

    async def sam_comes(self) -> None:
        """Wherever the bar has a place for him."""
        wish = {"device_type": "vr", "theme": "dance"}
        held = (await self.sam.account.request("POST", "/v1/matchmaking/join", json=wish)).json()
        said: list[Any] = []
        wire = await Wire.open(
            held["ws_url"], lambda text: said.append(json.loads(text)), lambda _: None, lambda _: None
        )
        wire.send(json.dumps({"t": "hello", "ticket": held["ticket"]}))
        await until(lambda: any(each["t"] == "welcome" for each in said), within=WITHIN)
        self.silent = Silent(UUID(held["visit_id"]), UUID(held["room"]["id"]), wire)

    async def fall_out(self) -> None:
        sam = id_of(self.sam)
        await once_known(lambda: self.dana.people.mute(sam))
        await once_known(lambda: self.robin.people.block(sam))
        says = "He says nothing at all."
        self.report = await once_known(lambda: self.dana.safety.report(sam, "spam", says, room=self.table.id))

    async def go_home(self) -> None:
        await self.hers.speak(True)
        await asyncio.sleep(STORY)  # which Dana tells
        await self.hers.speak(False)
        await self.his.leave()
        await self.hers.leave()
        await self.sam.account.request("POST", f"/v1/rooms/{self.silent.room}/leave")
        await self.robin.account.sign_out()


@asynccontextmanager
async def an_evening(night: Night) -> AsyncIterator[Evening]:
    """All three are signed in; Dana keeps the menu."""
    async with (
        night.guest("dana@example.com") as dana,
        night.guest("robin@example.com") as robin,
        night.guest("sam@example.com") as sam,
    ):
        assert night.bar.virtubar("role", "grant", "dana@example.com", "operator").returncode == 0
        await dana.account.renew()
        yield Evening(dana, robin, sam)
