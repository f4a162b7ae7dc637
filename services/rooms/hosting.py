"""Rooms as their hosts open, change and close them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from libs.contracts.vocabulary import Region, Theme
from libs.eventstore.db import Pool
from libs.eventstore.gone import must_be_here
from libs.eventstore.idempotency import resource_id
from libs.eventstore.keys import Cipher
from libs.eventstore.store import Answer, Once, Store, Unit
from services.rooms.deciders.room import ROOM, Close, Create, Name, Update, room_stream
from services.rooms.guards import LOCK
from services.rooms.settings import RoomsSettings
from services.rooms.visits import Visits
from services.rooms.waitlist import only_invited

HOST = "insert into host_guards (user_id) values ($1) on conflict do nothing"
LOCK_HOST = "select user_id from host_guards where user_id = any($1::uuid[]) order by user_id for update"
HOSTED = """
select count(*) from rooms r join room_guards g on g.room_id = r.id where r.created_by = $1 and g.is_open
"""
HOST_OF = "select created_by from rooms where id = $1"
VISITS = "select visit_id from seats where room_id = $1"


@dataclass(frozen=True, slots=True)
class Plan:
    """A room to open."""

    name: str
    theme: Theme
    is_private: bool
    capacity: int
    region: Region


class Hosting:
    """Rooms are changed under their guard row, as seats are: a capacity holds from one position of the log on."""

    def __init__(self, store: Store, pool: Pool, cipher: Cipher, visits: Visits, settings: RoomsSettings) -> None:
        self._store = store
        self._pool = pool
        self._cipher = cipher
        self._visits = visits
        self._quota = settings.limit_rooms_per_host

    async def create(self, host: UUID, plan: Plan, at: datetime, once: Once | None = None) -> UUID:
        """The new room's id, or that of the first request with `once`. Raises RoomQuota."""
        room_id = resource_id(once)
        mark = await self._cipher.mark(host, plan.name)

        async def work(unit: Unit) -> UUID:
            if once and (before := await unit.once(once)):
                return UUID(before.resource)
            await must_be_here(unit.db, host)
            await unit.db.execute(HOST, host)
            await unit.guard(LOCK_HOST, [host])
            hosted = await unit.db.fetchval(HOSTED, host)
            stream = await unit.load(ROOM, room_stream(room_id))
            command = _create(room_id, plan, mark, host, hosted=hosted, quota=self._quota)
            await unit.append(ROOM, stream, ROOM.decide(stream.state, command))
            if once:
                await unit.answer(Answer(201, str(room_id)))
            return room_id

        return await self._store.run(work, at=at)

    async def open_system_room(self, room_id: UUID, plan: Plan, at: datetime) -> None:
        """One of the house's own rooms, unless it is there already."""
        mark = await self._cipher.mark(room_id, plan.name)
        await self._store.execute(ROOM, room_stream(room_id), _create(room_id, plan, mark, None), at=at)

    async def update(
        self,
        room_id: UUID,
        by: UUID,
        at: datetime,
        *,
        name: str | None = None,
        theme: Theme | None = None,
        is_private: bool | None = None,
        capacity: int | None = None,
        moderator: bool = False,
    ) -> None:
        """Change what is given. A capacity below the occupancy puts nobody out.

        Raises NotFound, SystemRoom, NotHost, RoomClosed.
        """
        named = Name(name, await self._mark(room_id, by, name, moderator=moderator)) if name is not None else None
        command = Update(by, named, theme, is_private, capacity, moderator)

        async def work(unit: Unit) -> None:
            await unit.guard(LOCK, [room_id])
            stream = await unit.load(ROOM, room_stream(room_id))
            await unit.append(ROOM, stream, ROOM.decide(stream.state, command))
            if is_private:
                await only_invited(unit.db, room_id)

        await self._store.run(work, at=at)

    async def close(self, room_id: UUID, by: UUID, at: datetime, *, moderator: bool = False) -> None:
        """Close for good; every visit there ends, by the sweeper's hand should this process die first.

        Raises NotFound, SystemRoom, NotHost.
        """
        await self._store.execute(ROOM, room_stream(room_id), Close(by, moderator), at=at, guards=[(LOCK, [room_id])])
        for row in await self._pool.fetch(VISITS, room_id):
            await self._visits.leave(row["visit_id"], "room_closed", at)

    async def _mark(self, room_id: UUID, by: UUID, name: str, *, moderator: bool) -> str | None:
        """Under the key of its host, as every name of the room."""
        host = await self._pool.fetchval(HOST_OF, room_id) if moderator else by
        return await self._cipher.mark(host or room_id, name)


def _create(
    room_id: UUID, plan: Plan, mark: str | None, host: UUID | None, *, hosted: int = 0, quota: int = 0
) -> Create:
    return Create(
        room_id=room_id,
        name=Name(plan.name, mark),
        theme=plan.theme,
        is_private=plan.is_private,
        capacity=plan.capacity,
        region=plan.region,
        created_by=host,
        hosted=hosted,
        quota=quota,
    )
