"""A room too full to look at, without sockets: who stands where, and what each viewer makes of the frames they get."""

from uuid import UUID, uuid4

from clients.python import frames as client
from libs.safety.relation import STRANGERS, Relation
from services.rooms.realtime import frames
from services.rooms.realtime.floor import Floor
from services.rooms.realtime.hot.line import Line
from services.rooms.realtime.movement import Pace
from services.rooms.realtime.room import Guest, Member, Room
from services.rooms.realtime.slots import Slots
from services.rooms.realtime.veil import Veil
from services.rooms.realtime.view import Range, View
from tests.rooms.people import NINE

BLOCKED = Relation(a_blocks=True)
NEARER = 10 / 16  # of the square of the distance: how much nearer whoever is in view counts


class Viewer(Line):
    """An honest client: `seen` is what it has been shown, by slot. `hides`: it minds the hidden lists."""

    def __init__(self, user: UUID, *, hides: bool = True) -> None:
        super().__init__(None, 1, 1)
        self.user, self.hides, self.full = user, hides, False
        self.seen: dict[int, tuple[int, int, int]] = {}
        self.frames: list[bytearray] = []

    def show(self, frame: bytearray) -> bool:
        if self.full:
            return False
        self.frames.append(frame)
        down = client.read(bytes(frame[frames.HEADROOM :]))
        assert isinstance(down, client.Down)
        if down.keyframe:
            self.seen.clear()
        if self.hides:
            for slot in down.hidden:
                self.seen.pop(slot, None)
        self.seen |= {record.slot: (record.x, record.y, record.z) for record in down.records}
        return True

    @property
    def others(self) -> dict[int, tuple[int, int, int]]:
        """Where it has seen the others; a frame that all are sent holds its own place as well."""
        return {slot: place for slot, place in self.seen.items() if slot != self.member.slot}


class Crowd:
    """One room; blocks are pairs of users, either way round."""

    def __init__(self, range: Range) -> None:
        self.range = range
        self.blocks: set[frozenset[UUID]] = set()
        self.veil = Veil(lambda one, other: BLOCKED if frozenset((one, other)) in self.blocks else STRANGERS)
        self.room = Room(uuid4(), 1, "e", Floor(60_000, 400, 60_000), Pace(1e9, 1e9, -1), Slots())
        self.viewers: dict[UUID, Viewer] = {}
        self.view = View(self.room, self.veil, self.viewers, range)  # type: ignore[arg-type]
        self.ticks = 0

    def come(self, number: int, x: int, z: int, *, hides: bool = True) -> Viewer:
        user = UUID(int=number + 1)
        member, _ = self.room.admit(Guest(user, uuid4(), uuid4(), NINE, "web"), 0.0)
        self.veil.enter(user, self.room.members)
        self.walk(member, x, z)
        viewer = self.viewers[user] = Viewer(user, hides=hides)
        viewer.enter(member, self.room.stage)
        self.view.enter(viewer)  # type: ignore[arg-type]
        return viewer

    def go(self, user: UUID) -> None:
        self.view.exit(self.viewers.pop(user))  # type: ignore[arg-type]
        self.room.part(self.room.members[user], "left", 0.0)
        self.veil.leave(user)

    def walk(self, member: Member, x: int, z: int) -> None:
        seq = 1 if member.seq is None else (member.seq + 1) & 0xFFFF
        assert self.room.stage.move(member, client.up(seq=seq, x=x, y=0, z=z), 0.0) == 0

    def block(self, one: UUID, other: UUID, *, on: bool = True) -> None:
        (self.blocks.add if on else self.blocks.discard)(frozenset((one, other)))
        if one in self.room.members and other in self.room.members:
            self.veil.settle(one, other)

    def tick(self) -> None:
        self.ticks += 1
        self.view.tick(self.ticks)

    def settle(self) -> None:
        """Everybody reads, and has had a look since anything moved."""
        for viewer in self.viewers.values():
            viewer.full = False
        for _ in range(self.range.look_every + 1):
            self.tick()

    def visible_to(self, user: UUID) -> list[Member]:
        """Who may be shown to somebody, in the order in which they came into view."""
        blocked = {next(iter(pair - {user})) for pair in self.blocks if user in pair}
        shown = (self.room.members[member.guest.user] for member in self.room.stage.shown.values())  # type: ignore[attr-defined]
        return [member for member in shown if member.guest.user not in blocked | {user}]


def away(one: Member, other: Member) -> int:
    """The square of how far they are from each other."""
    a, b = one.place, other.place
    return (a.x - b.x) ** 2 + (a.y - b.y) ** 2 + (a.z - b.z) ** 2


def nearest(viewer: Member, others: list[Member], seen: set[int], wanted: int) -> set[int]:
    """By brute force: the slots of the nearest, those already seen counting as nearer."""

    def order(place: tuple[int, Member]) -> tuple[float, int]:
        number, other = place
        return away(viewer, other) * (10 if other.slot in seen else 16), number

    return {other.slot for _, other in sorted(enumerate(others), key=order)[:wanted]}
