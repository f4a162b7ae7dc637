"""How a visit ends here: by its guest's word, by another's, by a minute's silence. Postgres first, then the room."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import monotonic
from uuid import UUID

import structlog

from libs.chassis.transient import is_transient
from libs.contracts.vocabulary import LeaveReason
from services.rooms.node_door import NodeDoor, NotOwner
from services.rooms.realtime import messages
from services.rooms.realtime.codes import Code
from services.rooms.realtime.commands import Leave
from services.rooms.realtime.hall import Hall
from services.rooms.realtime.halls import Halls
from services.rooms.realtime.messages import Ack, problem
from services.rooms.realtime.room import Member
from services.rooms.realtime.socket import Socket

log = structlog.get_logger(__name__)


class Departures:
    """Each visit is ended once, whoever notices it first; a stale owner ends none."""

    def __init__(self, door: NodeDoor, halls: Halls, lose: Callable[[UUID], None]) -> None:
        self._door = door
        self._halls = halls
        self._lose = lose
        self._expiring: set[UUID] = set()
        self._leaving: set[UUID] = set()

    async def leave(self, socket: Socket, command: Leave) -> None:
        """`leave {cid}`: room_leave at once, then `ack`, then the socket closes with 1000."""
        member = socket.member
        if member is None or (found := self._halls.find(member.guest.visit)) is None:
            socket.tell(messages.encode(problem("not_seated", "Wait for the welcome.", command.cid, retry_ms=500)))
            return
        visit = member.guest.visit
        if visit in self._leaving:
            socket.tell(messages.encode(problem("unavailable", "You are leaving.", command.cid, retry_ms=1000)))
            return
        self._leaving.add(visit)
        try:
            if await self._end(found[0], member, "left", datetime.now(UTC)):
                socket.tell(messages.encode(Ack(command.cid)))
                self._halls.part(visit, "left", Code.DONE, monotonic())
            else:
                socket.tell(messages.encode(problem("unavailable", "Try again.", command.cid, retry_ms=1000)))
        finally:
            self._leaving.discard(visit)

    async def expire(self, hall: Hall, member: Member) -> None:
        """Silent for too long: the visit ended when it was last heard from."""
        visit = member.guest.visit
        if visit in self._expiring:
            return
        self._expiring.add(visit)
        try:
            heard = datetime.now(UTC) - timedelta(seconds=monotonic() - member.heard)
            if await self._end(hall, member, "expired", heard):
                self._halls.part(visit, "expired", Code.SEAT_GONE, monotonic())
        finally:
            self._expiring.discard(visit)

    async def put_out(self, hall: Hall, member: Member, reason: LeaveReason, code: Code) -> None:
        """By somebody else's word. Where Postgres is away the service's own consumer ends the visit."""
        if await self._end(hall, member, reason, datetime.now(UTC)):
            self._halls.part(member.guest.visit, reason, code, monotonic())

    async def _end(self, hall: Hall, member: Member, reason: LeaveReason, left_at: datetime) -> bool:
        """False where Postgres, or the room's owner, is another matter now."""
        await self._halls.written(member.guest.visit)
        try:
            await self._door.leave(
                member.guest.visit, reason, datetime.now(UTC), left_at=left_at, fence=hall.room.fence
            )
        except NotOwner:
            self._lose(hall.room.room_id)
            return False
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("leave put off", error=type(error).__name__, reason=reason)
            return False
        return True
