"""What a room's owner sealed for a case, opened again: the document as it was, or an honest word about why not."""

from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import orjson

from libs.eventstore.db import Db, Record
from libs.eventstore.keys import KeyRing
from libs.evidence.canonical import digest
from libs.evidence.seal import Unopened, unseal
from libs.evidence.shelf import Shelf, ShelfUnavailable

SEAL = "select room_id, sha256, from_at, to_at from seals where report_id = $1"

SealState = Literal["not_sealed", "sealed", "missing", "altered", "key_destroyed", "unavailable"]


@dataclass(frozen=True, slots=True)
class Sealed:
    """`row` has room_id, sha256, from_at, to_at; None where nothing was sealed, or not yet.

    There is a document only where its SHA-256 is the one that rooms told.
    """

    state: SealState
    row: Record | None = None
    document: dict[str, Any] | None = None


class Seals:
    def __init__(self, keys: KeyRing, shelf: Shelf) -> None:
        self._keys = keys
        self._shelf = shelf

    async def find(self, db: Db, report_id: UUID) -> Record | None:
        return await db.fetchrow(SEAL, report_id)

    async def open(self, row: Record | None, report_id: UUID) -> Sealed:
        """What was sealed, where `find` found `row`. Whoever asks is in the audit log by now."""
        if row is None:
            return Sealed("not_sealed")
        key = await self._keys.find(report_id)
        if key is None:
            return Sealed("key_destroyed", row)
        try:
            sealed = await self._shelf.get(report_id, row["sha256"])
        except ShelfUnavailable:
            return Sealed("unavailable", row)
        if sealed is None:
            return Sealed("missing", row)
        try:
            document = unseal(sealed, key.recipient(), report_id)
        except Unopened:
            return Sealed("altered", row)
        if digest(document) != row["sha256"]:
            return Sealed("altered", row)
        return Sealed("sealed", row, orjson.loads(document))

    async def clear(self, report_id: UUID) -> None:
        """The case's time is over. Raises ShelfUnavailable."""
        await self._shelf.clear(report_id)
