"""A report, from its filing to its end: one report is one case. Stream `report-{id}`.

Who has a case has it for a lease; at its end it is anybody's again, whether or not the timer has said so yet. Nobody is
judge of their own case: a moderator cannot tell that they were reported, and leaves what they reported to others.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from libs.contracts.event import Event
from libs.contracts.moderation import (
    ReportEvidence,
    ReportForget,
    ReportNote,
    ReportRelease,
    ReportResolve,
    ReportReview,
    ReportUser,
)
from libs.contracts.vocabulary import ReportOutcome, ReportType
from libs.eventstore.decider import Decider
from services.moderation.deciders.case import Closed, Open, Parties, Report, Reviewing, Unfiled
from services.moderation.deciders.refusals import (
    Claimed,
    NotClaimant,
    NotFound,
    ReportExists,
    Resolved,
    SameModerator,
    Self,
)


def report_stream(report_id: UUID) -> str:
    return f"report-{report_id}"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Something handed in: `link` is sealed under the case's key."""

    evidence_id: UUID
    link: str | None


@dataclass(frozen=True, slots=True)
class File:
    """Ask for help. `description` is sealed under the reporter's key; `evidence_key` is the case's public one.

    `known`: there are such a person and such a room; `pending`: the same is waiting to be judged.
    """

    report_id: UUID
    reporter: UUID
    reported: UUID
    room_id: UUID | None
    report_type: ReportType
    description: str | None
    evidence: Evidence | None = None
    known: bool = True
    pending: bool = False
    evidence_key: str | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """Take the case; a moderator who has it gets more time once half of it is gone."""

    by: UUID
    at: datetime
    lease: timedelta


@dataclass(frozen=True, slots=True)
class Release:
    """Give the case back."""

    by: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class Lapse:
    """Take the case from somebody whose time has run out."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Resolve:
    """Close the case. `note` is sealed under the case's key."""

    by: UUID
    at: datetime
    outcome: ReportOutcome
    sanction_id: UUID | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Forget:
    """The case was over long ago: nothing that was written about it is to be read any more."""


Command = File | Claim | Release | Lapse | Resolve | Forget


def decide(state: Report, command: Command) -> Sequence[Event]:
    match state, command:
        case Unfiled(), File():
            return _file(command)
        case _, File():
            return []
        case Unfiled(), _:
            raise NotFound
        case ((Open(case) | Reviewing(case) | Closed(case)), (Claim(by) | Release(by) | Resolve(by))) if (
            by == case.reported
        ):
            raise NotFound
        case Closed(by=by, outcome=outcome, sanction_id=sanction), Resolve() if (by, outcome, sanction) == (
            command.by,
            command.outcome,
            command.sanction_id,
        ):
            return []
        case Closed(case, forgotten=False), Forget():
            return [ReportForget(report_id=case.report_id)]
        case _, Forget():
            return []
        case Closed(), Lapse():
            return []
        case Closed(), _:
            raise Resolved
        case Reviewing(), Lapse(at):
            return [ReportRelease(report_id=state.case.report_id)] if state.lapsed(at) else []
        case Open(), Lapse():
            return []
        case Reviewing(until=until), Claim(by, at, lease) if state.held_by(by, at):
            return [] if until is None or until - at > lease / 2 else [_review(state.case.report_id, command)]
        case Reviewing(), Claim(at=at) if not state.lapsed(at):
            raise Claimed
        case ((Open(case) | Reviewing(case)), Claim(by)) if by == case.reporter:
            raise SameModerator
        case _, Claim():
            return [_review(state.case.report_id, command)]
        case Reviewing(), Release(by, at) if state.held_by(by, at):
            return [ReportRelease(report_id=state.case.report_id, by_user_id=by)]
        case Open(), Release():
            return []
        case Reviewing(), Resolve(by, at) if state.held_by(by, at):
            return _resolve(state.case.report_id, command)
        case _:
            raise NotClaimant


def _file(command: File) -> Sequence[Event]:
    if command.reporter == command.reported:
        raise Self
    if not command.known:
        raise NotFound
    if command.pending:
        raise ReportExists
    filed = ReportUser(
        report_id=command.report_id,
        reporter_user_id=command.reporter,
        reported_user_id=command.reported,
        room_id=command.room_id,
        report_type=command.report_type,
        description=command.description,
        evidence_key=command.evidence_key,
    )
    if command.evidence is None:
        return [filed]
    handed_in = ReportEvidence(
        report_id=command.report_id,
        evidence_id=command.evidence.evidence_id,
        evidence_url=command.evidence.link,
    )
    return [filed, handed_in]


def _review(report_id: UUID, command: Claim) -> Event:
    return ReportReview(report_id=report_id, by_user_id=command.by, until=command.at + command.lease)


def _resolve(report_id: UUID, command: Resolve) -> Sequence[Event]:
    note = ReportNote(report_id=report_id, by_user_id=command.by, note=command.note)
    resolved = ReportResolve(
        report_id=report_id, outcome=command.outcome, sanction_id=command.sanction_id, by_user_id=command.by
    )
    return [note, resolved] if command.note else [resolved]


def evolve(state: Report, event: Event) -> Report:
    match event, state:
        case ReportUser() as e, Unfiled():
            return Open(Parties(e.report_id, e.reporter_user_id, e.reported_user_id))
        case ReportReview(by_user_id=by, until=until), (Open(case) | Reviewing(case)):
            return Reviewing(case, by, until)
        case ReportRelease(), Reviewing(case):
            return Open(case)
        case ReportResolve() as e, (Open(case) | Reviewing(case)):
            return Closed(case, e.by_user_id, e.outcome, e.sanction_id)
        case ReportForget(), Closed():
            return replace(state, forgotten=True)
        case _:
            return state


REPORT: Decider[Report, Command] = Decider("report", Unfiled(), decide, evolve, state_type=Report)
