"""What did not happen: a hello that never came, a guest gone silent, a reader that takes nothing, a lease run out."""

from time import time

from services.rooms.realtime.codes import Code
from services.rooms.realtime.crowd import Crowd
from services.rooms.realtime.hall import Hall
from services.rooms.realtime.limits import Limits
from services.rooms.realtime.node import Node
from services.rooms.realtime.settings import NodeSettings
from services.rooms.realtime.socket import Socket

STALL = 1.0  # seconds that this process itself may sleep before it stops blaming others


class Watch:
    """`look(now, passed)` is called every `watch_seconds` or so; `passed` is how long ago the last look was."""

    def __init__(self, node: Node, crowd: Crowd, limits: Limits, settings: NodeSettings) -> None:
        self._node = node
        self._crowd = crowd
        self._limits = limits
        self._settings = settings

    def look(self, now: float, passed: float) -> None:
        slept = passed - self._settings.watch_seconds if passed > self._settings.watch_seconds + STALL else 0.0
        if slept:
            self._node.pardon(slept)
        for visitor in self._crowd.overdue(now - self._settings.hello_seconds - slept):
            visitor.turn_away()
        if self._node.lease.lapsed(now) > self._settings.lease_grace_seconds:
            self._node.lose_all()
        for socket in list(self._node.sockets):
            self._look_at(socket, now, passed)
        for hall in list(self._node.halls.by_room.values()):
            self._look_into(hall, now)

    def _look_at(self, socket: Socket, now: float, passed: float) -> None:
        moves = socket.pass_seconds(passed)
        if (member := socket.member) is None:
            return
        if moves:
            self._limits.note(member.guest.user, "move", moves, time())
        if socket.unconfirmed is not None and member.heard > socket.seated_at:
            token, socket.unconfirmed = socket.unconfirmed, None
            self._node.errands.go(self._node.confirm(member.guest.visit, token))
        if socket.stalled_since is not None and now - socket.stalled_since > self._settings.drain_seconds:
            socket.close(Code.TOO_SLOW, "too slow")
        elif now > socket.authorised_until:
            socket.close(Code.TOKEN_EXPIRED, "token expired")

    def _look_into(self, hall: Hall, now: float) -> None:
        for member in list(hall.room.members.values()):
            silent = now - member.heard
            if silent > self._settings.away_seconds and not member.away and now >= hall.patient_until:
                self._node.halls.hide(hall, member)
            if member.mutes:
                self._node.bouncer.review(hall, member)  # their time may be over
            if silent > self._settings.silence_seconds and self._node.lease.held(now):
                self._node.errands.go(self._node.departures.expire(hall, member))
        if hall.emptied is not None and now - hall.emptied > self._settings.empty_seconds:
            self._node.let_go(hall)
