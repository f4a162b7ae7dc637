"""What Redis shows of this node's people, by the specification's keys. A cache: written in batches, rebuilt in seconds.

presence:user:{userId}      hash roomId lastSeen deviceType (and `socket`, private), gone 12 s after the last heartbeat
room:{roomId}:members       set of the users in view
room:{roomId}:transforms    hash userId -> 10 bytes, about a second old

Nothing here is waited for. While Redis is away sockets go on; when it is back everything is written anew.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from hashlib import sha1
from random import uniform
from time import monotonic, time
from typing import Any, Final
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from services.rooms.realtime.hall import Hall
from services.rooms.realtime.room import Member
from services.rooms.realtime.settings import NodeSettings
from services.rooms.realtime.socket import Socket

log = structlog.get_logger(__name__)

# Compare-and-set by socket: the last words of an old one never speak for its successor, here or on another node.
REFRESH: Final = """
local owner = redis.call('hget', KEYS[1], 'socket')
if owner and owner ~= ARGV[1] then return 0 end
redis.call('hset', KEYS[1], 'socket', ARGV[1], 'roomId', ARGV[2], 'deviceType', ARGV[3], 'lastSeen', ARGV[4])
return redis.call('pexpire', KEYS[1], ARGV[5])
"""
CLEAR: Final = """
if redis.call('hget', KEYS[1], 'socket') ~= ARGV[1] then return 0 end
return redis.call('del', KEYS[1])
"""
# Whole and at once: whatever an owner before, or a late one, has left there is gone.
REPLACE: Final = """
redis.call('del', KEYS[1])
redis.call(ARGV[1], KEYS[1], unpack(ARGV, 3))
return redis.call('expire', KEYS[1], ARGV[2])
"""
PAUSE: Final = 0.05  # seconds between two looks for something to write
KEPT: Final = 30  # seconds; a dead owner's room is forgotten then
PENDING: Final = 50_000  # commands; more are not kept for a Redis that is away

Command = tuple[Any, ...]


def presence_key(user: UUID) -> str:
    return f"presence:user:{user}"


def members_key(room: UUID) -> str:
    return f"room:{room}:members"


def transforms_key(room: UUID) -> str:
    return f"room:{room}:transforms"


@cache
def _sha(script: str) -> str:
    return sha1(script.encode(), usedforsecurity=False).hexdigest()


class Presence:
    """One writer per node. Every command touches one key."""

    def __init__(self, redis: Redis, settings: NodeSettings) -> None:
        self._redis = redis
        self._ttl = settings.presence_seconds
        self._refresh_every = settings.presence_refresh_seconds
        self._store_every = settings.transforms_refresh_seconds
        self._pending: list[Command] = []
        self._stored: dict[UUID, bytes] = {}  # by user: the body as Redis has it
        self._due: dict[UUID, float] = {}  # when each room is written whole again; missing: at once
        self._writing = asyncio.Lock()
        self.failures = 0
        self.drift: Counter[str] = Counter()  # by kind, as the reconciler found it

    # What happened, as it happens

    def opened(self, hall: Hall) -> None:
        """This node owns the room now, and writes it at once."""
        self._due.pop(hall.room.room_id, None)

    def closed(self, hall: Hall) -> None:
        """The room's keys are its next owner's to write, and run out where there is none."""
        room = hall.room.room_id
        self._due.pop(room, None)
        theirs = {members_key(room), transforms_key(room)}
        self._pending = [command for command in self._pending if theirs.isdisjoint(command)]
        for user in hall.room.members:
            self._stored.pop(user, None)

    def entered(self, hall: Hall, socket: Socket, member: Member) -> None:
        """A socket is in view, whatever socket was before it."""
        key, (ident, room, device, seen) = presence_key(member.guest.user), _seen(hall, socket, member, time())
        self._add(
            ("HSET", key, "socket", ident, "roomId", room, "deviceType", device, "lastSeen", seen),
            ("PEXPIRE", key, int(self._ttl * 1000)),
            ("SADD", members_key(hall.room.room_id), str(member.guest.user)),
        )

    def left(self, hall: Hall, socket: Socket, member: Member) -> None:
        """Its socket is gone."""
        self._add(("SCRIPT", "LOAD", CLEAR), ("EVALSHA", _sha(CLEAR), 1, presence_key(member.guest.user), socket.id))
        self.hidden(hall, member)

    def hidden(self, hall: Hall, member: Member) -> None:
        """Out of view; the presence key runs out by itself."""
        room, user = hall.room.room_id, str(member.guest.user)
        self._stored.pop(member.guest.user, None)
        self._add(("SREM", members_key(room), user), ("HDEL", transforms_key(room), user))

    def _add(self, *commands: Command) -> None:
        if len(self._pending) < PENDING:  # else every room is about to be written anew, whenever Redis is back
            self._pending += commands

    # To Redis

    async def run(self, halls: Callable[[], Iterable[Hall]], held: Callable[[], bool] = lambda: True) -> None:
        """Write for ever what happens in `halls()`: each room whole from time to time, not all at the same moment.

        While the lease is not `held` nothing is: the rooms may be another's by now, who writes them.
        """
        store = monotonic()
        while True:
            now = monotonic()
            if not held():
                self._pending.clear()
                self._due.clear()
            for hall in halls():
                due = self._due.get(hall.room.room_id)
                if due is None or now >= due:
                    self._pending += self._whole(hall, now)
                    self._due[hall.room.room_id] = now + self._refresh_every * uniform(0.8, 1.0)
            if now >= store:
                store = now + self._store_every
                self._pending += self._changes(halls())
            await asyncio.sleep(PAUSE if await self.flush() else self._store_every)

    async def save(self, halls: Iterable[Hall]) -> bool:
        """Where everybody stands, for the rooms' next owners. False where Redis did not take it."""
        self._pending += self._changes(halls)
        return await self.flush()

    async def flush(self) -> bool:
        """Write what is pending. False where Redis did not take it."""
        async with self._writing:  # in order, whoever asks
            return await self._flush()

    async def _flush(self) -> bool:
        commands, self._pending = self._pending, []
        if not commands:
            return True
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                for command in commands:
                    pipe.execute_command(*command)
                answers = await pipe.execute(raise_on_error=False)
            if refused := [answer for answer in answers if isinstance(answer, ResponseError)]:
                raise refused[0]
        except (RedisError, OSError) as error:
            self.failures += 1
            self._due.clear()
            log.warning("presence not written", error=type(error).__name__, count=len(commands))
            return False
        return True

    def _whole(self, hall: Hall, now: float) -> Iterator[Command]:
        members, transforms = members_key(hall.room.room_id), transforms_key(hall.room.room_id)
        at = time()
        if not (seated := [(socket, member) for socket, member in hall.seated() if not member.away]):
            yield from (("DEL", members), ("DEL", transforms))
            return
        yield from (("SCRIPT", "LOAD", REFRESH), ("SCRIPT", "LOAD", REPLACE))
        for socket, member in seated:
            silent = now - member.heard
            seen, ttl = _seen(hall, socket, member, at - silent), int((self._ttl - silent) * 1000)
            yield ("EVALSHA", _sha(REFRESH), 1, presence_key(member.guest.user), *seen, max(ttl, 1))
        users, bodies = (str(member.guest.user) for _, member in seated), self._bodies(member for _, member in seated)
        yield ("EVALSHA", _sha(REPLACE), 1, members, "SADD", KEPT, *users)
        yield ("EVALSHA", _sha(REPLACE), 1, transforms, "HSET", KEPT, *bodies)

    def _changes(self, halls: Iterable[Hall]) -> Iterator[Command]:
        for hall in halls:
            moved = [member for member in hall.room.visible() if self._stored.get(member.guest.user) is not member.body]
            if moved:
                yield ("HSET", transforms_key(hall.room.room_id), *self._bodies(moved))

    def _bodies(self, members: Iterable[Member]) -> Iterator[str | bytes]:
        for member in members:
            self._stored[member.guest.user] = member.body
            yield str(member.guest.user)
            yield member.body


def _seen(hall: Hall, socket: Socket, member: Member, at: float) -> tuple[str, str, str, int]:
    """(socket, roomId, deviceType, lastSeen in epoch milliseconds)."""
    return socket.id, str(hall.room.room_id), member.guest.device, int(at * 1000)
