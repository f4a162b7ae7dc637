"""A room comes up on this node: from what Postgres says of its seats, and Redis of what its people know."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from time import monotonic
from typing import Final
from uuid import UUID

from libs.safety.pairs import ordered
from services.rooms.node_door import NodeDoor, NotOwner
from services.rooms.ports import Entered, Owned, Seat
from services.rooms.realtime.bouncer import Bouncer
from services.rooms.realtime.codes import Code
from services.rooms.realtime.floor import FLOORS
from services.rooms.realtime.hall import Hall
from services.rooms.realtime.halls import Halls
from services.rooms.realtime.lane import Lane, first_offset
from services.rooms.realtime.lane_past import Overtaken, Past
from services.rooms.realtime.lease import Lease
from services.rooms.realtime.movement import Pace
from services.rooms.realtime.room import Guest, Room
from services.rooms.realtime.roster import Person, Roster
from services.rooms.realtime.settings import NodeSettings
from services.rooms.realtime.slots import Slots
from services.rooms.realtime.veil import Veil
from services.rooms.realtime.view import Range

BODY_BYTES: Final = 10  # of room:{roomId}:transforms


class Openings:
    """Each room once, however many say hello at the same time."""

    def __init__(self, door: NodeDoor, halls: Halls, lease: Lease, bouncer: Bouncer, settings: NodeSettings) -> None:
        self._door = door
        self._halls = halls
        self._lease = lease
        self._bouncer = bouncer
        self._settings = settings
        self._opening: dict[UUID, asyncio.Future[Hall]] = {}

    async def hall(self, room_id: UUID) -> Hall:
        """The room on this node, opened at its first hello. Raises NotOwner, and what Postgres raises."""
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
        past = await self._past(owned)
        seats = await self._door.seats(room_id)
        known = {*(seat.user_id for seat in seats), *(past.roster.people if past.roster else ())}
        if known:
            await self._bouncer.ask(room_id, sorted(known))
        return self.bring_up(owned, past, seats, since)

    def bring_up(self, owned: Owned, past: Past, seats: Sequence[Seat], since: float) -> Hall:
        """Nobody waits in here: whoever comes in, or is told to have gone, finds all of it. `since`: it was ours."""
        hall = self._hall(owned, past, since)
        self._halls.open(hall, stream=past.exists)
        if past.roster is None:
            hall.begin()
        else:
            self._restore(hall, past.roster, past.bodies, seats)
        self._seat(hall, seats)
        if past.roster is not None:
            hall.mark()
            self._halls.retract_in(hall)
        if self._halls.media:
            self._halls.media.changed(hall)  # what was said while nobody had the room
        return hall

    async def _past(self, owned: Owned) -> Past:
        if (lanes := self._halls.lanes) is None:
            return Past(first_offset(owned.fence))
        try:
            return await lanes.past(owned.room_id, owned.fence)
        except Overtaken:
            again = await self._door.claim(owned.room_id, self._lease.node_id, self._lease.incarnation)
            if again.fence != owned.fence:
                raise NotOwner from None
            await lanes.discard(owned.room_id)  # Postgres decides who the owner is, and knows of none after us
            return Past(first_offset(owned.fence))

    def _hall(self, owned: Owned, past: Past, since: float) -> Hall:
        settings = self._settings
        room = Room(
            owned.room_id,
            owned.fence,
            epoch=past.roster.epoch if past.roster else "",
            floor=FLOORS[owned.theme],
            pace=Pace(settings.walk_cm_per_second, settings.walk_cm_per_second, settings.teleport_seconds),
            slots=Slots(settings.slot_rest_seconds),
        )
        room.names_visits = settings.voice_adapter == "livekit"
        room.offset = past.reached
        lane = Lane(seconds=settings.lane_seconds, entries=past.entries if past.roster else ())
        hz = settings.tick_hz
        range = Range(
            settings.view_nearest, max(1, int(settings.view_look_seconds * hz)), int(settings.keyframe_seconds * hz)
        )
        return Hall(room, since, Veil(self._halls.safety.relation), lane, owned.created_by, range)

    def _restore(self, hall: Hall, roster: Roster, bodies: dict[UUID, bytes], seats: Sequence[Seat]) -> None:
        """As the room's people know it; then what has changed since, which they are told like anything else."""
        now = monotonic()
        hall.patient_until = now + self._settings.away_seconds  # they are on their way here
        seated = {seat.visit_id: seat for seat in seats}
        for person in roster.people.values():
            seat = seated.get(person.visit)
            body = bodies.get(person.user, b"") or person.body
            body = body if len(body) == BODY_BYTES else b""
            self._halls.restore(hall, guest_of(seat) if seat else _stranger(person), person, body, now)
        hall.room.slots.restore(roster.slots, {person.slot for person in roster.people.values()}, now)
        hall.veil.restore(roster.hidden)
        for person in roster.people.values():
            if person.visit not in seated or self._halls.has_ended(person.visit):
                self._halls.part(person.visit, "left", Code.SEAT_GONE, now)
        for one, other in self._strained(hall.room.members, roster.hidden):
            hall.settle(one, other)

    def _strained(self, members: Iterable[UUID], hidden: Iterable[tuple[UUID, UUID]]) -> set[tuple[UUID, UUID]]:
        """Whoever may have fallen out, or made up, while nobody was looking."""
        here = set(members)
        pairs = {ordered(*pair) for pair in (*self._halls.safety.among(here), *hidden)}
        return {pair for pair in pairs if here.issuperset(pair)}

    def _seat(self, hall: Hall, seats: Sequence[Seat]) -> None:
        """People of the owner before: with time to come back."""
        now, at = monotonic(), datetime.now(UTC)
        for seat in seats:
            if self._halls.has_ended(seat.visit_id):
                continue
            found = self._halls.find(seat.visit_id)
            member = found[1] if found else self._halls.admit(hall, guest_of(seat), now, away=True)
            self._bouncer.review(hall, member)
            silent = (at - seat.last_heartbeat).total_seconds()
            member.heard = now - max(0.0, min(silent, self._settings.silence_seconds - self._settings.beat_seconds))


def guest_of(seat: Entered | Seat) -> Guest:
    """Somebody with a seat, as the room knows them."""
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


def _stranger(person: Person) -> Guest:
    """Of a visit that is over: all there is to say of it."""
    return Guest(person.user, person.visit, person.visit, datetime.min.replace(tzinfo=UTC), "web")
