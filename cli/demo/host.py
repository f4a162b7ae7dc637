"""Invites the guests, and keeps the board going until the last one is home."""

import asyncio
import random
import secrets
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Final

import httpx2

from cli.demo.deeds import Deeds
from cli.demo.evening import Evening, Floor
from cli.demo.facts import Facts, comes_true
from cli.demo.guest import Guest
from cli.demo.keys import Keys
from cli.demo.names import name_of
from cli.demo.post import code_reader
from cli.demo.pulse import Pulse
from cli.demo.regular import Regular
from cli.demo.scenes.stage import Stage
from cli.demo.story import Story
from cli.demo.uncaused import caused, missing
from clients.python import Client
from clients.python.counter import Item
from deploy.native.native import Native
from libs.contracts.catalogue import topics

ARRIVALS: Final = 0.25  # of the evening's length: by then everybody has come
PATIENCE: Final = 60.0  # seconds a guest goes on trying when something is down
NIGHTS_END: Final = 30.0  # seconds it may take until the last facts are told: a night ends a while after its last leave


class Host:
    """An evening of `length` seconds for `guests` people, and the regulars, at the bar of that folder."""

    def __init__(self, native: Native, guests: int, length: float) -> None:
        self._gateway = native.gateway_url
        self._ask_code = code_reader(native.mailbox)
        self._guests = guests
        self._keys = Keys(native)
        self._until = float("inf")
        self._working: asyncio.Task[None] | None = None
        self.length = length
        self.pulse = Pulse(native.kafka_admin_url, topics())
        self.evening = Evening({}, guests)
        self.facts = Facts()
        self.ended_early = False

    def last_orders(self) -> None:
        """Everybody goes home now, and in good order."""
        self.ended_early, self._until = True, 0.0
        self.evening.tell("last orders, please: everybody goes home", story=True)
        if self._working:
            self._working.cancel()

    async def hold(self, show: Callable[[float], None]) -> None:
        """The whole evening; `show(elapsed)` twice a second. Raises an ExceptionGroup if a guest had to give up."""
        party = secrets.token_hex(3)  # new guests every evening
        limits = httpx2.Limits(max_connections=64, max_keepalive_connections=64)
        async with httpx2.AsyncClient(base_url=self._gateway, timeout=15, limits=limits) as http:
            await self.pulse.start()
            try:
                menu = await self._open_doors(http, f"host-{party}@bar.example")
                await self._spend(http, party, menu, show)
            finally:
                await self.pulse.close()

    async def _spend(
        self, http: httpx2.AsyncClient, party: str, menu: list[Item], show: Callable[[float], None]
    ) -> None:
        begun = monotonic()
        self._until = min(self._until, begun + self.length)
        board = asyncio.create_task(self._keep_board(begun, show))
        try:
            async with asyncio.TaskGroup() as everybody:
                everybody.create_task(self._story(http, party, begun))
                for number in range(self._guests):
                    everybody.create_task(self._guest(http, party, number, begun, menu))
            await self._last_facts()
        finally:
            board.cancel()
            with suppress(asyncio.CancelledError):
                await board
        await self.pulse.look()
        show(monotonic() - begun)

    async def _open_doors(self, http: httpx2.AsyncClient, email: str) -> list[Item]:
        client = self._client(http)
        await client.sign_in(email, self._ask_code)
        for room in reversed(await client.rooms()):
            if room.created_by is None:
                self.evening.floors[room.id] = Floor(room.id, room.name or "", room.theme)
        menu = [item async for item in client.counter.menu("drink")]
        await client.account.sign_out()
        return menu

    def _client(self, http: httpx2.AsyncClient) -> Client:
        return Client(self._gateway, http=http, patience=PATIENCE)

    async def _story(self, http: httpx2.AsyncClient, party: str, begun: float) -> None:
        lounge = next(floor.room_id for floor in self.evening.floors.values() if floor.theme == "lounge")

        def stage(cast: dict[str, Regular]) -> Stage:
            return Stage(self.evening, self.facts, cast, party, lounge, begun, self.length)

        story = Story(lambda: self._client(http), party, self._ask_code, self.evening, self._keys)
        self._working = asyncio.create_task(story.unfold(stage))
        try:
            await self._working
        except asyncio.CancelledError:
            if not self.ended_early:
                raise

    async def _guest(self, http: httpx2.AsyncClient, party: str, number: int, begun: float, menu: list[Item]) -> None:
        await asyncio.sleep(max(0.0, min(self._until - begun, self.length * ARRIVALS * number / self._guests)))
        if self.ended_early:
            return
        client, email, luck = self._client(http), f"guest-{number}-{party}@bar.example", random.Random(number)
        name, stay = name_of(number), (self.length / 5, self.length / 2)
        deeds = Deeds(name, client, self.evening, menu, luck)
        guest = Guest(name, client, email, self._ask_code, self.evening, deeds, luck, stay)
        await guest.spend(lambda: self._until, PATIENCE)

    async def _last_facts(self) -> None:
        """What an evening is to cause has been told, the nights' lengths last."""
        if self.ended_early:
            return
        self.evening.tell("everybody is home; the nights end", story=True)
        nights, home = "session_duration", len(self.evening.visitors)

        def told() -> bool:
            return self.pulse.tonight[nights] >= home and not missing(self.pulse.tonight)

        await comes_true(told, NIGHTS_END)
        known, lacking = self.pulse.tonight[nights], missing(self.pulse.tonight)
        self.facts.note("everybody's night has an end and a length", known >= home, f"{known} nights")
        said = "all but " + ", ".join(lacking) if lacking else f"{len(caused())} kinds of event"
        self.facts.note("everything happened that can happen at the bar", not lacking, said)

    async def _keep_board(self, begun: float, show: Callable[[float], None]) -> None:
        while True:
            await self.pulse.look()
            show(monotonic() - begun)
            await asyncio.sleep(0.5)
