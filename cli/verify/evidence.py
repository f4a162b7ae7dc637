"""Sealed evidence against what rooms told of it: every object is there, opens, and is the document that was sealed."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from asyncpg import Connection

from cli.verify.report import Report
from cli.verify.sources import Sources
from libs.chassis.postgres import connect, session
from libs.eventstore.keys import KeyRing
from libs.evidence.shelf import Shelf
from services.moderation.sealed import Seals, SealState

SEALED: Final = """
select (data ->> 'report_id')::uuid as report_id, (data ->> 'room_id')::uuid as room_id, data ->> 'sha256' as sha256
from events where name = 'evidence_seal' order by pos
"""
CASE: Final = """
select c.forgotten, s.sha256 from cases c left join seals s on s.report_id = c.report_id where c.report_id = $1
"""
WRONG: Final[dict[SealState, str]] = {
    "missing": "the sealed object is missing",
    "altered": "the sealed object is not what was sealed",
    "key_destroyed": "the key of a case that is not over is gone",
    "unavailable": "the object store does not answer",
}


async def check(sources: Sources, report: Report) -> None:
    """Name every seal that does not hold."""
    by_name = {service.name: service for service in sources.services}
    if not {"rooms", "moderation"} <= by_name.keys():
        return
    rooms, moderation = by_name["rooms"], by_name["moderation"]
    told, judged = await asyncio.gather(*(session(each.url, each.name) for each in (rooms, moderation)))
    try:
        async with await connect(moderation.keys_url, moderation.name, size=2) as keys:
            seals = Seals(KeyRing(keys), Shelf(sources.evidence_url))
            report.name([fault async for fault in _faults(told, judged, seals)], "faults")
    finally:
        await told.close()
        await judged.close()


async def _faults(told: Connection, judged: Connection, seals: Seals) -> AsyncIterator[str]:
    for row in await told.fetch(SEALED):
        case = await judged.fetchrow(CASE, row["report_id"])
        about = f"evidence: report {row['report_id']}"
        if case is None:
            yield f"{about}: sealed, and nobody reported anything"
        elif not case["forgotten"]:
            if case["sha256"] not in (None, row["sha256"]):
                yield f"{about}: moderation knows of another document"
            found = await seals.open(row, row["report_id"])
            if wrong := WRONG.get(found.state):
                yield f"{about}: {wrong}"
