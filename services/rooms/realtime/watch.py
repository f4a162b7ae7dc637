"""What did not happen: a hello that never came, a guest gone silent, a reader that takes nothing, a lease run out."""

from time import time

from services.rooms.realtime.codes import Code
from services.rooms.realtime.crowd import Crowd
from services.rooms.realtime.hall import Hall
from services.rooms.realtime.hot.line import pass_seconds, silent
from services.rooms.realtime.limits import Limits
from services.rooms.realtime.node import Node
from services.rooms.realtime.settings import NodeSettings
from services.rooms.realtime.socket import Socket

NOTE_EVERY = 2.0  # seconds, between two counts of one socket's moves
STALL = 1.0  # seconds that this process itself may sleep before it stops blaming others


class Watch:
    """`look(now, passed)` is called every `watch_seconds` or so; `passed` is how long ago the last look was."""

    def __init__(self, node: Node, crowd: Crowd, limits: Limits, settings: NodeSettings) -> None:
        self._node = node
        self._crowd = crowd
        self._limits = limits
        self._settings = settings
        self._note_at = 0.0

    def look(self, now: float, passed: float) -> None:
        slept = passed - self._settings.watch_seconds if passed > self._settings.watch_seconds + STALL else 0.0
        if slept:
            self._node.pardon(slept)
        for visitor in self._crowd.overdue(now - self._settings.hello_seconds - slept):
            visitor.turn_away()
        if self._node.lease.lapsed(now) > self._settings.lease_grace_seconds:
            self._node.lose_all()
        for socket in pass_seconds(self._node.sockets, passed, now):
            self._look_at(socket, now)
        if now >= self._note_at:
            self._note_at = now + NOTE_EVERY
        for hall in list(self._node.halls.by_room.values()):
            self._look_into(hall, now)

    def _look_at(self, socket: Socket, now: float) -> None:
        if (member := socket.member) is None:
            return
        if now >= self._note_at and (moves := socket.take_judged()):
            self._limits.note(member.guest.user, "move", moves, time())
        if socket.unconfirmed is not None and member.heard > socket.seated_at:
            token, socket.unconfirmed = socket.unconfirmed, None
            self._node.errands.go(self._node.confirm(member.guest.visit, token))
        if socket.stalled_since is not None and now - socket.stalled_since > self._settings.drain_seconds:
            socket.close(Code.TOO_SLOW, "too slow")
        elif now > socket.authorised_until:
            socket.close(Code.TOKEN_EXPIRED, "token expired")

    def _look_into(self, hall: Hall, now: float) -> None:
        members = hall.room.members.values()
        for member in [member for member in members if member.mutes]:
            self._node.bouncer.review(hall, member)  # their time may be over
        for member in silent(members, now - min(self._settings.away_seconds, self._settings.silence_seconds)):
            if now - member.heard > self._settings.away_seconds and not member.away and now >= hall.patient_until:
                self._node.halls.hide(hall, member)
            if now - member.heard > self._settings.silence_seconds and self._node.lease.held(now):
                self._node.errands.go(self._node.departures.expire(hall, member))
        if hall.emptied is not None and now - hall.emptied > self._settings.empty_seconds:
            self._node.let_go(hall)
