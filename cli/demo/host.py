"""Invites the guests, and keeps the board going until the last one is home."""

import asyncio
import random
import secrets
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from uuid import UUID

import httpx2

from cli.demo.evening import Evening, Floor
from cli.demo.guest import Guest
from cli.demo.post import code_reader
from cli.demo.pulse import Pulse
from clients.python import Client
from libs.contracts.catalogue import topics

ARRIVALS = 0.25  # of the evening's length: by then everybody has come
PATIENCE = 60.0  # seconds a guest goes on trying when something is down


class Host:
    """An evening of `length` seconds for `guests` people at the bar behind `gateway`."""

    def __init__(self, gateway: str, kafka_url: str, mailbox: Path, guests: int, length: float) -> None:
        self._gateway = gateway
        self._ask_code = code_reader(mailbox)
        self._guests = guests
        self.length = length
        self.pulse = Pulse(kafka_url, topics())
        self.evening = Evening({}, guests)

    async def hold(self, show: Callable[[float], None]) -> None:
        """The whole evening; `show(elapsed)` twice a second. Raises an ExceptionGroup if a guest had to give up."""
        party = secrets.token_hex(3)  # new guests every evening
        limits = httpx2.Limits(max_connections=64, max_keepalive_connections=64)
        async with httpx2.AsyncClient(base_url=self._gateway, timeout=15, limits=limits) as http:
            await self.pulse.start()
            try:
                await self._open_doors(http, f"host-{party}@bar.example")
                begun = monotonic()
                async with asyncio.TaskGroup() as guests:
                    board = guests.create_task(self._keep_board(begun, show))
                    await asyncio.gather(
                        *(guests.create_task(self._guest(http, party, n, begun)) for n in range(self._guests))
                    )
                    board.cancel()
                await self.pulse.look()
                show(monotonic() - begun)
            finally:
                await self.pulse.close()

    async def _open_doors(self, http: httpx2.AsyncClient, email: str) -> None:
        client = Client(self._gateway, http=http)
        await client.sign_in(email, self._ask_code)
        for room in reversed(await client.rooms()):
            if room["created_by"] is None:
                floor = Floor(UUID(room["id"]), room["name"], room["theme"])
                self.evening.floors[floor.room_id] = floor
        await client.account.sign_out()

    async def _guest(self, http: httpx2.AsyncClient, party: str, number: int, begun: float) -> None:
        await asyncio.sleep(self.length * ARRIVALS * number / self._guests)
        client, email = Client(self._gateway, http=http), f"guest-{number}-{party}@bar.example"
        stay = (self.length / 5, self.length / 2)
        guest = Guest(client, email, self._ask_code, self.evening, random.Random(number), stay)
        await guest.spend(begun + self.length, PATIENCE)

    async def _keep_board(self, begun: float, show: Callable[[float], None]) -> None:
        while True:
            await self.pulse.look()
            show(monotonic() - begun)
            await asyncio.sleep(0.5)
