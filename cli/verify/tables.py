"""Streams and tables against the events they come from."""

from collections.abc import Sequence

from asyncpg import Connection

from cli.verify.report import Report
from cli.verify.sources import Service
from libs.chassis.postgres import connect, session
from libs.contracts.catalogue import EVENTS
from libs.eventstore.errors import Unreplayable
from libs.eventstore.keys import Cipher, KeyRing
from libs.eventstore.rebuild import Rebuild
from libs.eventstore.rebuild import Report as Differing
from libs.eventstore.recorded import Reader
from libs.eventstore.shadow import Difference
from libs.eventstore.verify import stream_faults


async def check(service: Service, report: Report) -> None:
    """Fold every stream, rebuild every table beside the live one, and name what differs; then what else must hold."""
    db = await session(service.url, service.name)
    try:
        await _streams(db, service, report)
        for audit in service.kept.audits:
            report.name([f"{service.name}: {fault}" for fault in await audit(db)], "faults")
    finally:
        await db.close()
    if service.kept.tables:
        try:
            found = await replayed(service, merge=False)
        except Unreplayable as stopped:
            report.problems.append(f"{service.name}: {stopped}")
        else:
            report.name(sentences(service.name, found.differences), "rows")


async def _streams(db: Connection, service: Service, report: Report) -> None:
    faults = [fault async for fault in stream_faults(db, service.kept.deciders)]
    report.name([f"{service.name}: stream {each.stream_id}: {each.reason}" for each in faults], "streams")


async def replayed(service: Service, *, merge: bool) -> Differing:
    """Fold the service's tables anew beside the live ones; `merge` corrects the rows that differ."""
    db = await session(service.url, service.name)  # of its own: shadows live as long as the session
    try:
        async with await connect(service.keys_url, service.name, size=2) as keys:
            rebuild = Rebuild(db, Reader(Cipher(KeyRing(keys)), EVENTS), list(service.kept.tables.values()))
            return await (rebuild.merge() if merge else rebuild.compare())
    finally:
        await db.close()


def sentences(service: str, differences: Sequence[Difference]) -> list[str]:
    """`rooms: rooms {"id": …}: the row is missing`. Says where, never what: rows hold personal data."""
    return [f"{service}: {each.table} {dict(each.key)}: {_said(each)}" for each in differences]


def _said(difference: Difference) -> str:
    match difference.kind:
        case "missing":
            return "the row is missing"
        case "extra":
            return "no event accounts for the row"
        case "changed":
            return f"changed: {', '.join(difference.columns)}"
