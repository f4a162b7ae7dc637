"""A room's owner as moderation meets it: seals a document to a report's key, puts it on the shelf, tells of it."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from libs.contracts.rooms import EvidenceSeal
from libs.evidence.canonical import canonical, digest
from libs.evidence.seal import seal
from libs.evidence.shelf import Shelf
from tests.moderation.house import House
from tests.moderation.people import LOUNGE, NINE

SAID: dict[str, Any] = {"format": "test", "facts": [{"t": "chat", "text": "boo", "at": 1}]}


async def sealed_for(
    house: House, shelf: Shelf, report: UUID, document: dict[str, Any] = SAID, to: datetime = NINE
) -> str:
    """Its SHA-256."""
    data = "select data ->> 'evidence_key' from events where stream_id = $1 and name = 'report_user'"
    key = await house.pool.fetchval(data, f"report-{report}")
    sealed = canonical(document)
    await shelf.put(report, digest(sealed), seal(sealed, key, report))
    await tells(house, report, digest(sealed), to)
    return digest(sealed)


async def tells(house: House, report: UUID, sha256: str, to: datetime = NINE) -> None:
    """Of a seal, whether or not there is one."""
    begun = to - timedelta(seconds=120)
    await house.hears(EvidenceSeal(report_id=report, room_id=LOUNGE, sha256=sha256, from_=begun, to=to))
