"""Moderation's facts: reports, sanctions, appeals. All restricted.

What people wrote about a case is kept in facts of its own, stored only, whose subject is the case or the sanction:
under their keys it outlives those who are in it, and ends with them.
"""

from uuid import UUID

from libs.contracts.event import Event, Personal
from libs.contracts.topic import Topic
from libs.contracts.vocabulary import (
    Instant,
    LiftReason,
    PublicKey,
    ReasonCode,
    ReportOutcome,
    ReportType,
    SanctionKind,
    UserId,
)

REPORT = Topic(producer="moderation", stream="report", audience="restricted")
SAFETY = Topic(producer="moderation", stream="safety", audience="restricted")


class ReportUser(Event):
    """Somebody asked for help. What they wrote is under their own key; a link to evidence is in `ReportEvidence`.

    Whoever saw something seals it to `evidence_key`, the public half of the case's key.
    """

    TOPIC = REPORT
    SUBJECT = ("reporter_user_id",)
    report_id: UUID
    reporter_user_id: UserId
    reported_user_id: UserId
    room_id: UUID | None = None
    report_type: ReportType
    description: Personal[str] = None
    evidence_url: Personal[str] = None
    evidence_key: PublicKey | None = None


class ReportEvidence(Event):
    """What was handed in with a report, under the case's key."""

    SUBJECT = ("report_id",)
    report_id: UUID
    evidence_id: UUID
    evidence_url: Personal[str] = None


class ReportReview(Event):
    """A moderator took the case, until `until`."""

    TOPIC = REPORT
    SUBJECT = ("report_id",)
    report_id: UUID
    by_user_id: UserId | None = None
    until: Instant | None = None


class ReportRelease(Event):
    """The case is open to others again: its moderator gave it back (`by_user_id`), or their time ran out."""

    SUBJECT = ("report_id",)
    report_id: UUID
    by_user_id: UserId | None = None


class ReportNote(Event):
    """What a moderator wrote down about a case, under the case's key."""

    SUBJECT = ("report_id",)
    report_id: UUID
    by_user_id: UserId
    note: Personal[str] = None


class ReportResolve(Event):
    """The case is closed."""

    TOPIC = REPORT
    SUBJECT = ("report_id",)
    report_id: UUID
    outcome: ReportOutcome
    sanction_id: UUID | None = None
    by_user_id: UserId | None = None


class ReportForget(Event):
    """The case's time is over: its key is destroyed, and with it what was written about it and its evidence."""

    SUBJECT = ("report_id",)
    report_id: UUID


class SanctionPropose(Event):
    """A sanction that holds once a second moderator has said so."""

    sanction_id: UUID
    user_id: UserId
    kind: SanctionKind
    room_id: UUID | None = None
    until: Instant | None = None
    reason_code: ReasonCode
    report_id: UUID | None = None
    by_user_id: UserId


class SanctionStatement(Event):
    """The reasons for a sanction, as its person is told them; under the sanction's key."""

    SUBJECT = ("sanction_id",)
    sanction_id: UUID
    user_id: UserId
    statement: Personal[str] = None


class SanctionDrop(Event):
    """A proposed sanction was taken back."""

    sanction_id: UUID
    user_id: UserId
    by_user_id: UserId


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
    approved_by_user_id: UserId | None = None


class SanctionLift(Event):
    """A sanction no longer holds."""

    TOPIC = SAFETY
    sanction_id: UUID
    user_id: UserId
    reason: LiftReason
    by_user_id: UserId | None = None


class SanctionForget(Event):
    """The sanction's time is over: its key is destroyed, and with it its reasons."""

    sanction_id: UUID
    user_id: UserId


class AppealOpen(Event):
    """The sanctioned person objects."""

    TOPIC = SAFETY
    appeal_id: UUID
    sanction_id: UUID
    user_id: UserId


class AppealText(Event):
    """What the sanctioned person has to say, sealed under their key and the sanction's."""

    SUBJECT = ("sanction_id",)
    appeal_id: UUID
    sanction_id: UUID
    user_id: UserId
    text: Personal[str] = None


class AppealDecide(Event):
    """Another moderator judged the appeal; `upheld` is of the appeal, so true lifts the sanction."""

    TOPIC = SAFETY
    appeal_id: UUID
    sanction_id: UUID
    user_id: UserId
    upheld: bool
    by_user_id: UserId | None = None


class AppealStatement(Event):
    """The reasons for that, as the person is told them; under the sanction's key."""

    SUBJECT = ("sanction_id",)
    appeal_id: UUID
    sanction_id: UUID
    user_id: UserId
    statement: Personal[str] = None
