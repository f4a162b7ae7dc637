"""The audit log: who did and saw what, written with the act itself, chained so that nothing of it can be changed.

    hash(n) = SHA-256(hash(n - 1), the entry as canonical JSON), hash(0) = SHA-256("virtubar audit 1")

An entry says who, what and when in ids and words of closed lists, and nothing that anybody wrote. Acts are entered by
`ACTS` whenever their event is appended: nobody can act without it, and the entry has the event's id. Views are entered
by whoever shows something, before it is shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final, Literal
from uuid import UUID, uuid4

import orjson

from libs.contracts.event import Event
from libs.contracts.moderation import (
    AppealDecide,
    ReportRelease,
    ReportResolve,
    ReportReview,
    SanctionDrop,
    SanctionLift,
    SanctionPropose,
    SanctionUser,
)
from libs.eventstore.db import Db, Pool, Record
from libs.eventstore.projections import Projection
from libs.eventstore.recorded import Recorded

Action = Literal[
    "report_view",
    "evidence_view",
    "user_view",
    "audit_view",
    "report_claim",
    "report_release",
    "report_resolve",
    "sanction_propose",
    "sanction_impose",
    "sanction_approve",
    "sanction_withdraw",
    "sanction_expire",
    "sanction_appeal",
    "appeal_view",
    "appeal_decide",
]

ENTER = """
insert into audit (entry_id, at, by_user_id, action, object_id, about_user_id, detail)
values ($1, $2, $3, $4, $5, $6, $7)
"""
GENESIS: Final = sha256(b"virtubar audit 1").digest()
LIFTED: Final[Mapping[str, Action]] = {
    "expired": "sanction_expire",
    "withdrawn": "sanction_withdraw",
    "appeal": "sanction_appeal",
}


ACTED: Final = tuple(
    event.NAME
    for event in (
        *(ReportReview, ReportRelease, ReportResolve),
        *(SanctionPropose, SanctionUser, SanctionDrop, SanctionLift, AppealDecide),
    )
)
"""What `entry_of` has an entry for."""


@dataclass(frozen=True, slots=True)
class Entry:
    """`by` None is the house itself; `object_id` is the report, sanction or person that it was done to."""

    action: Action
    by: UUID | None
    object_id: UUID
    about: UUID | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


async def enter(db: "Db | Pool", at: datetime, entry: Entry, entry_id: UUID | None = None) -> None:
    """Put an entry beside what it tells of, in the same transaction. The chain takes it up from there."""
    said = (entry.by, entry.action, entry.object_id, entry.about, dict(entry.detail))
    await db.execute(ENTER, entry_id or uuid4(), at, *said)


def entry_of(event: Event) -> Entry | None:
    """What an act is entered as; None for what is no moderator's act."""
    match event:
        case ReportReview(by_user_id=by, report_id=report):
            return Entry("report_claim", by, report)
        case ReportRelease(by_user_id=by, report_id=report):
            return Entry("report_release", by, report)
        case ReportResolve(by_user_id=by, report_id=report, outcome=outcome, sanction_id=sanction):
            return Entry("report_resolve", by, report, detail=_said(outcome=outcome, sanction_id=sanction))
        case SanctionPropose(by_user_id=by, sanction_id=sanction, user_id=user):
            return Entry("sanction_propose", by, sanction, user, _measure(event))
        case SanctionUser(sanction_id=sanction, user_id=user, approved_by_user_id=UUID() as second):
            return Entry("sanction_approve", second, sanction, user, _measure(event))
        case SanctionUser(by_user_id=by, sanction_id=sanction, user_id=user):
            return Entry("sanction_impose", by, sanction, user, _measure(event))
        case SanctionLift(by_user_id=by, sanction_id=sanction, user_id=user, reason=reason):
            return Entry(LIFTED[reason], by, sanction, user)
        case SanctionDrop(by_user_id=by, sanction_id=sanction, user_id=user):
            return Entry("sanction_withdraw", by, sanction, user)
        case AppealDecide(by_user_id=by, appeal_id=appeal, user_id=user, upheld=upheld):
            return Entry("appeal_decide", by, appeal, user, _said(outcome="upheld" if upheld else "rejected"))
        case _:
            return None


def _measure(event: SanctionUser | SanctionPropose) -> Mapping[str, Any]:
    until = event.until and event.until.astimezone(UTC).isoformat()
    return _said(
        kind=event.kind, reason_code=event.reason_code, until=until, room_id=event.room_id, report_id=event.report_id
    )


def _said(**members: Any) -> Mapping[str, Any]:
    return {name: value if isinstance(value, str) else str(value) for name, value in members.items() if value}


async def _enter_act(db: Db, happened: Recorded) -> None:
    if entry := entry_of(happened.event):
        await enter(db, happened.at, entry, happened.event_id)


ACTS = Projection(tables=(), apply=_enter_act)
"""For the store alone. No rebuild writes the audit log: what is chained is never written again."""


def link(before: bytes, row: "Record | Mapping[str, Any]", seq: int) -> bytes:
    """The hash of an entry that is the `seq`th, where `before` is the hash of the one before it."""
    return sha256(before + canonical(row, seq)).digest()


def canonical(row: "Record | Mapping[str, Any]", seq: int) -> bytes:
    """An entry as bytes, the same wherever they are made: JSON, sorted, without blanks, times in UTC."""
    said = {
        "seq": seq,
        "entry_id": str(row["entry_id"]),
        "at": row["at"].astimezone(UTC).isoformat(timespec="microseconds"),
        "by_user_id": row["by_user_id"] and str(row["by_user_id"]),
        "action": row["action"],
        "object_id": str(row["object_id"]),
        "about_user_id": row["about_user_id"] and str(row["about_user_id"]),
        "detail": row["detail"],
    }
    return orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
