"""From `hello` to `welcome`: a ticket or a token is exchanged for a place on the floor."""

import asyncio
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from time import monotonic, time
from uuid import UUID

import structlog

from libs.chassis.revocations import Revocations
from libs.chassis.transient import is_transient
from services.rooms.deciders.refusals import SeatGone
from services.rooms.node_door import BadTicket, Barred, NodeDoor, NotOwner
from services.rooms.ports import Entered, Owned, Seat
from services.rooms.realtime import messages
from services.rooms.realtime.bouncer import Bouncer
from services.rooms.realtime.codes import Code
from services.rooms.realtime.commands import Hello
from services.rooms.realtime.floor import FLOORS
from services.rooms.realtime.hall import Hall
from services.rooms.realtime.halls import Halls
from services.rooms.realtime.lease import Lease
from services.rooms.realtime.limits import Limits
from services.rooms.realtime.messages import Size, Welcome, problem
from services.rooms.realtime.movement import Pace
from services.rooms.realtime.room import Guest, Member, Room
from services.rooms.realtime.settings import NodeSettings
from services.rooms.realtime.slots import Slots
from services.rooms.realtime.socket import Socket
from services.rooms.realtime.veil import Veil

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
        self._opening: dict[UUID, asyncio.Future[Hall]] = {}

    async def greet(self, socket: Socket, room_id: UUID, hello: Hello) -> None:
        """Let somebody in, or close the socket with the reason."""
        if not self._lease.held(monotonic()):
            socket.close(Code.OVERLOAD, "not ready")
            return
        try:
            hall = await self._hall(room_id)
            entered = await self._enter(hall, hello)
            with self._bouncer.expecting(room_id, entered.user_id):
                asked = self._bouncer.ask(room_id, [entered.user_id])
                await asyncio.gather(asked, self._limits.meet(entered.user_id, time()))
                self._seat(socket, room_id, hall, entered)
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

    def _seat(self, socket: Socket, room_id: UUID, hall: Hall, entered: Entered) -> None:
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
                member = self._halls.admit(hall, _guest(entered), now, away=socket.closing)
                self._bouncer.review(hall, member)
            member.guest = _guest(entered)  # with the roles of the newest token
            if not socket.closing:  # else the seat is taken, and waits for the next socket or its end
                self._welcome(socket, hall, member, entered, now)

    def _welcome(self, socket: Socket, hall: Hall, member: Member, entered: Entered, now: float) -> None:
        room, settings = hall.room, self._settings
        socket.authorised_until = now + settings.access_token_seconds + settings.auth_grace_seconds
        socket.unconfirmed = None if entered.joined else entered.resume_token
        if member.away:
            self._halls.show(hall, member, now)
        welcome = Welcome(
            visit=entered.visit_id,
            slot=member.slot,
            resume_token=entered.resume_token,
            resumed=False,  # there is no replay yet; the snapshot says it all
            epoch=room.epoch,
            offset=room.offset,
            tick_hz=settings.tick_hz,
            heartbeat_ms=int(settings.heartbeat_seconds * 1000),
            floor=Size(room.floor.x, room.floor.y, room.floor.z),
            limits=settings.told_limits(),
        )
        socket.tell(messages.encode(welcome))
        socket.tell(messages.encode(room.snapshot(hall.veil.hidden_from(member.guest.user))))
        self._halls.seat(hall, member, socket, now)

    async def _hall(self, room_id: UUID) -> Hall:
        """The room on this node, opened at its first hello. Raises NotOwner."""
        if hall := self._halls.by_room.get(room_id):
            return hall
        if opening := self._opening.get(room_id):
            return await asyncio.shield(opening)
        opening = self._opening[room_id] = asyncio.ensure_future(self._open(room_id))
        try:
            return await asyncio.shield(opening)
        finally:
            del self._opening[room_id]

    async def _open(self, room_id: UUID) -> Hall:
        since = monotonic()
        owned = await self._door.claim(room_id, self._lease.node_id, self._lease.incarnation)
        seats = await self._door.seats(room_id)
        if seats:
            await self._bouncer.ask(room_id, [seat.user_id for seat in seats])
        hall = Hall(self._room(owned), since, Veil(self._halls.safety.relation))
        self._halls.open(hall)
        now, at = monotonic(), datetime.now(UTC)
        for seat in seats:  # people of the owner before: away until they are back, with time to come
            if not self._halls.has_ended(seat.visit_id):
                member = self._halls.admit(hall, _guest(seat), now, away=True)
                self._bouncer.review(hall, member)
                silent = (at - seat.last_heartbeat).total_seconds()
                member.heard = now - max(0.0, min(silent, self._settings.silence_seconds - self._settings.beat_seconds))
        return hall

    def _room(self, owned: Owned) -> Room:
        settings = self._settings
        return Room(
            owned.room_id,
            owned.fence,
            epoch=f"{owned.fence}-{secrets.token_hex(4)}",
            floor=FLOORS[owned.theme],
            pace=Pace(settings.walk_cm_per_second, settings.walk_cm_per_second, settings.teleport_seconds),
            slots=Slots(settings.slot_rest_seconds),
        )


def _guest(seat: Entered | Seat) -> Guest:
    return Guest(
        user=seat.user_id,
        visit=seat.visit_id,
        session=seat.session_id,
        issued_at=seat.issued_at,
        device=seat.device_type,
        profile_version=seat.profile_version,
        since=seat.held_at,
        moderator=seat.moderator,
        emotes=seat.emotes,
    )
