"""What stands against a person: the sanctions in force, those waiting for a second moderator, their appeals.

Stream `safety-{user}`: everything about one person's sanctions is in one order. The state also knows those that are
over, because they may be appealed, and because a retry must find them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from libs.contracts.event import Event
from libs.contracts.moderation import (
    AppealDecide,
    AppealOpen,
    SanctionDrop,
    SanctionForget,
    SanctionLift,
    SanctionPropose,
    SanctionStatement,
    SanctionUser,
)
from libs.contracts.vocabulary import LiftReason
from libs.eventstore.decider import Decider
from services.moderation.deciders.appeal import Appeal, Judge, judge, object_to, objection_of
from services.moderation.deciders.measure import MOMENTARY, Measure, Moderator, Record, Sanction
from services.moderation.deciders.refusals import NotFound, NotProposed, Outranked, SameModerator


def safety_stream(user_id: UUID) -> str:
    return f"safety-{user_id}"


@dataclass(frozen=True, slots=True)
class Impose:
    """`statement` is sealed under the sanction's key; `target_rank` is that of the person to be sanctioned."""

    measure: Measure
    statement: str | None
    by: Moderator
    target_rank: int = 0


@dataclass(frozen=True, slots=True)
class Approve:
    sanction_id: UUID
    by: Moderator
    target_rank: int = 0


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Lift a sanction, or take a proposal back."""

    sanction_id: UUID
    by: Moderator
    target_rank: int = 0


@dataclass(frozen=True, slots=True)
class Expire:
    """Lift a sanction whose time has run out."""

    sanction_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class Forget:
    """Let go of a sanction that was over long ago."""

    sanction_id: UUID


Command = Impose | Approve | Withdraw | Expire | Forget | Appeal | Judge


def decide(state: Record, command: Command) -> Sequence[Event]:
    if isinstance(command, Impose):
        return _impose(state, command)
    if isinstance(command, Appeal):
        return object_to(state, command)
    if isinstance(command, Judge):
        return judge(state, command)
    found = state.find(command.sanction_id)
    match found, command:
        case Sanction(measure, phase="over"), Forget(sanction_id=id):
            return [SanctionForget(sanction_id=id, user_id=measure.user_id)]
        case _, Forget():
            return []
        case None, _:
            raise NotFound
        case Sanction(measure, phase="in_force"), Expire(at=at) if measure.until and at >= measure.until:
            return [_lift(found, "expired")]
        case _, Expire():
            return []
        case Sanction(phase="needs_second_approver"), Approve(by=by):
            _must_outrank(by, found.measure.user_id, command.target_rank)
            if by.user_id == found.by:
                raise SameModerator
            return [_sanction(found.measure, found.by, approved_by=by.user_id)]
        case Sanction(approved_by=second), Approve(by=by) if second == by.user_id:
            return []
        case _, Approve():
            raise NotProposed
        case Sanction(phase="over"), Withdraw():
            return []
        case Sanction(phase=phase), Withdraw(by=by):
            _must_outrank(by, found.measure.user_id, command.target_rank)
            return [_drop(found, by.user_id) if phase == "needs_second_approver" else _lift(found, "withdrawn", by)]
    raise AssertionError(f"no answer to {command}")


def _must_outrank(by: Moderator, user_id: UUID, target_rank: int) -> None:
    if by.user_id == user_id or by.rank <= target_rank:
        raise Outranked


def _impose(state: Record, command: Impose) -> Sequence[Event]:
    measure, by = command.measure, command.by
    if state.find(measure.sanction_id):
        return []
    _must_outrank(by, measure.user_id, command.target_rank)
    told = SanctionStatement(sanction_id=measure.sanction_id, user_id=measure.user_id, statement=command.statement)
    return [_propose(measure, by.user_id) if measure.needs_two else _sanction(measure, by.user_id), told]


def _sanction(measure: Measure, by: UUID, approved_by: UUID | None = None) -> SanctionUser:
    return SanctionUser(
        sanction_id=measure.sanction_id,
        user_id=measure.user_id,
        kind=measure.kind,
        room_id=measure.room_id,
        until=measure.until,
        reason_code=measure.reason_code,
        report_id=measure.report_id,
        by_user_id=by,
        approved_by_user_id=approved_by,
    )


def _propose(measure: Measure, by: UUID) -> SanctionPropose:
    return SanctionPropose(
        sanction_id=measure.sanction_id,
        user_id=measure.user_id,
        kind=measure.kind,
        room_id=measure.room_id,
        until=measure.until,
        reason_code=measure.reason_code,
        report_id=measure.report_id,
        by_user_id=by,
    )


def _lift(found: Sanction, reason: LiftReason, by: Moderator | None = None) -> SanctionLift:
    measure = found.measure
    return SanctionLift(
        sanction_id=measure.sanction_id, user_id=measure.user_id, reason=reason, by_user_id=by and by.user_id
    )


def _drop(found: Sanction, by: UUID) -> SanctionDrop:
    return SanctionDrop(sanction_id=found.measure.sanction_id, user_id=found.measure.user_id, by_user_id=by)


def evolve(state: Record, event: Event) -> Record:
    match event:
        case SanctionPropose(by_user_id=by):
            return state.having(Sanction(_measure(event), by, "needs_second_approver"))
        case SanctionUser(by_user_id=by, approved_by_user_id=second, kind=kind):
            return state.having(Sanction(_measure(event), by, "over" if kind in MOMENTARY else "in_force", second))
        case SanctionLift(sanction_id=id) | SanctionDrop(sanction_id=id) if found := state.find(id):
            return state.having(replace(found, phase="over"))
        case (AppealOpen(sanction_id=id) | AppealDecide(sanction_id=id)) as told if found := state.find(id):
            return state.having(replace(found, appeal=objection_of(told)))
        case SanctionForget(sanction_id=id):
            return Record(tuple(each for each in state.sanctions if each.measure.sanction_id != id))
        case _:
            return state


def _measure(event: SanctionUser | SanctionPropose) -> Measure:
    return Measure(
        sanction_id=event.sanction_id,
        user_id=event.user_id,
        kind=event.kind,
        reason_code=event.reason_code,
        room_id=event.room_id,
        until=event.until,
        report_id=event.report_id,
    )


SAFETY: Decider[Record, Command] = Decider("safety", Record(), decide, evolve, state_type=Record, state_schema=2)
