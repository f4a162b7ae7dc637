"""From `hello` to `welcome`: a ticket or a token is exchanged for a place on the floor."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from time import monotonic, time
from uuid import UUID

import structlog

from libs.chassis.revocations import Revocations
from libs.chassis.transient import is_transient
from services.rooms.deciders.refusals import SeatGone
from services.rooms.node_door import BadTicket, Barred, NodeDoor, NotOwner
from services.rooms.ports import Entered
from services.rooms.realtime import messages
from services.rooms.realtime.bouncer import Bouncer
from services.rooms.realtime.codes import Code
from services.rooms.realtime.commands import Hello
from services.rooms.realtime.hall import Hall
from services.rooms.realtime.halls import Halls
from services.rooms.realtime.lease import Lease
from services.rooms.realtime.limits import Limits
from services.rooms.realtime.messages import Size, Welcome, problem
from services.rooms.realtime.opening import Openings, guest_of
from services.rooms.realtime.room import Member
from services.rooms.realtime.settings import NodeSettings
from services.rooms.realtime.socket import Socket

log = structlog.get_logger(__name__)


class Greeter:
    """`lose(room_id)` is called where a room turns out to be another node's."""

    def __init__(
        self,
        door: NodeDoor,
        halls: Halls,
        lease: Lease,
        bouncer: Bouncer,
        limits: Limits,
        revocations: Revocations,
        settings: NodeSettings,
        lose: Callable[[UUID], None],
    ) -> None:
        self._door = door
        self._halls = halls
        self._lease = lease
        self._bouncer = bouncer
        self._limits = limits
        self._revocations = revocations
        self._settings = settings
        self._lose = lose
        self._openings = Openings(door, halls, lease, bouncer, settings)
        self.resumes: Counter[bool] = Counter()  # by whether there was a replay

    async def greet(self, socket: Socket, room_id: UUID, hello: Hello) -> None:
        """Let somebody in, or close the socket with the reason."""
        if not self._lease.held(monotonic()):
            socket.close(Code.OVERLOAD, "not ready")
            return
        try:
            hall = await self._openings.hall(room_id)
            entered = await self._enter(hall, hello)
            with self._bouncer.expecting(room_id, entered.user_id):
                await asyncio.gather(
                    self._bouncer.ask(room_id, [entered.user_id], self._authors(hall, hello)),
                    self._limits.meet(entered.user_id, time()),
                    self._look(room_id, hello),
                )
                self._seat(socket, room_id, hall, entered, hello)
        except BadTicket:
            socket.close(Code.BAD_TICKET, "bad ticket")
        except SeatGone:
            socket.close(Code.SEAT_GONE, "seat gone")
        except Barred as barred:
            socket.close(Code.SANCTIONED if barred.everywhere else Code.KICKED, "sanctioned")
        except NotOwner:
            self._lose(room_id)
            socket.close(Code.DRAIN, "the room is elsewhere")
        except Exception as error:
            if not is_transient(error):
                socket.close(Code.OVERLOAD, "not now")
                raise
            log.warning("nobody let in", error=type(error).__name__)
            socket.close(Code.OVERLOAD, "not now")

    async def _enter(self, hall: Hall, hello: Hello) -> Entered:
        room, at, node_id = hall.room, datetime.now(UTC), self._lease.node_id
        if hello.ticket is not None:
            return await self._door.enter(hello.ticket, room.room_id, node_id, room.fence, at)
        if hello.resume_token is not None:
            return await self._door.resume(hello.resume_token, room.room_id, node_id, room.fence, at)
        raise BadTicket

    def _authors(self, hall: Hall, hello: Hello) -> set[UUID]:
        """Whose words a replay may have; they need not be here any more."""
        return set() if hello.offset is None else hall.lane.people()

    async def _look(self, room_id: UUID, hello: Hello) -> None:
        if hello.offset is not None and self._halls.lanes:
            await self._halls.lanes.look(room_id)

    def _seat(self, socket: Socket, room_id: UUID, hall: Hall, entered: Entered, hello: Hello) -> None:
        now = monotonic()
        if self._halls.by_room.get(room_id) is not hall:
            socket.close(Code.DRAIN, "the room is elsewhere")
        elif self._halls.has_ended(entered.visit_id):
            socket.close(Code.SEAT_GONE, "seat gone")
        elif code := self._bouncer.barring(entered.user_id, room_id):
            socket.close(code, "sanctioned")
        elif self._revocations.refuse(entered.user_id, entered.session_id, entered.issued_at):
            socket.close(Code.REVOKED, "revoked")
        elif wait := self._limits.take(entered.user_id, "join", time()):
            socket.tell(messages.encode(problem("rate_limited", "Not so fast.", retry_ms=wait)))
            socket.close(Code.FLOOD, "flood")
        else:
            member = hall.room.members.get(entered.user_id)
            if member is None or member.guest.visit != entered.visit_id:
                member = self._halls.admit(hall, guest_of(entered), now, away=socket.closing)
                self._bouncer.review(hall, member)
            member.guest = guest_of(entered)  # with the roles of the newest token
            if not socket.closing:  # else the seat is taken, and waits for the next socket or its end
                self._welcome(socket, hall, member, entered, hello, now)

    def _welcome(self, socket: Socket, hall: Hall, member: Member, entered: Entered, hello: Hello, now: float) -> None:
        """All in one turn: whatever the room is told goes before the replay's end, or to the new socket."""
        socket.authorised_until = now + self._settings.access_token_seconds + self._settings.auth_grace_seconds
        socket.unconfirmed = None if entered.joined else entered.resume_token
        self._halls.turn(hall, member, member.heard, publishing=False)
        if member.away:
            self._halls.show(hall, member, now)
        missed = hall.missed(member, hello.epoch, hello.offset)
        if missed is not None and sum(map(len, missed)) > self._settings.backlog_limit_bytes // 2:
            missed = None  # a snapshot is shorter, and such a backlog would close the socket
        if hello.offset is not None:
            self.resumes[missed is not None] += 1
        socket.tell(messages.encode(self._words(hall, member, entered, hello.offset if missed is not None else None)))
        hidden = hall.veil.hidden_from(member.guest.user)
        for frame in [messages.encode(hall.room.snapshot(hidden))] if missed is None else missed:
            socket.tell(frame)
        if not socket.closing:
            self._halls.seat(hall, member, socket, now)

    def _words(self, hall: Hall, member: Member, entered: Entered, resumed_from: int | None) -> Welcome:
        room, settings = hall.room, self._settings
        return Welcome(
            visit=entered.visit_id,
            slot=member.slot,
            resume_token=entered.resume_token,
            resumed=resumed_from is not None,
            epoch=room.epoch,
            offset=room.offset if resumed_from is None else resumed_from,  # what follows has greater ones
            tick_hz=settings.tick_hz,
            heartbeat_ms=int(settings.heartbeat_seconds * 1000),
            floor=Size(room.floor.x, room.floor.y, room.floor.z),
            limits=settings.told_limits(),
        )
