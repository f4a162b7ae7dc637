"""Makes the rooms follow what is known of people: apart who is blocked, silent who is muted, out who is banned.

It hears blocks, mutes and sanctions from their topics, by no detour; what the service's tables know it asks when people
come in, and again from time to time, for nobody hears everything.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from time import monotonic
from typing import Final
from uuid import UUID

import structlog

from libs.chassis.transient import is_transient
from libs.contracts.cloudevents import Envelope
from libs.contracts.moderation import SanctionLift, SanctionUser
from libs.contracts.rooms import RoomMute, RoomUnmute
from libs.contracts.social import BlockUser, MuteUser, UnblockUser, UnmuteUser
from libs.contracts.vocabulary import LeaveReason
from libs.safety.surface import Surface
from services.rooms.node_door import NodeDoor
from services.rooms.realtime.codes import Code
from services.rooms.realtime.departures import Departures
from services.rooms.realtime.errands import Errands
from services.rooms.realtime.hall import Hall
from services.rooms.realtime.halls import Halls
from services.rooms.realtime.room import Member
from services.rooms.realtime.safety import Changed
from services.rooms.sanction import ENDS, Sanction
from services.rooms.standings import Known
from services.rooms.standings import RoomMute as RoomMuted

log = structlog.get_logger(__name__)

TOPICS: Final = tuple(
    event.NAME for event in (BlockUser, UnblockUser, MuteUser, UnmuteUser, SanctionUser, SanctionLift)
)
"""Of other services: followed from where rooms' own consumer has got to."""
OWN_TOPICS: Final = (RoomMute.NAME, RoomUnmute.NAME)
"""Rooms' own: in its tables before they are told, so that to begin at any moment before one asks those is enough."""


class Bouncer:
    """`halls` know what is known, and have the people it matters for."""

    def __init__(self, door: NodeDoor, halls: Halls, departures: Departures, errands: Errands) -> None:
        self._door = door
        self._halls = halls
        self._safety = halls.safety
        self._departures = departures
        self._errands = errands
        self._coming: dict[UUID, Counter[UUID]] = {}  # by room: who is being asked about

    async def hear(self, envelope: Envelope) -> None:
        """A Follower's handler: any event, in any order, any number of times."""
        self._follow(self._safety.hear(envelope))
        match envelope.event():
            case SanctionUser(kind="kick", user_id=user, room_id=room):
                for hall, member in self._halls.of_user(user):
                    since = member.guest.since  # a visit that began later is none of its business
                    if room in (None, hall.room.room_id) and (since is None or since <= envelope.time):
                        self._put_out(hall, member, ENDS["kick"], Code.KICKED)
            case SanctionUser(kind="ban" | "room_ban", user_id=user, room_id=room):  # lifted later or not
                self._halls.retract(user, room, until=envelope.time.timestamp() * 1000)

    @contextmanager
    def expecting(self, room_id: UUID, user: UUID) -> Iterator[None]:
        """While somebody comes in: of two who do at the same time, the later one is asked about with the other."""
        coming = self._coming.setdefault(room_id, Counter())
        coming[user] += 1
        try:
            yield
        finally:
            coming[user] -= 1
            if not coming[user]:
                del coming[user]
            if not coming:
                self._coming.pop(room_id, None)

    async def ask(self, room_id: UUID, users: list[UUID], also: Iterable[UUID] = ()) -> None:
        """Learn what the tables know of these people and all who are there or coming. Raises what Postgres raises.

        `also`: people who are not there, but whose words are.
        """
        hall = self._halls.by_room.get(room_id)
        others = {*self._coming.get(room_id, ()), *(hall.room.members if hall else ()), *also}
        self._follow(self._safety.learn(await self._door.known(room_id, users, sorted(others - set(users)))))

    def order(self, mute: RoomMuted) -> None:
        """By a host's or moderator's word, which has been written down: its topic will say the same."""
        self._follow(self._safety.learn(Known({}, [], [mute])))

    def barring(self, user: UUID, room_id: UUID) -> Code | None:
        """The code to turn somebody away with, if they may not come in."""
        sanction = self._safety.barring(user, room_id)
        return None if sanction is None else code_of(sanction)

    def may_speak(self, user: UUID, room_id: UUID) -> bool:
        return self._safety.may_speak(user, room_id)

    def review(self, hall: Hall, member: Member) -> None:
        """Tell the room who has been muted since it was last told, and whose time is over."""
        news = False
        for message in hall.room.silence(member, self._safety.mutes(member.guest.user, hall.room.room_id)):
            hall.tell(message, Surface.ROSTER, member.guest.user)
            news = True
        if news and self._halls.media:
            self._halls.media.changed(hall)
        if member.mutes:
            self._halls.turn(hall, member, monotonic(), publishing=False)

    async def run(self, every: float, caught_up: asyncio.Event) -> None:
        """Ask the tables again, for ever: they hear what this node missed, by whatever way it came.

        Also when the follower has caught up after the door was opened: it has begun where the tables are by now, and
        those who came in before were asked about earlier.
        """
        while True:
            late = not caught_up.is_set()
            with suppress(TimeoutError):
                await asyncio.wait_for(caught_up.wait() if late else asyncio.Event().wait(), every)
            for hall in list(self._halls.by_room.values()):
                if hall.room.members:
                    try:
                        await self.ask(hall.room.room_id, list(hall.room.members))
                    except Exception as error:
                        if not is_transient(error):
                            raise
                        log.warning("not asked", error=type(error).__name__)

    def _follow(self, changed: Changed) -> None:
        for one, other in changed.pairs:
            for hall, _ in self._halls.of_user(one):
                if other in hall.room.members:
                    hall.settle(one, other)
                    if self._halls.media:
                        self._halls.media.changed(hall, one, other)
        for user in changed.users:
            for hall, member in self._halls.of_user(user):
                if sanction := self._safety.barring(user, hall.room.room_id):
                    assert sanction.kind
                    self._put_out(hall, member, ENDS[sanction.kind], code_of(sanction))
                else:
                    self.review(hall, member)

    def _put_out(self, hall: Hall, member: Member, reason: LeaveReason, code: Code) -> None:
        """At once: the socket does not wait for the seat."""
        if (socket := hall.sockets.get(member.guest.user)) is not None:
            socket.close(code, reason)
        self._errands.go(self._departures.put_out(hall, member, reason, code))


def code_of(sanction: Sanction) -> Code:
    return Code.SANCTIONED if sanction.room_id is None else Code.KICKED
