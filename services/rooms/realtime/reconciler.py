"""Looks from time to time whether the keys and the seats of this node's rooms say what its sockets say.

Whatever they say else is drift: it is counted by kind and mended. Nothing should ever drift, and whoever reads the
metric learns where something does, before people write in.

member_missing    somebody in view is not in room:{id}:members
member_strange    somebody is in it who is not in view
presence_missing  somebody in view has no presence:user:{id}
presence_strange  it tells of another room or socket, though the seat is here
seat_over         somebody is shown whose visit has ended
seat_unknown      a seat is taken in the room by somebody who is not shown: the sweeper's, when nobody has come for it
"""

import asyncio
from collections.abc import Mapping
from time import monotonic
from typing import Final
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from libs.chassis.transient import is_transient
from services.rooms.node_door import NodeDoor
from services.rooms.realtime.codes import Code
from services.rooms.realtime.hall import Hall
from services.rooms.realtime.halls import Halls
from services.rooms.realtime.lease import Lease
from services.rooms.realtime.presence import Presence, members_key, presence_key
from services.rooms.realtime.settings import NodeSettings

log = structlog.get_logger(__name__)

KINDS: Final = (
    "member_missing", "member_strange", "presence_missing", "presence_strange", "seat_over", "seat_unknown",
)  # fmt: skip
InView = Mapping[UUID, str]
"""The socket's id by user."""


class Reconciler:
    """What changes while it looks is not judged: keys by what held before and after, seats by two looks in a row."""

    def __init__(
        self, redis: Redis, door: NodeDoor, halls: Halls, presence: Presence, lease: Lease, settings: NodeSettings
    ) -> None:
        self._redis = redis
        self._door = door
        self._halls = halls
        self._presence = presence
        self._lease = lease
        self._every = settings.reconcile_seconds
        self._suspect: dict[UUID, frozenset[UUID]] = {}  # by room: visits that looked wrong last time

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await asyncio.sleep(self._every)
            self._suspect = {room: visits for room, visits in self._suspect.items() if room in self._halls.by_room}
            for hall in list(self._halls.by_room.values()):
                try:
                    await self.look(hall)
                except Exception as error:
                    if not is_transient(error) and not isinstance(error, RedisError):
                        raise
                    log.warning("presence not compared", error=type(error).__name__)

    async def look(self, hall: Hall) -> None:
        """At one room. Raises what Redis and Postgres raise.

        The keys first: a seat that is still here when it is asked about later was here when they were read.
        """
        wrong = await self._wrong_keys(hall)
        before = _visits(hall)
        seats = {seat.visit_id for seat in await self._door.seats(hall.room.room_id)}
        if self._halls.by_room.get(hall.room.room_id) is hall and self._lease.held(monotonic()):
            self._mend_keys(hall, wrong, seats)
            self._mend_seats(hall, before, seats)

    async def _wrong_keys(self, hall: Hall) -> list[tuple[str, UUID]]:
        before = _in_view(hall)
        if not await self._presence.flush():
            return []
        async with self._redis.pipeline(transaction=False) as pipe:
            pipe.smembers(members_key(hall.room.room_id))
            for user in before:
                pipe.hmget(presence_key(user), ("socket", "roomId"))
            members, *seen = await pipe.execute()
        shown, after = {UUID(each.decode()) for each in members}, _in_view(hall)
        steady = {user for user, socket in before.items() if after.get(user) == socket}
        wrong = [("member_missing", user) for user in steady - shown]
        wrong += [("member_strange", user) for user in shown - before.keys() - after.keys()]
        room = str(hall.room.room_id).encode()
        for (user, socket), found in zip(before.items(), seen, strict=True):
            if user in steady and found != [socket.encode(), room]:
                wrong.append(("presence_strange" if found[0] else "presence_missing", user))
        return wrong

    def _mend_keys(self, hall: Hall, wrong: list[tuple[str, UUID]], seats: set[UUID]) -> None:
        drifted = False
        for kind, user in wrong:
            if kind.startswith("presence"):
                member, socket = hall.room.members.get(user), hall.sockets.get(user)
                if member is None or socket is None or member.guest.visit not in seats:
                    continue  # they have gone elsewhere, and it is that room's word
                self._presence.entered(hall, socket, member)
            self._count(kind, hall)
            drifted = True
        if drifted:
            self._presence.opened(hall)  # written whole, at once

    def _mend_seats(self, hall: Hall, before: set[UUID], seats: set[UUID]) -> None:
        room_id, now = hall.room.room_id, _visits(hall)
        over, unknown = (before & now) - seats, seats - before - now
        known, self._suspect[room_id] = self._suspect.get(room_id, frozenset()), frozenset(over | unknown)
        for visit in over & known:
            self._count("seat_over", hall)
            self._halls.part(visit, "left", Code.SEAT_GONE, monotonic())
        for _ in unknown & known:
            self._count("seat_unknown", hall)

    def _count(self, kind: str, hall: Hall) -> None:
        self._presence.drift[kind] += 1
        log.warning("presence drifted", kind=kind, room=str(hall.room.room_id))


def _in_view(hall: Hall) -> InView:
    return {member.guest.user: socket.id for socket, member in hall.seated() if not member.away}


def _visits(hall: Hall) -> set[UUID]:
    return {member.guest.visit for member in hall.room.members.values()}
