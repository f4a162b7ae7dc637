"""The node as its sockets see it: every report of a socket comes in here and goes on to whoever knows what it means."""

from collections import Counter
from collections.abc import Mapping
from time import monotonic, time
from typing import Final
from uuid import UUID

import structlog

from libs.chassis.auth import FULL, Verifier
from libs.chassis.problems import Forbidden, Problem, Unauthenticated, detail_of, slug_of
from libs.chassis.revocations import Revocations
from libs.chassis.transient import is_transient
from services.rooms.node_door import NodeDoor
from services.rooms.realtime import messages
from services.rooms.realtime.bouncer import Bouncer
from services.rooms.realtime.chat import Conversation
from services.rooms.realtime.codes import Code
from services.rooms.realtime.commands import (
    Auth,
    Chat,
    Command,
    Emote,
    Hello,
    Kick,
    Leave,
    Mute,
    OrderCommand,
    Ping,
    Redact,
    Unknown,
    Unmute,
    VoiceSignal,
    VoiceState,
)
from services.rooms.realtime.departures import Departures
from services.rooms.realtime.emotes import Emotes
from services.rooms.realtime.errands import Errands
from services.rooms.realtime.hall import Hall
from services.rooms.realtime.halls import Halls
from services.rooms.realtime.hello import Greeter
from services.rooms.realtime.lease import Lease
from services.rooms.realtime.limits import Limits
from services.rooms.realtime.messages import Drain, Pong, problem
from services.rooms.realtime.room import Member
from services.rooms.realtime.settings import NodeSettings
from services.rooms.realtime.socket import Socket
from services.rooms.realtime.stewards import Stewards
from services.rooms.realtime.voice import Voice

log = structlog.get_logger(__name__)

Deed = Chat | Redact | Emote | VoiceState | VoiceSignal | OrderCommand
"""What only somebody seated may do."""
AWAY_SOON: Final = 0  # ms: clients may ask for their new place at once


