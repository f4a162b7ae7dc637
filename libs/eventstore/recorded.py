"""An event as the log has it, and how a row becomes one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from libs.contracts.event import Event
from libs.eventstore.db import Record
from libs.eventstore.keys import Cipher

COLUMNS = """
pos, stream_id, version, event_id, name, schema_version, subject, data::text as data, meta::text as meta, recorded_at
"""
"""What `Reader.read` needs of an `events` row. JSON travels as text, so that no codec of the pool matters."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A fact and its place in the log."""

    event: Event
    event_id: UUID
    stream_id: str
    version: int  # in its stream, from 1
    pos: int  # in the log; grows, with holes
    at: datetime  # aware; the command's time
    meta: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reader:
    """Turns rows into events, unsealing what is personal; None where the key has been destroyed."""

    cipher: Cipher
    catalogue: Mapping[str, type[Event]]  # by name, as libs.contracts.catalogue.EVENTS

    async def read(self, row: Record) -> Recorded:
        """Raises LookupError for an event this program does not know yet."""
        data = await self.cipher.open(orjson.loads(row["data"]), row["subject"], row["event_id"])
        event = self.catalogue[row["name"]].read(data, row["schema_version"])
        meta = orjson.loads(row["meta"])
        return Recorded(event, row["event_id"], row["stream_id"], row["version"], row["pos"], row["recorded_at"], meta)
