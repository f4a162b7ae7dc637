"""One record of a topic: what it says, where it came from, and in whose order it stands."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from libs.contracts.cloudevents import ContractError, Envelope, decode

Headers = Sequence[tuple[str, bytes | None]]
Place = tuple[str, bytes]
"""Topic and key: records of one place are taken in their order."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A record, read as far as it can be. Exactly one of `envelope` and `error` is set, unless the event is unknown.

    An envelope with an error is an event of ours that this program cannot read (a later version, say): it keeps its
    place, and what comes after it waits. Without an envelope it is nobody's event, and nothing waits for it.
    """

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    first_seen: datetime
    envelope: Envelope | None
    error: ContractError | None

    @classmethod
    def read(cls, record: Any, now: datetime) -> "Letter":
        """From an aiokafka ConsumerRecord, or anything with its members. Never raises."""
        envelope: Envelope | None = None
        error: ContractError | None = None
        try:
            envelope = decode(record.value, record.headers)
            if envelope.name != record.topic:
                raise ContractError(f"{envelope.name} has no business in the topic {record.topic}")
            envelope.event()
        except ContractError as misfit:
            error = misfit
        except Exception as surprise:  # whatever it is, it must not take its batch along
            error = ContractError(f"unreadable: {type(surprise).__name__}")
        return cls(
            record.topic,
            record.partition,
            record.offset,
            record.key,
            record.value,
            record.headers,
            now,
            envelope,
            error,
        )

    @property
    def place(self) -> Place:
        if self.envelope is None or self.key is None:
            return self.topic, b"\0%d/%d" % (self.partition, self.offset)
        return self.topic, self.key

    @property
    def origin(self) -> str:
        """`room_join/3@1207`."""
        return f"{self.topic}/{self.partition}@{self.offset}"

    @property
    def digest(self) -> bytes:
        """32 bytes over key, value and headers."""
        hashed = hashlib.sha256()
        for part in (self.key, self.value, *(each for name, value in self.headers for each in (name.encode(), value))):
            hashed.update(b"-" if part is None else b"%d:%b" % (len(part), part))
        return hashed.digest()
