"""Keeping order over the socket: what hosts and moderators may do by HTTP, they may do from where they stand."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import monotonic
from uuid import UUID

import structlog

from libs.chassis.problems import detail_of, slug_of
from libs.chassis.transient import is_transient
from libs.eventstore.decider import Refused
from services.rooms.node_door import NodeDoor, NotOwner
from services.rooms.realtime import messages
from services.rooms.realtime.bouncer import Bouncer
from services.rooms.realtime.chat import remember
from services.rooms.realtime.codes import Code
from services.rooms.realtime.commands import Kick, Mute, OrderCommand, Unmute
from services.rooms.realtime.hall import Hall
from services.rooms.realtime.halls import Halls
from services.rooms.realtime.messages import Ack, Problem, problem
from services.rooms.realtime.room import Member
from services.rooms.realtime.socket import Socket
from services.rooms.standings import RoomMute

log = structlog.get_logger(__name__)


class Stewards:
    """The service decides who may; Postgres first, then the room is told, and other nodes hear of it by its topic."""

    def __init__(self, door: NodeDoor, halls: Halls, bouncer: Bouncer, lose: Callable[[UUID], None]) -> None:
        """`lose(room_id)` is called where a room turns out to be another node's."""
        self._door = door
        self._lose = lose
        self._halls = halls
        self._bouncer = bouncer

    async def keep(self, hall: Hall, member: Member, socket: Socket, command: OrderCommand) -> None:
        socket.tell(messages.encode(await self._answer(hall, member, command)))

    async def _answer(self, hall: Hall, member: Member, command: OrderCommand) -> Ack | Problem:
        if command.cid in member.answered:
            return Ack(command.cid)
        try:
            await self._do(hall, member, command)
        except NotOwner:
            self._lose(hall.room.room_id)
            return problem("unavailable", "The room is elsewhere.", command.cid, retry_ms=1000)
        except Refused as no:
            return problem(slug_of(type(no)), detail_of(no), command.cid)
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("order not kept", error=type(error).__name__)
            return problem("unavailable", "Try again.", command.cid, retry_ms=1000)
        remember(member.answered, command.cid, None)
        return Ack(command.cid)

    async def _do(self, hall: Hall, member: Member, command: OrderCommand) -> None:
        room_id, by, moderator = hall.room.room_id, member.guest.user, member.guest.moderator
        at, fence = datetime.now(UTC), hall.room.fence
        match command:
            case Mute(user=user, seconds=seconds):
                until = at + timedelta(seconds=seconds) if seconds else None
                if await self._door.mute(room_id, by, user, until, at, moderator=moderator, fence=fence):
                    self._bouncer.order(RoomMute(room_id, user, at, muted=True, until=until))
            case Unmute(user=user):
                await self._door.unmute(room_id, by, user, at, moderator=moderator, fence=fence)
                self._bouncer.order(RoomMute(room_id, user, at, muted=False))
            case Kick(user=user, seconds=seconds):
                await self._door.kick(room_id, by, user, at, seconds=seconds, moderator=moderator, fence=fence)
                if (kicked := hall.room.members.get(user)) is not None:
                    self._halls.part(kicked.guest.visit, "kicked", Code.KICKED, monotonic())
