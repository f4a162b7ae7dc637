"""A whole bar with two nodes, one of them told to stop, then one killed, while people talk: nobody misses a word."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from uuid import UUID

import pytest

from cli.demo.post import code_reader
from clients.python import Client
from clients.python.events import Event, Over, Reconnecting, Said, Welcome
from clients.python.problems import ClientError
from clients.python.visit import Visit
from deploy.native.native import Native
from libs.chassis.postgres import connect
from tests.faults.load import LONG
from tests.stack import OpenBar, open_bar
from tests.waiting import until

GUESTS = 24 if LONG else 8
OWNER = "select owner_node from room_guards where room_id = $1"
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def bar_of_two() -> Iterator[OpenBar]:
    with open_bar("--nodes", "2", VIRTUBAR_SPLIT="1") as bar:
        yield bar


class Person:
    """A guest who keeps what they hear."""

    def __init__(self, visit: Visit, heard: list[Event]) -> None:
        self.visit, self.heard = visit, heard

    @property
    def codes(self) -> list[int]:
        """Of every socket that went away."""
        return [event.code for event in self.heard if isinstance(event, Reconnecting | Over)]

    @property
    def words(self) -> list[str]:
        return [event.text for event in self.heard if isinstance(event, Said)]

    @property
    def resumed(self) -> list[bool]:
        return [event.resumed for event in self.heard if isinstance(event, Welcome)][1:]


@asynccontextmanager
async def evening(bar: OpenBar, party: str) -> AsyncIterator[tuple[UUID, list[Person]]]:
    """People in one room."""
    native = Native.opened(bar.root)
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(Client(native.gateway_url)) for _ in range(GUESTS)]
        for number, client in enumerate(clients):
            await client.sign_in(f"{party}-{number}@example.com", code_reader(native.mailbox))
        room = (await clients[0].rooms())[0].id
        people = []
        for client in clients:
            heard: list[Event] = []
            people.append(Person(await client.join(room, on_event=heard.append, watch=False), heard))
        yield UUID(str(room)), people
        for person in people:
            person.visit.close()


@asynccontextmanager
async def talking(people: Sequence[Person]) -> AsyncIterator[list[str]]:
    """Three of them say numbered words all the time; what is yielded are those that were acknowledged."""
    said: list[str] = []

    async def talk(who: int) -> None:
        number = 0
        while True:
            number += 1
            with suppress(ClientError, TimeoutError):
                await people[who].visit.chat(f"{who}: {number}", within=30)
                said.append(f"{who}: {number}")
            await asyncio.sleep(0.5)  # chat has a limit

    tasks = [asyncio.create_task(talk(who)) for who in range(3)]
    try:
        yield said
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def owner_of(bar: OpenBar, room: UUID) -> str:
    async with await connect(Native.opened(bar.root).database_url("rooms"), "rooms", size=1) as pool:
        return str(await pool.fetchval(OWNER, room))


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
async def test_a_node_goes_and_its_people_talk_on_elsewhere(bar_of_two: OpenBar, how: signal.Signals) -> None:
    async with evening(bar_of_two, how.name.lower()) as (room, people):
        node = await owner_of(bar_of_two, room)
        async with talking(people) as said:
            await until(lambda: len(said) > 6)
            os.kill(bar_of_two.process(node)["pid"], how)
            await until(lambda: all(person.resumed for person in people), within=60)
            more = len(said) + 6
            await until(lambda: len(said) > more)
        last = await people[0].visit.chat("the last word")
        await until(lambda: all("the last word" in person.words for person in people))
        assert last.offset
        assert {code for person in people for code in person.codes} <= {1001, 1006}
        unbroken = [person for person in people if all(person.resumed)]
        if how is signal.SIGTERM:
            assert len(unbroken) == GUESTS, "what it had told was all written"
        for person in unbroken:
            assert [word for word in said if word not in person.words] == [], "nothing lost"
        for person in people:
            assert len(person.words) == len(set(person.words)), "nothing said twice"
    await until(lambda: all(entry["ready"] for entry in bar_of_two.status()["services"]), within=120, every=0.2)
