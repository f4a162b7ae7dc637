"""A room without sockets whose guests are cut off and come back, and which goes from owner to owner.

Each guest's client is honest: it keeps what it heard, says how far it got, and believes the `resumed` it is told.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID, uuid4

from services.rooms.ports import Owned, Seat
from services.rooms.realtime import messages
from services.rooms.realtime.lane import Entry, Lane, first_offset, stream_id
from services.rooms.realtime.lane_past import Past
from services.rooms.realtime.lane_wire import entry_of, fields_of
from services.rooms.realtime.opening import Openings
from services.rooms.realtime.roster import folded
from services.rooms.realtime.settings import NodeSettings
from tests.rooms.people import NINE
from tests.rooms.realtime.views import ROOM, Floor, View

HOST = UUID(int=99)


@dataclass
class Stream:
    """What Redis would have of a lane: every entry that was written, as fields."""

    rows: list[tuple[bytes, dict[bytes, bytes]]] = field(default_factory=list)

    def write(self, lane: Lane) -> None:
        while lane.unwritten:
            self.add(lane.unwritten.popleft())

    def add(self, entry: Entry) -> None:
        fields = [str(each).encode() if not isinstance(each, bytes) else each for each in fields_of(entry)]
        self.rows.append((stream_id(entry.offset).encode(), dict(zip(fields[::2], fields[1::2], strict=True))))

    def past(self, fence: int) -> Past:
        entries = [entry_of(each, fields) for each, fields in self.rows]
        roster, kept = folded(entries)
        reached = max([entry.offset for entry in entries], default=0)
        return Past(max(reached, first_offset(fence)), bool(entries), roster, kept)


class Comings(Floor):
    """`resumed`: how often it was, and how often not."""

    def __init__(self) -> None:
        super().__init__()
        self.fence, self.stream = 1, Stream()
        self.resumed = {True: 0, False: 0}
        self.gone: dict[UUID, View] = {}  # those without a socket
        self.halls.close(self.hall)
        self._up(Past(first_offset(1)))

    def _up(self, past: Past, seats: Sequence[Seat] = ()) -> None:
        openings = Openings(None, self.halls, None, self.bouncer, NodeSettings())  # type: ignore[arg-type]
        owned = Owned(ROOM, self.fence, "lounge", 50, HOST, True)
        self.hall = openings.bring_up(owned, past, seats, 0.0)

    def come(self, user: UUID) -> View:
        view = super().come(user)
        view.roster.epoch, view.roster.offset = self.room.epoch, self.room.offset
        return view

    def cut(self, user: UUID) -> None:
        """Its socket breaks, and the node notices."""
        view = self.gone[user] = self.views.pop(user)
        self.halls.lost(view)  # type: ignore[arg-type]

    def resume(self, user: UUID) -> bool:
        """With what its client knows; as Greeter does it."""
        view, member = self.gone.pop(user), self.room.members[user]
        self.halls.turn(self.hall, member, self.now, publishing=False)
        if member.away:
            self.halls.show(self.hall, member, self.now)
        missed = self.missed(user, view)
        self.resumed[missed is not None] += 1
        if missed is None:
            view.said.clear()
            view.tell(messages.encode(self.room.snapshot(self.hall.veil.hidden_from(user))))
        for frame in missed or ():
            view.tell(frame)
        view.id, self.views[user] = uuid4().hex, view
        self.halls.seat(self.hall, member, view, self.now)  # type: ignore[arg-type]
        return missed is not None

    def missed(self, user: UUID, view: View) -> list[bytearray] | None:
        return self.hall.missed(self.room.members[user], view.roster.epoch, view.roster.offset)

    def hand_over(self, *, unwritten: bool = False) -> None:
        """The owner goes, `unwritten` without its last words; everybody loses their socket."""
        if not unwritten:
            self.stream.write(self.hall.lane)
        seats = self.let_go()
        self.take_over(seats)

    def let_go(self) -> list[Seat]:
        for user in list(self.views):
            self.gone[user] = self.views.pop(user)
        self.halls.close(self.hall)
        return [
            Seat(member.guest.visit, user, member.guest.session, NINE, "web", datetime.now(UTC), NINE)
            for user, member in self.room.members.items()
        ]

    def take_over(self, seats: list[Seat], meanwhile: Callable[[], None] = lambda: None) -> None:
        """`meanwhile`: after what the owner before has left is read, before the room is here."""
        self.fence += 1
        past = self.stream.past(self.fence)
        meanwhile()
        self._up(past, seats)

    def forget(self) -> None:
        """FLUSHALL, noticed."""
        self.stream.rows.clear()
        self.hall.begin()
