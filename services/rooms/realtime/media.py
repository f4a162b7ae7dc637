"""The media server follows the room: out of its voice who has left, silent who is muted, apart who is kept apart.

The room's node knows first, so it is the one that tells; nobody waits for it, and what does not arrive in a minute of
trying is left to the next look (`voice/look.py`), which repeats all that must be so.
"""

import asyncio
from collections.abc import Callable
from typing import Final
from uuid import UUID

import structlog

from libs.safety.surface import Surface
from services.rooms.realtime.errands import Errands
from services.rooms.realtime.hall import Hall
from services.rooms.realtime.room import Member
from services.rooms.voice.livekit import LiveKit, MediaAway
from services.rooms.voice.orders import Attend, Order, Remove, Rules, orders
from services.rooms.voice.words import Participant

log = structlog.get_logger(__name__)

PAUSES: Final = (0.1, 0.2, 0.5, 1.0, 2.0, *[5.0] * 12)  # seconds between two tries
Pair = tuple[UUID, UUID]
"""Speaker and listener: users."""


class Media:
    """`may_speak(user, room)` at this moment; `is_ours`: whether this node may say so of its rooms."""

    def __init__(self, livekit: LiveKit, may_speak: Callable[[UUID, UUID], bool], is_ours: Callable[[], bool]) -> None:
        self._livekit = livekit
        self._may_speak = may_speak
        self._is_ours = is_ours
        self._errands = Errands()
        self._due: dict[UUID, set[Pair]] = {}  # by room: who may be audible again, since it was last settled
        self._stale: set[UUID] = set()  # rooms that have changed since

    def parted(self, hall: Hall, member: Member) -> None:
        """The visit is over, whatever ended it: nobody will ever be let in by its identity again."""
        self._errands.go(self._insist(hall.room.room_id, Remove(str(member.guest.visit))))

    def changed(self, hall: Hall, *pair: UUID) -> None:
        """Somebody may speak, or may not any more; or these two have fallen out, or made up."""
        room = hall.room.room_id
        idle = room not in self._due
        again = self._due.setdefault(room, set())
        self._stale.add(room)
        if pair:
            again |= {pair, pair[::-1]}  # type: ignore[arg-type]
        if idle:
            self._errands.go(self._settle(hall))

    async def finish(self, within: float) -> None:
        await self._errands.finish(within)

    async def _insist(self, room: UUID, order: Order) -> None:
        for pause in PAUSES:
            try:
                await self._livekit.obey(room, order)
            except MediaAway as away:
                log.warning("order put off", error=str(away), room=str(room))
                await asyncio.sleep(pause)
            else:
                return

    async def _settle(self, hall: Hall) -> None:
        room = hall.room.room_id
        try:
            for pause in PAUSES:
                pairs, self._due[room] = self._due[room], set()
                self._stale.discard(room)
                if not self._is_ours():
                    return
                try:
                    for order in given(await self._livekit.present(room), self._rules(hall), pairs):
                        await self._livekit.obey(room, order)
                except MediaAway as away:
                    log.warning("room not settled", error=str(away), room=str(room))
                    self._due[room] |= pairs
                    self._stale.add(room)
                    await asyncio.sleep(pause)
                else:
                    if room not in self._stale:
                        return
        finally:
            del self._due[room]

    def _rules(self, hall: Hall) -> Rules:
        room, members = hall.room.room_id, hall.room.members
        return Rules(
            guests={member.guest.visit: user for user, member in members.items()},
            silent={user for user in members if not self._may_speak(user, room)},
            unheard={(user, other) for user in members for other in hall.veil.deaf(Surface.VOICE, user)},
        )


def given(present: list[Participant], rules: Rules, again: set[Pair]) -> list[Order]:
    """Nobody is removed by a node that has not heard of their visit yet: only by its end, and by the tables."""
    told: list[Order] = [order for order in orders(present, rules) if not isinstance(order, Remove)]
    by_user = {rules.guests[each.visit]: each for each in present if each.visit and each.visit in rules.guests}
    for speaker, listener in again - rules.unheard:
        if speaker in by_user and listener in by_user and (tracks := by_user[speaker].microphones):
            told.append(Attend(by_user[listener].identity, tuple(each.track for each in tracks), hear=True))
    return told
