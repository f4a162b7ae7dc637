"""Appeals: one for a sanction, in its window, judged by somebody who had no part in it. In stream `safety-{user}`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from libs.contracts.event import Event
from libs.contracts.moderation import AppealDecide, AppealOpen, AppealStatement, AppealText, SanctionLift
from services.moderation.deciders.measure import Moderator, Objection, Record, Sanction
from services.moderation.deciders.refusals import (
    AppealDecided,
    AppealExists,
    AppealWindow,
    NotFound,
    Outranked,
    SameModerator,
)

WINDOW: Final = timedelta(days=180)


@dataclass(frozen=True, slots=True)
class Appeal:
    """Object to a sanction, which was `imposed_at` then, and `lifted` by somebody since then. `text` is sealed."""

    appeal_id: UUID
    sanction_id: UUID
    user_id: UUID
    text: str | None
    at: datetime
    imposed_at: datetime
    lifted: bool = False


@dataclass(frozen=True, slots=True)
class Judge:
    """Decide an appeal; `upheld` lifts the sanction. `statement` is sealed under the sanction's key.

    `target_rank` is that of the sanctioned.
    """

    appeal_id: UUID
    by: Moderator
    upheld: bool
    statement: str | None
    target_rank: int = 0


def object_to(state: Record, command: Appeal) -> Sequence[Event]:
    found = state.find(command.sanction_id)
    if found is None or found.measure.user_id != command.user_id or found.phase == "needs_second_approver":
        raise NotFound
    if found.appeal is not None:
        if found.appeal.appeal_id == command.appeal_id:
            return []
        raise AppealExists
    if command.lifted or command.at > command.imposed_at + WINDOW:
        raise AppealWindow
    about = {"appeal_id": command.appeal_id, "sanction_id": command.sanction_id, "user_id": command.user_id}
    return [AppealOpen(**about), AppealText(**about, text=command.text)]


def judge(state: Record, command: Judge) -> Sequence[Event]:
    found, by = state.appealed(command.appeal_id), command.by.user_id
    if found is None or found.appeal is None or found.measure.user_id == by:
        raise NotFound
    if found.appeal.by is not None:
        if (found.appeal.by, found.appeal.upheld) == (by, command.upheld):
            return []
        raise AppealDecided
    if command.by.rank <= command.target_rank:
        raise Outranked
    if by in (found.by, found.approved_by):
        raise SameModerator
    about = {
        "appeal_id": command.appeal_id,
        "sanction_id": found.measure.sanction_id,
        "user_id": found.measure.user_id,
    }
    decided = [
        AppealDecide(**about, upheld=command.upheld, by_user_id=by),
        AppealStatement(**about, statement=command.statement),
    ]
    return [*decided, *_lifted(found, by)] if command.upheld else decided


def _lifted(found: Sanction, by: UUID) -> Sequence[Event]:
    """Where it is not over by itself."""
    measure = found.measure
    if found.phase != "in_force":
        return []
    return [SanctionLift(sanction_id=measure.sanction_id, user_id=measure.user_id, reason="appeal", by_user_id=by)]


def objection_of(event: AppealOpen | AppealDecide) -> Objection:
    """What the sanction's state keeps of it."""
    if isinstance(event, AppealOpen):
        return Objection(event.appeal_id)
    return Objection(event.appeal_id, event.by_user_id, event.upheld)
