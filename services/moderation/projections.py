"""What happened, as rows. What people wrote is sealed already (texts.py)."""

from libs.contracts.erasure import ErasureDone
from libs.contracts.event import Event
from libs.contracts.moderation import (
    AppealDecide,
    AppealOpen,
    AppealStatement,
    AppealText,
    ReportEvidence,
    ReportForget,
    ReportNote,
    ReportRelease,
    ReportResolve,
    ReportReview,
    ReportUser,
    SanctionDrop,
    SanctionForget,
    SanctionLift,
    SanctionPropose,
    SanctionStatement,
    SanctionUser,
)
from libs.eventstore.db import Db
from libs.eventstore.projections import Projection, Table
from libs.eventstore.recorded import Recorded
from services.moderation.deciders.measure import MOMENTARY

FILE = """
with report as (
  insert into reports (id, reporter_user_id, reported_user_id, room_id, report_type, description, status, created_at)
  values ($1, $2, $3, $4, $5, $6, 'open', $7)
)
insert into cases (report_id) values ($1)
"""
HAND_IN = """
with report as (update reports set evidence_url = $3 where id = $1)
update cases set evidence_id = $2 where report_id = $1
"""
CLAIM = """
with report as (update reports set status = 'reviewing' where id = $1)
update cases set claimed_by = $2, claimed_until = $3 where report_id = $1
"""
RELEASE = """
with report as (update reports set status = 'open' where id = $1)
update cases set claimed_by = null, claimed_until = null where report_id = $1
"""
RESOLVE = """
with report as (update reports set status = 'resolved' where id = $1)
update cases set claimed_by = null, claimed_until = null, resolved_by = $2, resolved_at = $3, outcome = $4,
  sanction_id = $5
where report_id = $1
"""
NOTE = "insert into report_notes (note_id, report_id, by_user_id, written_at, note) values ($1, $2, $3, $4, $5)"
# What they wrote is gone with their key; what was written about them is others'.
FORGET = """
with appealed as (update appeals set text = null where user_id = $1 and text is not null)
update reports set description = null where reporter_user_id = $1 and description is not null
"""
FORGET_CASE = """
with report as (update reports set description = null, evidence_url = null where id = $1),
     notes as (update report_notes set note = null where report_id = $1)
update cases set forgotten = true where report_id = $1
"""

IMPOSE = """
insert into sanctions (id, user_id, kind, room_id, reason_code, report_id, by_user_id, approved_by_user_id, state,
  imposed_at, until, ended_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, case $9 when 'done' then $10::timestamptz end)
on conflict (id) do update set state = excluded.state, approved_by_user_id = excluded.approved_by_user_id,
  imposed_at = excluded.imposed_at
"""
STATE_REASONS = "update sanctions set statement = $2 where id = $1"
FORGET_REASONS = """
with appealed as (update appeals set text = null, statement = null where sanction_id = $1)
update sanctions set statement = null where id = $1
"""
APPEAL = "insert into appeals (id, sanction_id, user_id, state, opened_at) values ($1, $2, $3, 'open', $4)"
APPEAL_TEXT = "update appeals set text = $2 where id = $1"
JUDGE = "update appeals set state = $2, decided_by_user_id = $3, decided_at = $4 where id = $1"
JUDGE_REASONS = "update appeals set statement = $2 where id = $1"
END = "update sanctions set state = $2, ended_at = $3 where id = $1"


async def project(db: Db, happened: Recorded) -> None:
    event, at = happened.event, happened.at
    match event:
        case ReportUser(report_id=report) as e:
            people = (e.reporter_user_id, e.reported_user_id)
            await db.execute(FILE, report, *people, e.room_id, e.report_type, e.description, at)
        case ReportEvidence(report_id=report, evidence_id=evidence, evidence_url=link):
            await db.execute(HAND_IN, report, evidence, link)
        case ReportReview(report_id=report, by_user_id=by, until=until):
            await db.execute(CLAIM, report, by, until)
        case ReportRelease(report_id=report):
            await db.execute(RELEASE, report)
        case ReportNote(report_id=report, by_user_id=by, note=note):
            await db.execute(NOTE, happened.event_id, report, by, at, note)
        case ReportResolve(report_id=report, by_user_id=by, outcome=outcome, sanction_id=sanction):
            await db.execute(RESOLVE, report, by, at, outcome, sanction)
        case ReportForget(report_id=report):
            await db.execute(FORGET_CASE, report)
        case ErasureDone(user_id=user):
            await db.execute(FORGET, user)
        case Event():
            await _project_sanction(db, happened)


async def _project_sanction(db: Db, happened: Recorded) -> None:
    event, at = happened.event, happened.at
    match event:
        case (SanctionPropose() | SanctionUser()) as e:
            second = e.approved_by_user_id if isinstance(e, SanctionUser) else None
            state = "needs_second_approver"
            if isinstance(e, SanctionUser):
                state = "done" if e.kind in MOMENTARY else "in_force"
            what = (e.user_id, e.kind, e.room_id, e.reason_code, e.report_id, e.by_user_id, second)
            await db.execute(IMPOSE, e.sanction_id, *what, state, at, e.until)
        case SanctionStatement(sanction_id=sanction, statement=statement):
            await db.execute(STATE_REASONS, sanction, statement)
        case SanctionLift(sanction_id=sanction, reason=reason):
            await db.execute(END, sanction, reason, at)
        case SanctionForget(sanction_id=sanction):
            await db.execute(FORGET_REASONS, sanction)
        case SanctionDrop(sanction_id=sanction):
            await db.execute(END, sanction, "withdrawn", at)
        case Event():
            await _project_appeal(db, happened)


async def _project_appeal(db: Db, happened: Recorded) -> None:
    event, at = happened.event, happened.at
    match event:
        case AppealOpen(appeal_id=appeal, sanction_id=sanction, user_id=user):
            await db.execute(APPEAL, appeal, sanction, user, at)
        case AppealText(appeal_id=appeal, text=text):
            await db.execute(APPEAL_TEXT, appeal, text)
        case AppealDecide(appeal_id=appeal, upheld=upheld, by_user_id=by):
            await db.execute(JUDGE, appeal, "upheld" if upheld else "rejected", by, at)
        case AppealStatement(appeal_id=appeal, statement=statement):
            await db.execute(JUDGE_REASONS, appeal, statement)
        case Event():
            pass


CASES = Projection(
    tables=(
        Table(
            "reports",
            ("id",),
            (
                "reporter_user_id", "reported_user_id", "room_id", "report_type", "description", "evidence_url",
                "status", "created_at",
            ),
        ),
        Table(
            "cases",
            ("report_id",),
            (
                "evidence_id", "claimed_by", "claimed_until", "resolved_by", "resolved_at", "outcome", "sanction_id",
                "forgotten",
            ),
        ),
        Table("report_notes", ("note_id",), ("report_id", "by_user_id", "written_at", "note")),
        Table(
            "sanctions",
            ("id",),
            (
                "user_id", "kind", "room_id", "reason_code", "report_id", "by_user_id", "approved_by_user_id", "state",
                "imposed_at", "until", "ended_at", "statement",
            ),
        ),
        Table(
            "appeals",
            ("id",),
            (
                "sanction_id", "user_id", "text", "state", "opened_at", "decided_by_user_id", "decided_at",
                "statement",
            ),
        ),
    ),
    apply=project,
)  # fmt: skip
