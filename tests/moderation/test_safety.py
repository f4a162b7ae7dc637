"""What may stand against a person: given, when, then; and whatever moderators and time do in any order."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given as any_of
from hypothesis import strategies as st

from libs.contracts.event import Event
from libs.contracts.moderation import (
    SanctionDrop,
    SanctionForget,
    SanctionLift,
    SanctionPropose,
    SanctionStatement,
    SanctionUser,
)
from libs.eventstore.decider import Refused
from services.moderation.deciders.measure import Moderator, rank
from services.moderation.deciders.refusals import NotFound, NotProposed, Outranked, SameModerator
from services.moderation.deciders.safety import SAFETY, Approve, Command, Expire, Forget, Impose, Withdraw
from tests.given import given
from tests.moderation.people import (
    BOB,
    LOUNGE,
    MAX,
    MIA,
    MODERATOR,
    NINE,
    OLA,
    OPERATOR,
    SANCTION,
    SECOND,
    after,
    measure,
)

TOLD = SanctionStatement(sanction_id=SANCTION, user_id=BOB, statement="sealed")


def imposed(**changes: Any) -> SanctionUser:
    usual: dict[str, Any] = {
        "sanction_id": SANCTION,
        "user_id": BOB,
        "kind": "mute",
        "reason_code": "harassment",
        "by_user_id": MAX,
    }
    return SanctionUser(**usual | changes)


def lifted(reason: Any, by: UUID | None = None) -> SanctionLift:
    return SanctionLift(sanction_id=SANCTION, user_id=BOB, reason=reason, by_user_id=by)


PROPOSED = SanctionPropose(sanction_id=SANCTION, user_id=BOB, kind="ban", reason_code="harassment", by_user_id=MAX)


def test_a_sanction_holds_at_once_and_its_person_is_told_why() -> None:
    until = after(60)
    given(SAFETY).when(Impose(measure(until=until), "sealed", MODERATOR)).then(imposed(until=until), TOLD)
    ban = Impose(measure(kind="room_ban", room_id=LOUNGE), "sealed", MODERATOR)
    given(SAFETY).when(ban).then(imposed(kind="room_ban", room_id=LOUNGE), TOLD)
    given(SAFETY, imposed()).when(Impose(measure(), "sealed", MODERATOR)).then()


def test_a_ban_for_good_waits_for_another_moderator() -> None:
    ban = Impose(measure(kind="ban"), "sealed", MODERATOR)
    state = given(SAFETY).when(ban).then(PROPOSED, TOLD)
    assert state.in_force == ()
    given(SAFETY, PROPOSED).when(Approve(SANCTION, MODERATOR)).then_refused(SameModerator)
    both = imposed(kind="ban", approved_by_user_id=MIA)
    assert given(SAFETY, PROPOSED).when(Approve(SANCTION, SECOND)).then(both).in_force
    given(SAFETY, PROPOSED, both).when(Approve(SANCTION, SECOND)).then()
    given(SAFETY, PROPOSED, both).when(Approve(SANCTION, OPERATOR)).then_refused(NotProposed)
    for_a_day = measure(kind="ban", until=after(86_400))
    given(SAFETY).when(Impose(for_a_day, "sealed", MODERATOR)).then(imposed(kind="ban", until=after(86_400)), TOLD)


def test_a_proposal_is_taken_back_without_ever_having_held() -> None:
    dropped = SanctionDrop(sanction_id=SANCTION, user_id=BOB, by_user_id=MAX)
    given(SAFETY, PROPOSED).when(Withdraw(SANCTION, MODERATOR)).then(dropped)
    given(SAFETY, PROPOSED, dropped).when(Approve(SANCTION, SECOND)).then_refused(NotProposed)
    given(SAFETY, PROPOSED, dropped).when(Withdraw(SANCTION, MODERATOR)).then()


def test_nobody_sanctions_their_equals_nor_those_above_nor_themselves() -> None:
    for by, target_rank in ((MODERATOR, 1), (MODERATOR, 2), (OPERATOR, 2), (Moderator(BOB, 2), 0)):
        given(SAFETY).when(Impose(measure(), "sealed", by, target_rank)).then_refused(Outranked)
        given(SAFETY, imposed()).when(Withdraw(SANCTION, by, target_rank)).then_refused(Outranked)
        given(SAFETY, PROPOSED).when(Approve(SANCTION, by, target_rank)).then_refused(Outranked)
    given(SAFETY).when(Impose(measure(), "sealed", OPERATOR, 1)).then(imposed(by_user_id=OLA), TOLD)
    assert [rank(roles) for roles in ([], ["analyst"], ["moderator"], ["moderator", "operator"])] == [0, 0, 1, 2]


def test_a_sanction_is_lifted_once_by_time_or_by_a_moderator() -> None:
    timed = imposed(until=after(60))
    given(SAFETY, timed).when(Expire(SANCTION, after(59))).then()
    given(SAFETY, timed).when(Expire(SANCTION, after(60))).then(lifted("expired"))
    given(SAFETY, timed, lifted("expired")).when(Expire(SANCTION, after(61))).then()
    given(SAFETY, timed).when(Withdraw(SANCTION, SECOND)).then(lifted("withdrawn", MIA))
    given(SAFETY, timed, lifted("withdrawn", MIA)).when(Expire(SANCTION, after(61))).then()
    given(SAFETY, imposed()).when(Expire(SANCTION, after(1e9))).then()


def test_a_warning_and_a_kick_are_over_at_once() -> None:
    for kind in ("warn", "kick"):
        state = given(SAFETY).when(Impose(measure(kind=kind), "sealed", MODERATOR)).then(imposed(kind=kind), TOLD)
        assert state.in_force == ()
        given(SAFETY, imposed(kind=kind)).when(Withdraw(SANCTION, SECOND)).then()


def test_a_sanction_that_is_over_is_let_go_once_and_one_in_force_never() -> None:
    gone = SanctionForget(sanction_id=SANCTION, user_id=BOB)
    over = [imposed(), lifted("withdrawn", MIA)]
    assert given(SAFETY, *over).when(Forget(SANCTION)).then(gone).sanctions == ()
    for history in ([], [imposed()], [PROPOSED], [*over, gone]):
        given(SAFETY, *history).when(Forget(SANCTION)).then()


def test_what_nobody_imposed_is_not_found() -> None:
    for command in (Approve(SANCTION, SECOND), Withdraw(SANCTION, SECOND), Expire(SANCTION, NINE)):
        given(SAFETY).when(command).then_refused(NotFound)


IDS = st.sampled_from([UUID(int=n) for n in range(501, 505)])
WHO = st.sampled_from([MODERATOR, SECOND, OPERATOR, Moderator(BOB, 1)])
RANKS = st.integers(0, 2)
STEPS = st.tuples(
    st.sampled_from(["mute", "ban", "warn", "approve", "withdraw", "expire"]),
    IDS,
    WHO,
    RANKS,
    st.timedeltas(timedelta(), timedelta(minutes=2)),
    st.booleans(),
)


def command_of(what: Any, id: UUID, by: Moderator, target_rank: int, at: datetime, timed: bool) -> Command:
    match what:
        case "approve":
            return Approve(id, by, target_rank)
        case "withdraw":
            return Withdraw(id, by, target_rank)
        case "expire":
            return Expire(id, at)
        case kind:
            until = at + timedelta(minutes=1) if timed and kind != "warn" else None
            return Impose(measure(sanction_id=id, kind=kind, until=until), "sealed", by, target_rank)


@any_of(st.lists(STEPS, max_size=60))
def test_whatever_anybody_does_each_sanction_begins_once_ends_once_and_is_nobodys_own_doing(
    steps: list[tuple[str, UUID, Moderator, int, timedelta, bool]],
) -> None:
    at, state, told = NINE, SAFETY.initial, list[Event]()
    for what, id, by, target_rank, wait, timed in steps:
        at += wait
        command = command_of(what, id, by, target_rank, at, timed)
        try:
            happened = SAFETY.decide(state, command)
        except Refused:
            continue
        if happened and what != "expire":
            assert by.user_id != BOB
            assert by.rank > target_rank
        state = SAFETY.fold(happened, state)
        told += happened
        assert list(SAFETY.decide(state, command)) == [], "a repeated command is free"
    began = [each for each in told if isinstance(each, SanctionUser)]
    ended = [each.sanction_id for each in told if isinstance(each, SanctionLift | SanctionDrop)]
    assert len({each.sanction_id for each in began}) == len(began)
    assert len(set(ended)) == len(ended)
    lasting = {each.sanction_id for each in began if each.kind != "warn"}
    assert {each.measure.sanction_id for each in state.in_force} == lasting - set(ended)
    for ban in began:
        if ban.kind == "ban" and ban.until is None:
            assert ban.approved_by_user_id not in (None, ban.by_user_id)
    for lift in told:
        if isinstance(lift, SanctionLift) and lift.reason == "expired":
            [of] = [each for each in began if each.sanction_id == lift.sanction_id]
            assert of.until
            assert of.until <= at
    assert SAFETY.fold(told) == state
