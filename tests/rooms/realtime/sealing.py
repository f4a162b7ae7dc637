"""Reports as moderation tells of them, and what comes of them: counted in the log, opened on the shelf."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from libs.contracts.cloudevents import Envelope
from libs.contracts.moderation import ReportUser
from libs.contracts.rooms import EvidenceSeal
from libs.eventstore.keys import SubjectKey
from libs.evidence.canonical import digest
from libs.evidence.seal import address_of, unseal
from libs.evidence.shelf import Shelf
from tests.rooms.realtime.bar import Bar, now
from tests.rooms.safety import told

SEALS = "select data::text as data from events where name = 'evidence_seal' order by pos"


class Case:
    """A report with a key of its own, which rooms never sees whole."""

    def __init__(self, reported: UUID, room: UUID | None = None) -> None:
        self.id = uuid4()
        self.key = SubjectKey(uuid4().bytes * 2).recipient()
        self.event = ReportUser(
            report_id=self.id,
            reporter_user_id=uuid4(),
            reported_user_id=reported,
            room_id=room,
            report_type="harassment",
            evidence_key=address_of(self.key),
        )

    def envelope(self, at: datetime | None = None) -> Envelope:
        """As one telling of it; another time it has another id."""
        return told(self.event, 1, at or now(), stream=f"report-{self.id}")


async def seals(bar: Bar) -> Mapping[UUID, list[EvidenceSeal]]:
    """By report."""
    found: dict[UUID, list[EvidenceSeal]] = {}
    for row in await bar.house.pool.fetch(SEALS):
        seal = EvidenceSeal.read(json.loads(row["data"]), 1)
        found.setdefault(seal.report_id, []).append(seal)
    return found


async def sealed_once(bar: Bar, *cases: Case) -> bool:
    """The checker: each report has one seal, neither less nor more."""
    found = await seals(bar)
    return all(len(found.get(case.id, [])) == 1 for case in cases)


async def opened(bar: Bar, case: Case) -> dict[str, Any]:
    """What a moderator will read: the document whose digest was told."""
    (seal,) = (await seals(bar))[case.id]
    sealed = await Shelf(bar.settings["evidence_url"]).get(case.id, seal.sha256)
    assert sealed
    document = unseal(sealed, case.key, case.id)
    assert digest(document) == seal.sha256
    read: dict[str, Any] = json.loads(document)
    assert int(seal.from_.timestamp() * 1000) == read["from"]
    return read


def said(document: Mapping[str, Any]) -> list[str]:
    """The words that were said."""
    return [fact["told"]["text"] for fact in document["facts"] if fact["told"]["t"] == "chat"]


def objects(folder: Path, case: Case) -> list[Path]:
    place = folder / "sealed" / str(case.id)
    return sorted(place.iterdir()) if place.exists() else []
