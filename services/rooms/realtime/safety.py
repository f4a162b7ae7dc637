"""What this node knows of who may not meet, speak or stay: from the service's tables and from topics, newest first.

Neither has to be complete: what the tables have not heard yet the node hears for itself, from where they had got to.
"""

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, TypeVar
from uuid import UUID

from libs.contracts.cloudevents import Envelope
from libs.contracts.rooms import RoomMute as RoomMuted
from libs.contracts.rooms import RoomUnmute
from libs.safety.pairs import FLAGS, Pair, change, ordered, place_of
from libs.safety.relation import GOOD, STRANGERS, Relation, Standing
from libs.safety.rule import can_interact
from libs.safety.surface import Surface
from services.rooms.realtime.messages import Scope
from services.rooms.sanction import Sanction, heard
from services.rooms.standings import Known, RoomMute

K = TypeVar("K")
V = TypeVar("V")

REMEMBERED: Final = 200_000  # pairs, and people; the newest, and those here, whom the tables are asked about ever again


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Changed:
    """Whom something new is known of."""

    pairs: set[tuple[UUID, UUID]] = field(default_factory=set)
    users: set[UUID] = field(default_factory=set)


class Safety:
    """`hear` and `learn` in any order, any number of times."""

    def __init__(self, clock: Callable[[], datetime] = _now, remembered: int = REMEMBERED) -> None:
        self._clock = clock
        self._remembered = remembered
        self._pairs: OrderedDict[tuple[UUID, UUID], Pair] = OrderedDict()
        self._sanctions: OrderedDict[UUID, dict[UUID, Sanction]] = OrderedDict()  # by user, by id
        self._mutes: OrderedDict[tuple[UUID, UUID], RoomMute] = OrderedDict()  # by room and user

    # what is asked

    def relation(self, one: UUID, other: UUID) -> Relation:
        """From the first one's side."""
        pair = self._pairs.get(ordered(one, other))
        return STRANGERS if pair is None else pair.seen_by(low=one.int < other.int)

    def among(self, users: Collection[UUID]) -> list[tuple[UUID, UUID]]:
        """The pairs of them of whom anything is known."""
        return [pair for pair in self._pairs if pair[0] in users and pair[1] in users]

    def barring(self, user: UUID, room: UUID) -> Sanction | None:
        """What keeps somebody out of a room at this moment; of several, one that keeps them out of all rooms."""
        now = self._clock()
        found = [each for each in self._sanctions.get(user, {}).values() if each.bars(room, now)]
        return min(found, key=lambda sanction: sanction.room_id is not None, default=None)

    def mutes(self, user: UUID, room: UUID) -> dict[Scope, datetime | None]:
        """By whose word somebody may not speak in a room at this moment, and until when."""
        now = self._clock()
        mutes: dict[Scope, datetime | None] = {}
        by_house = [each.until for each in self._sanctions.get(user, {}).values() if each.mutes(room, now)]
        if by_house:
            mutes["house"] = None if None in by_house else max(until for until in by_house if until)
        if (mute := self._mutes.get((room, user))) and mute.holds(now):
            mutes["room"] = mute.until
        return mutes

    def may_speak(self, user: UUID, room: UUID) -> bool:
        standing = Standing(muted=bool(self.mutes(user, room)), barred=self.barring(user, room) is not None)
        return bool(can_interact(standing, GOOD, Surface.CHAT))

    # what is told

    def hear(self, envelope: Envelope) -> Changed:
        """An event of a topic."""
        event, changed = envelope.event(), Changed()
        if said := change(event, place_of(envelope)):
            self._put_pair((said.low, said.high), Pair().after(said), changed)
        elif sanction := heard(event, place_of(envelope), envelope.time):
            self._put_sanctions([sanction], changed)
        elif isinstance(event, RoomMuted):
            mute = RoomMute(event.room_id, event.user_id, envelope.time, True, event.until)
            self._put_mute(mute, changed)
        elif isinstance(event, RoomUnmute):
            self._put_mute(RoomMute(event.room_id, event.user_id, envelope.time, False), changed)
        return changed

    def learn(self, known: Known) -> Changed:
        """What the service's tables say."""
        changed = Changed()
        for ids, pair in known.pairs.items():
            self._put_pair(ids, pair, changed)
        self._put_sanctions(known.sanctions, changed)
        for mute in known.mutes:
            self._put_mute(mute, changed)
        return changed

    def _put_pair(self, ids: tuple[UUID, UUID], pair: Pair, changed: Changed) -> None:
        before = self._pairs.get(ids, Pair())
        if self._put(self._pairs, ids, _newest(before, pair)):
            changed.pairs.add(ids)

    def _put_sanctions(self, sanctions: Iterable[Sanction], changed: Changed) -> None:
        for each in sanctions:
            known = self._sanctions.get(each.user_id, {})
            before = known.get(each.sanction_id)
            merged = before.merged(each) if before else each
            if self._put(self._sanctions, each.user_id, {**known, each.sanction_id: merged}):
                changed.users.add(each.user_id)

    def _put_mute(self, mute: RoomMute, changed: Changed) -> None:
        key = (mute.room_id, mute.user_id)
        before = self._mutes.get(key)
        if self._put(self._mutes, key, before if before and before.at >= mute.at else mute):
            changed.users.add(mute.user_id)

    def _put(self, known: OrderedDict[K, V], key: K, value: V) -> bool:
        """True where that is news."""
        before = known.get(key)
        known[key] = value
        known.move_to_end(key)
        if len(known) > self._remembered:
            known.popitem(last=False)
        return value != before


def _newest(one: Pair, other: Pair) -> Pair:
    """Flag by flag, whatever is the later word."""
    latest = {flag: other if other.places[flag] > one.places[flag] else one for flag in FLAGS}
    return Pair({flag: latest[flag].flags[flag] for flag in FLAGS}, {flag: latest[flag].places[flag] for flag in FLAGS})
