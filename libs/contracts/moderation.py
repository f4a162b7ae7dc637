"""Moderation's facts: reports, sanctions, appeals. All restricted."""

from uuid import UUID

from libs.contracts.event import Event, Personal
from libs.contracts.topic import Topic
from libs.contracts.vocabulary import (
    Instant,
    LiftReason,
    ReasonCode,
    ReportOutcome,
    ReportType,
    SanctionKind,
    UserId,
)

REPORT = Topic(producer="moderation", stream="report", audience="restricted")
SAFETY = Topic(producer="moderation", stream="safety", audience="restricted")


class ReportUser(Event):
    """Somebody asked for help. What they wrote is under their own key."""

    TOPIC = REPORT
    SUBJECT = ("reporter_user_id",)
    report_id: UUID
    reporter_user_id: UserId
    reported_user_id: UserId
    room_id: UUID | None = None
    report_type: ReportType
    description: Personal[str] = None
    evidence_url: Personal[str] = None


class ReportReview(Event):
    """A moderator took the case."""

    TOPIC = REPORT
    SUBJECT = ("report_id",)
    report_id: UUID


class ReportResolve(Event):
    """The case is closed."""

    TOPIC = REPORT
    SUBJECT = ("report_id",)
    report_id: UUID
    outcome: ReportOutcome
    sanction_id: UUID | None = None


class SanctionUser(Event):
    """A sanction holds from now on: until `until`, or for good; in one room where `room_id` is given."""

    TOPIC = SAFETY
    sanction_id: UUID
    user_id: UserId
    kind: SanctionKind
    room_id: UUID | None = None
    until: Instant | None = None
    reason_code: ReasonCode
    report_id: UUID | None = None
    by_user_id: UserId


class SanctionLift(Event):
    """A sanction no longer holds."""

    TOPIC = SAFETY
    sanction_id: UUID
    user_id: UserId
    reason: LiftReason


class AppealOpen(Event):
    """The sanctioned person objects."""

    TOPIC = SAFETY
    appeal_id: UUID
    sanction_id: UUID
    user_id: UserId


class AppealDecide(Event):
    """Another moderator judged the appeal; `upheld` is of the appeal, so true lifts the sanction."""

    TOPIC = SAFETY
    appeal_id: UUID
    sanction_id: UUID
    user_id: UserId
    upheld: bool
