"""The one door of moderation."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from libs.eventstore.db import Pool, Record
from libs.eventstore.keys import KeyRing
from libs.eventstore.store import Store
from libs.evidence.shelf import Shelf
from services.moderation import audit, queries
from services.moderation.appeals import Appeals, Told
from services.moderation.audit import Entry
from services.moderation.cases import Cases
from services.moderation.evidence import Evidence
from services.moderation.filing import Filing
from services.moderation.queries import Place
from services.moderation.retention import Retention
from services.moderation.sanctions import Sanctions, Stated
from services.moderation.sealed import Seals
from services.moderation.settings import ModerationSettings
from services.moderation.texts import Texts

NEWEST = 100


@dataclass(frozen=True, slots=True)
class MyReport:
    row: Record
    description: str | None


class Moderation:
    """`filing`: reports come in; `cases`: moderators work on them; `sanctions`; `evidence`: pictures; `retention`."""

    def __init__(self, store: Store, pool: Pool, keys: KeyRing, settings: ModerationSettings) -> None:
        texts, seals = Texts(keys), Seals(keys, Shelf(settings.evidence_url))
        self.filing = Filing(store, pool, keys, texts, settings)
        self.cases = Cases(store, pool, texts, seals, settings)
        self.sanctions = Sanctions(store, pool, texts)
        self.appeals = Appeals(store, pool, texts)
        self.evidence = Evidence(pool, keys, settings)
        self.retention = Retention(store, pool, keys, self.evidence, seals, settings.retention)
        self._pool, self._texts = pool, texts

    async def reports_of(self, reporter: UUID, after: Place | None, limit: int) -> list[MyReport]:
        """What somebody has reported, newest first, in their own words."""
        rows = await queries.mine(self._pool, reporter, after, limit)
        return [
            MyReport(row, await self._texts.open(row["description"], reporter, row["id"], about=row["id"]))
            for row in rows
        ]

    async def sanctions_of(self, user_id: UUID, after: Place | None, limit: int) -> list[Told]:
        """What stands or stood against somebody, as they are told."""
        stated = await self.sanctions.stated(await queries.told_of(self._pool, user_id, after, limit))
        return [await self.appeals.told(each) for each in stated]

    async def record_of(self, user_id: UUID, by: UUID, at: datetime) -> tuple[Record, Sequence[Stated]]:
        """All about a person, and an entry that it was looked at. Raises NotFound."""
        person = await queries.person(self._pool, user_id)
        sanctions = await self.sanctions.stated(await queries.sanctions_of(self._pool, user_id, None, NEWEST))
        await audit.enter(self._pool, at, Entry("user_view", by, user_id, user_id))
        return person, sanctions
