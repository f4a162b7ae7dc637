"""Rooms on a database of its own, fresh for one test: the doors, and short words for what tests do there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from libs.chassis.postgres import connect
from libs.eventstore.db import Pool
from libs.eventstore.keys import Cipher, KeyRing
from libs.eventstore.projections import project_all
from libs.eventstore.store import Store
from services.rooms.hosting import Plan
from services.rooms.ports import Entered, Ticket
from services.rooms.projections import ROOMS
from services.rooms.service import RealtimeDoor, Rooms
from services.rooms.settings import RoomsSettings
from services.rooms.sweeper import Sweeper
from services.rooms.visits import Guest
from tests.rooms.people import NINE
from tests.stack import Databases


@dataclass
class House:
    urls: Databases
    pool: Pool
    store: Store
    keys: KeyRing
    cipher: Cipher
    settings: RoomsSettings
    rooms: Rooms
    door: RealtimeDoor
    now: datetime = NINE  # of the sweepers
    nodes: dict[str, int] = field(default_factory=dict)  # incarnation by name

    async def node(self, name: str = "node-1", region: Any = "eu") -> str:
        """A live node."""
        self.nodes[name] = await self.door.register(name, f"ws://{name}:1", region)
        return name

    async def room(self, capacity: int = 50, *, host: UUID | None = None, **plan: Any) -> UUID:
        """An open room of somebody."""
        usual: dict[str, Any] = {"name": "Room", "theme": "lounge", "is_private": False, "region": "eu"}
        return await self.rooms.hosting.create(host or uuid4(), Plan(capacity=capacity, **usual | plan), NINE)

    def guest(self, user: UUID, session_id: UUID | None = None, issued_at: datetime = NINE) -> Guest:
        return Guest(user, session_id or user, issued_at, "web")

    async def hold(self, user: UUID, room: UUID, at: datetime = NINE, **more: Any) -> Ticket:
        guest = self.guest(user, more.pop("session_id", None), more.pop("issued_at", NINE))
        return await self.rooms.visits.hold(guest, room, at, **more)

    async def enter(self, ticket: Ticket, room: UUID, at: datetime = NINE) -> Entered:
        """Say hello to the room's owner."""
        row = await self.pool.fetchrow("select owner_node, fence from room_guards where room_id = $1", room)
        assert row is not None
        return await self.door.enter(ticket.ticket, room, row["owner_node"], row["fence"], at)

    async def seat(self, user: UUID, room: UUID, at: datetime = NINE, **more: Any) -> Entered:
        """Hold a seat and take it."""
        return await self.enter(await self.hold(user, room, at, **more), room, at)

    def sweeper(self) -> Sweeper:
        return Sweeper(self.store, self.pool, self.settings, lambda: self.now)

    async def story(self, user: UUID) -> list[tuple[str, Any]]:
        """The visitor's events: names, and reasons where they have one."""
        rows = await self.pool.fetch(
            "select name, data->>'reason' as reason from events where stream_id = $1 order by version",
            f"visitor-{user}",
        )
        return [(row["name"], row["reason"]) for row in rows]

    async def occupied(self, room: UUID) -> int:
        """As the guard row counts; checked against the seats there are."""
        counted: int = await self.pool.fetchval("select occupied from room_guards where room_id = $1", room)
        assert counted == await self.pool.fetchval("select count(*) from seats where room_id = $1", room)
        return counted


@asynccontextmanager
async def house_at(urls: Databases, *, size: int = 16, **settings: Any) -> AsyncIterator[House]:
    unhurried = {"node_lease_seconds": 86_400.0}  # nobody renews; tests end leases by hand
    told = RoomsSettings(database_url=urls.runtime, keys_url=urls.keys, **(unhurried | settings))
    pool = await connect(urls.runtime, "rooms", size=size)
    vault = await connect(urls.keys, "rooms", size=2)
    try:
        keys = KeyRing(vault)
        cipher = Cipher(keys)
        store = Store(pool, cipher=cipher, project=project_all(ROOMS))
        rooms, door = Rooms(store, pool, cipher, told), RealtimeDoor(store, pool, pool, told)
        yield House(urls, pool, store, keys, cipher, told, rooms, door)
    finally:
        await pool.close()
        await vault.close()