class Node:
    """A House. `sockets` are all that are open, welcomed or not."""

    def __init__(
        self,
        door: NodeDoor,
        halls: Halls,
        lease: Lease,
        limits: Limits,
        verifier: Verifier,
        revocations: Revocations,
        settings: NodeSettings,
    ) -> None:
        self.halls = halls
        self.lease = lease
        self.sockets: set[Socket] = set()
        self.errands = Errands()
        self.departures = Departures(door, halls, self.lose)
        self.dropped = 0  # stale transforms
        self.late = 0  # ticks without a lease
        self.closed_by_code: Counter[int] = Counter()
        self._door = door
        self._limits = limits
        self._verifier = verifier
        self._settings = settings
        self.bouncer = Bouncer(door, halls, self.departures, self.errands)
        self._greeter = Greeter(door, halls, lease, self.bouncer, limits, revocations, settings, self.lose)
        self.emotes = Emotes()
        self.resumes = self._greeter.resumes
        self._conversation = Conversation(limits, settings.limit_chat_characters, self.bouncer.may_speak, self.emotes)
        self._voice = Voice(halls, limits, settings, self.bouncer.may_speak)
        self._stewards = Stewards(door, halls, self.bouncer, self.lose)

    # what sockets report

    def opened(self, socket: Socket) -> None:
        self.sockets.add(socket)

    def commanded(self, socket: Socket, command: Command | Unknown) -> None:
        if isinstance(command, Hello) or not socket.greeted:
            self._hello(socket, command)
            return
        match command:
            case Ping(n):
                socket.tell(messages.encode(Pong(n, int(time() * 1000))))
            case Auth(token):
                self._auth(socket, token)
            case Leave():
                self.errands.go(self.departures.leave(socket, command))
            case Chat() | Redact() | Emote() | VoiceState() | VoiceSignal() | Mute() | Unmute() | Kick():
                self._do(socket, command)
            case Unknown(_, cid):
                socket.tell(messages.encode(problem("unsupported", "This node does not do that.", cid)))

    def returned(self, socket: Socket) -> None:
        self.halls.back(socket, monotonic())

    def closed(self, socket: Socket) -> None:
        self.sockets.discard(socket)
        self.closed_by_code[socket.close_code] += 1
        self.halls.lost(socket)

    # what they mean

    def _hello(self, socket: Socket, command: Command | Unknown) -> None:
        if socket.greeted or not isinstance(command, Hello):
            socket.close(Code.PROTOCOL, "hello comes first, once")
            return
        socket.greet()
        self.errands.go(self._greeter.greet(socket, socket.room_id, command))

    def _do(self, socket: Socket, command: Deed) -> None:
        member = socket.member
        found = self.halls.find(member.guest.visit) if member else None
        if member is None or found is None:
            socket.tell(messages.encode(problem("not_seated", "Wait for the welcome.", command.cid, retry_ms=500)))
            return
        if not self.lease.held(monotonic()):
            socket.tell(messages.encode(problem("unavailable", "Try again.", command.cid, retry_ms=1000)))
            return
        hall = found[0]
        match command:
            case Chat():
                self._conversation.chat(hall, member, socket, command)
            case Redact():
                self._conversation.redact(hall, member, socket, command)
            case Emote():
                self._conversation.emote(hall, member, socket, command)
            case VoiceState():
                self._voice.state(hall, member, socket, command)
            case VoiceSignal():
                self._voice.signal(hall, member, socket, command)
            case Mute() | Unmute() | Kick():
                self._order(hall, member, socket, command)

    def _order(self, hall: Hall, member: Member, socket: Socket, command: OrderCommand) -> None:
        if wait := self._limits.take(member.guest.user, "order", time()):
            socket.tell(messages.encode(problem("rate_limited", "Not so fast.", command.cid, retry_ms=wait)))
        else:
            self.errands.go(self._stewards.keep(hall, member, socket, command))

    def _auth(self, socket: Socket, token: str) -> None:
        if (member := socket.member) is None:
            socket.tell(messages.encode(problem("not_seated", "Wait for the welcome.", retry_ms=500)))
        elif wait := self._limits.take(member.guest.user, "auth", time()):
            socket.tell(messages.encode(problem("rate_limited", "Not so fast.", retry_ms=wait)))
        else:
            self.errands.go(self._authorise(socket, member, token))

    async def _authorise(self, socket: Socket, member: Member, token: str) -> None:
        try:
            caller = await self._verifier.verify(token)
            if (caller.user_id, caller.session_id) != (member.guest.user, member.guest.session):
                raise Unauthenticated("This token is another session's.")
            if caller.scope != FULL:
                raise Forbidden("This token allows appealing and nothing else.")
        except Problem as refused:
            socket.tell(messages.encode(problem(slug_of(type(refused)), detail_of(refused))))
        else:
            left = caller.expires_at.timestamp() - time()
            socket.authorised_until = monotonic() + left + self._settings.auth_grace_seconds

    # what the clock and the lease say

    def tick(self, number: int) -> None:
        if not self.lease.held(monotonic()):
            self.late += 1
            return
        for hall in self.halls.by_room.values():
            self.dropped += hall.tick(number)

    def owned(self, fences: Mapping[UUID, int], since: float) -> None:
        """What Postgres says this node owns: every other room is somebody else's."""
        for room_id, hall in list(self.halls.by_room.items()):
            if hall.opened < since and fences.get(room_id) != hall.room.fence:
                self.lose(room_id)

    def lose(self, room_id: UUID) -> None:
        """Let go of a room and send its people to the new owner. Nothing is written for it from here on."""
        if hall := self.halls.by_room.get(room_id):
            drain = messages.encode(Drain(AWAY_SOON))
            for socket in self.halls.close(hall):
                socket.tell(drain)
                socket.close(Code.DRAIN, "ask for a new ticket")

    def lose_all(self) -> None:
        for room_id in list(self.halls.by_room):
            self.lose(room_id)

    def pardon(self, seconds: float) -> None:
        """This process slept for so long: nobody else is to blame for the silence, nor for what piled up."""
        self.halls.pardon(seconds)
        for socket in self.sockets:
            socket.pardon(seconds)

    def let_go(self, hall: Hall) -> None:
        """Nobody has been in for a while: the room may come up wherever there is most room for it."""
        self.halls.close(hall)
        self.errands.go(self._give_up(hall))

    async def _give_up(self, hall: Hall) -> None:
        try:
            await self._door.give_up(hall.room.room_id, self.lease.node_id, hall.room.fence)
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("room kept", error=type(error).__name__)  # its owner still, and opened anew when asked for

    async def confirm(self, visit: UUID, token: str) -> None:
        """The client has spoken: the resume token before this one opens nothing any more."""
        await self._door.confirm(visit, token)
