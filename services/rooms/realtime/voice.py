"""Voice by way of a mesh: microphones that open and close, and what browsers say to each other to connect."""

from collections.abc import Callable
from time import monotonic, time
from typing import Final
from uuid import UUID

from libs.safety.surface import Surface
from services.rooms.realtime import messages
from services.rooms.realtime.chat import remember
from services.rooms.realtime.commands import VoiceSignal, VoiceState
from services.rooms.realtime.hall import Hall
from services.rooms.realtime.halls import Halls
from services.rooms.realtime.limits import Limits
from services.rooms.realtime.messages import Ack, Problem, VoiceSignalled, problem
from services.rooms.realtime.room import Member
from services.rooms.realtime.settings import NodeSettings
from services.rooms.realtime.socket import Socket

OFFER: Final = "offer"
KINDS: Final = frozenset({OFFER, "answer", "candidate", "bye"})


class Voice:
    def __init__(
        self, halls: Halls, limits: Limits, settings: NodeSettings, may_speak: Callable[[UUID, UUID], bool]
    ) -> None:
        """`may_speak(user, room)`, at this moment."""
        self._halls = halls
        self._limits = limits
        self._settings = settings
        self._may_speak = may_speak
        by_server = settings.voice_adapter == "livekit"
        self._off = "A media server carries the voices here." if by_server else "There is no voice in this house."

    def state(self, hall: Hall, member: Member, socket: Socket, command: VoiceState) -> None:
        socket.tell(messages.encode(self._turned(hall, member, command)))

    def signal(self, hall: Hall, member: Member, socket: Socket, command: VoiceSignal) -> None:
        socket.tell(messages.encode(self._signalled(hall, member, command)))

    def _turned(self, hall: Hall, member: Member, command: VoiceState) -> Ack | Problem:
        if command.cid in member.answered:
            return _ack(member, command.cid)
        if command.publishing and (refused := self._refused(hall, member, command)):
            return refused
        if wait := self._limits.take(member.guest.user, "voice_state", time()):
            return problem("rate_limited", "Not so fast.", command.cid, retry_ms=wait)
        offset = self._halls.turn(hall, member, monotonic(), publishing=command.publishing)
        remember(member.answered, command.cid, offset)
        return _ack(member, command.cid)

    def _refused(self, hall: Hall, member: Member, command: VoiceState) -> Problem | None:
        if self._settings.voice_adapter != "mesh":
            return problem("voice_off", self._off, command.cid)
        if not self._may_speak(member.guest.user, hall.room.room_id):
            return problem("muted", "You are muted here.", command.cid)
        if not member.publishing and hall.room.publishers() >= self._settings.voice_publishers:
            return problem("voice_full", f"{self._settings.voice_publishers} are speaking already.", command.cid)
        return None

    def _signalled(self, hall: Hall, member: Member, command: VoiceSignal) -> Ack | Problem:
        user, cid = member.guest.user, command.cid
        if cid in member.answered:
            return _ack(member, cid)
        if command.kind not in KINDS or len(bytes(command.data)) > self._settings.limit_signal_bytes:
            return problem("invalid", f"One of {', '.join(sorted(KINDS))}, and a bounded data.", cid)
        if self._settings.voice_adapter != "mesh":
            return problem("voice_off", self._off, cid)
        speaks = command.kind == OFFER  # the others are needed by whoever only listens
        if speaks and not self._may_speak(user, hall.room.room_id):
            return problem("muted", "You are muted here.", cid)
        if wait := self._limits.take(user, "voice_signal", time()):
            return problem("rate_limited", "Not so fast.", cid, retry_ms=wait)
        other = hall.sockets.get(command.to)
        if other is None or command.to == user or not hall.veil.reaches(user, command.to, Surface.ROSTER):
            return problem("not_found", "Nobody of that name is here.", cid)
        if other.stalled_since is not None:  # else who is slow to read could be made too slow
            return problem("unavailable", "They cannot take it at the moment.", cid, retry_ms=500)
        if not speaks or hall.veil.reaches(user, command.to, Surface.VOICE):  # of a mute nobody is told
            hall.tell_one(command.to, VoiceSignalled(sender=user, kind=command.kind, data=command.data))
        remember(member.answered, cid, None)
        return _ack(member, cid)


def _ack(member: Member, cid: str | int) -> Ack:
    offset = member.answered[cid]
    return Ack(cid) if offset is None else Ack(cid, offset)
