"""The reliable lane of one room: everything the room was told lately, in order, for those who were cut off meanwhile.

An offset says which owner counted it: `fence << SEQ_BITS | seq`, in Redis the stream id `<fence>-<seq>`. So each owner
counts on above whatever an earlier one can have told anybody, and an offset that its successor never heard of is in no
ring: nobody takes it for one of its own.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from libs.safety.surface import Surface
from services.rooms.realtime.commands import Cid
from services.rooms.realtime.frames import HEADROOM
from services.rooms.realtime.veil import NOBODY

SEQ_BITS: Final = 30
"""A billion messages by one owner, and offsets a client may keep in a double for eight million owners."""
KEPT: Final = 2_000  # entries; a longer replay would cost more than a snapshot
MARK_EVERY: Final = 500  # entries between two checkpoints: several of them are in a full ring


def first_offset(fence: int) -> int:
    """Where an owner begins to count."""
    return fence << SEQ_BITS


def stream_id(offset: int) -> str:
    return f"{offset >> SEQ_BITS}-{offset & ((1 << SEQ_BITS) - 1)}"


def offset_of(stream_id: str | bytes) -> int:
    fence, _, seq = (stream_id.decode() if isinstance(stream_id, bytes) else stream_id).partition("-")
    return int(fence) << SEQ_BITS | int(seq)


@dataclass(slots=True, eq=False)
class Entry:
    """One message as it was told; a checkpoint, or what had to be forgotten, has no frame."""

    offset: int
    at: int  # epoch milliseconds
    frame: bytearray  # HEADROOM, then JSON: the very bytes that were sent
    surface: Surface | None = None  # None: for everybody
    about: tuple[UUID, ...] = ()  # whose doing it was
    only: UUID | None = None  # told to one alone
    deaf: Set[UUID] = NOBODY  # whom it did not reach
    chat: UUID | None = None  # the message id, where it is one
    redacted: bool = False  # told, and taken back: never replayed
    cid: Cid | None = None  # of the command it answered
    visit: UUID | None = None  # that began with it
    checkpoint: bytes = b""  # the roster at this offset: see roster.py
    fresh: bool = False  # a checkpoint before which nothing counts

    @property
    def json(self) -> bytes:
        return bytes(self.frame[HEADROOM:])


class Lane:
    """`put` is called in the same moment the room is told; nothing here waits.

    `unwritten` and `unwanted` (offsets) are for Redis, and `stir` is called where there is something new in them.
    """

    def __init__(self, kept: int = KEPT, seconds: float = 600.0, entries: Iterable[Entry] = ()) -> None:
        """`entries` are those of the owners before."""
        self._kept = kept
        self._milliseconds = int(seconds * 1000)
        self._ring: deque[Entry] = deque(entries)
        self._start: int | None = None  # clients who know this offset, or a later one, miss nothing
        self._chats = {entry.chat: entry for entry in self._ring if entry.chat}
        self.unmarked = 0  # entries since the last checkpoint
        self.generation = 0  # of what Redis has
        self.unwritten: deque[Entry] = deque()
        self.unwanted: list[int] = []
        self.stir: Callable[[], None] = lambda: None

    def put(self, entry: Entry) -> None:
        self._ring.append(entry)
        self.unwritten.append(entry)
        self.unmarked = 0 if entry.checkpoint else self.unmarked + 1
        if entry.chat:
            self._chats[entry.chat] = entry
        self.prune(entry.at)
        self.stir()

    def prune(self, at: int) -> None:
        """Forget what is too old, or too much. Epoch milliseconds."""
        while self._ring and (len(self._ring) > self._kept or self._ring[0].at < at - self._milliseconds):
            oldest = self._ring.popleft()
            self._start = oldest.offset
            if oldest.chat:
                self._chats.pop(oldest.chat, None)

    @property
    def oldest(self) -> int:
        """Offset; 0 where there is nothing."""
        return self._ring[0].offset if self._ring else 0

    @property
    def begins(self) -> int | None:
        """Epoch milliseconds, from which on nothing is missing; None where there is nothing at all."""
        return self._ring[0].at if self._ring else None

    @property
    def marked(self) -> bool:
        """Whether a checkpoint is among what is kept."""
        return self.unmarked < len(self._ring)

    def since(self, offset: int) -> list[Entry] | None:
        """What was told after that; None where some of it is gone, or nobody was ever told `offset`."""
        missed: list[Entry] = []
        for entry in reversed(self._ring):
            if entry.offset <= offset:
                return missed[::-1] if entry.offset == offset else None
            missed.append(entry)
        return missed[::-1] if offset == self._start else None

    def entries(self, since: int = 0) -> Iterator[Entry]:
        """What was told from that moment on (epoch milliseconds), to whomever: evidence, redacted or not."""
        return (entry for entry in self._ring if entry.frame and entry.at >= since)

    def people(self) -> set[UUID]:
        """Whose doings are in here."""
        return {user for entry in self._ring for user in entry.about}

    def chat(self, message_id: UUID) -> Entry | None:
        """A chat message that can still be taken back."""
        entry = self._chats.get(message_id)
        return None if entry is None or entry.redacted else entry

    def authors(self) -> set[UUID]:
        """Whose words are in here."""
        return {entry.about[0] for entry in self._chats.values()}

    def chats_by(self, user: UUID) -> list[Entry]:
        return [entry for entry in self._chats.values() if entry.about[0] == user and not entry.redacted]

    def redact(self, entry: Entry) -> None:
        """Never told again, by whomever; evidence of it stays."""
        entry.redacted = True
        self.unwanted.append(entry.offset)
        self.stir()

    def erase(self, user: UUID) -> None:
        """Forget what somebody said, in here and in Redis."""
        for message_id, entry in list(self._chats.items()):
            if entry.about[0] == user:
                self.redact(entry)
                entry.frame = bytearray()
                del self._chats[message_id]

    def spill(self) -> bool:
        """True where more waits for Redis than anybody keeps: none of it is written, but the checkpoint to come."""
        if len(self.unwritten) <= self._kept:
            return False
        self.unwritten.clear()
        self.generation += 1
        return True

    def start_anew(self) -> None:
        """Redis has lost what was told so far: what it has not heard yet begins with the next checkpoint."""
        self.unwritten.clear()
        self.unwanted.clear()
        self.generation += 1
