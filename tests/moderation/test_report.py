"""What a report may become: given, when, then; and whatever anybody does in any order."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from hypothesis import given as any_of
from hypothesis import strategies as st

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
from services.moderation.deciders.case import Closed, Parties, Reviewing
from services.moderation.deciders.refusals import (
    Claimed,
    NotClaimant,
    NotFound,
    ReportExists,
    Resolved,
    SameModerator,
    Self,
)
from services.moderation.deciders.report import REPORT, Claim, Command, Evidence, File, Forget, Lapse, Release, Resolve
from tests.given import given, play
from tests.moderation.people import ANN, BOB, LEASE, MAX, MIA, NINE, SANCTION, after
from tests.moderation.people import REPORT as ID

FILED = ReportUser(report_id=ID, reporter_user_id=ANN, reported_user_id=BOB, report_type="spam", description="sealed")
TAKEN = ReportReview(report_id=ID, by_user_id=MAX, until=NINE + LEASE)
RESOLVED = ReportResolve(report_id=ID, outcome="no_action", by_user_id=MAX)


def file(**changes: Any) -> File:
    usual: dict[str, Any] = {
        "report_id": ID,
        "reporter": ANN,
        "reported": BOB,
        "room_id": None,
        "report_type": "spam",
        "description": "sealed",
    }
    return File(**usual | changes)


def test_a_report_is_filed_with_what_was_handed_in() -> None:
    given(REPORT).when(file()).then(FILED)
    handed_in = ReportEvidence(report_id=ID, evidence_id=SANCTION, evidence_url="sealed too")
    given(REPORT).when(file(evidence=Evidence(SANCTION, "sealed too"))).then(FILED, handed_in)
    given(REPORT, FILED).when(file()).then()


def test_one_does_not_report_oneself_nor_anybody_twice_nor_nobody() -> None:
    given(REPORT).when(file(reported=ANN, known=False)).then_refused(Self)
    given(REPORT).when(file(known=False)).then_refused(NotFound)
    given(REPORT).when(file(pending=True)).then_refused(ReportExists)


def test_one_moderator_at_a_time_has_the_case() -> None:
    given(REPORT, FILED).when(Claim(MAX, NINE, LEASE)).then(TAKEN)
    given(REPORT, FILED, TAKEN).when(Claim(MIA, after(899), LEASE)).then_refused(Claimed)
    late = ReportReview(report_id=ID, by_user_id=MIA, until=after(1800))
    given(REPORT, FILED, TAKEN).when(Claim(MIA, after(900), LEASE)).then(late)


def test_who_has_the_case_claims_it_for_longer_once_half_of_the_time_is_gone() -> None:
    given(REPORT, FILED, TAKEN).when(Claim(MAX, after(449), LEASE)).then()
    longer = ReportReview(report_id=ID, by_user_id=MAX, until=after(450) + LEASE)
    given(REPORT, FILED, TAKEN).when(Claim(MAX, after(450), LEASE)).then(longer)


def test_a_case_is_given_back_by_its_moderator_or_by_time() -> None:
    given(REPORT, FILED, TAKEN).when(Release(MAX, after(1))).then(ReportRelease(report_id=ID, by_user_id=MAX))
    given(REPORT, FILED, TAKEN).when(Release(MIA, after(1))).then_refused(NotClaimant)
    given(REPORT, FILED).when(Release(MAX, after(1))).then()
    given(REPORT, FILED, TAKEN).when(Lapse(after(899))).then()
    given(REPORT, FILED, TAKEN).when(Lapse(after(900))).then(ReportRelease(report_id=ID))
    given(REPORT, FILED).when(Lapse(after(900))).then()


def test_a_case_is_resolved_by_whoever_has_it_and_once() -> None:
    given(REPORT, FILED, TAKEN).when(Resolve(MAX, after(1), "no_action")).then(RESOLVED)
    noted = ReportNote(report_id=ID, by_user_id=MAX, note="sealed")
    given(REPORT, FILED, TAKEN).when(Resolve(MAX, after(1), "no_action", note="sealed")).then(noted, RESOLVED)
    for command in (Resolve(MIA, after(1), "no_action"), Resolve(MAX, after(900), "no_action")):
        given(REPORT, FILED, TAKEN).when(command).then_refused(NotClaimant)
    given(REPORT, FILED).when(Resolve(MAX, after(1), "no_action")).then_refused(NotClaimant)
    over = given(REPORT, FILED, TAKEN, RESOLVED)
    over.when(Resolve(MAX, after(9999), "no_action", note="again")).then()
    for late in (Resolve(MIA, after(2), "no_action"), Resolve(MAX, after(2), "duplicate"), Claim(MIA, after(2), LEASE)):
        over.when(late).then_refused(Resolved)
    over.when(Lapse(after(9999))).then()


def test_nobody_is_judge_of_their_own_case() -> None:
    for command in (Claim(BOB, after(1), LEASE), Release(BOB, after(1)), Resolve(BOB, after(1), "no_action")):
        for history in ([FILED], [FILED, TAKEN], [FILED, TAKEN, RESOLVED]):
            given(REPORT, *history).when(command).then_refused(NotFound)
    given(REPORT, FILED).when(Claim(ANN, after(1), LEASE)).then_refused(SameModerator)


def test_a_closed_case_is_forgotten_once_and_an_open_one_never() -> None:
    gone = ReportForget(report_id=ID)
    given(REPORT, FILED, TAKEN, RESOLVED).when(Forget()).then(gone)
    for history in ([FILED], [FILED, TAKEN], [FILED, TAKEN, RESOLVED, gone]):
        given(REPORT, *history).when(Forget()).then()


def test_what_nobody_filed_cannot_be_worked_on() -> None:
    given(REPORT).when(Claim(MAX, NINE, LEASE)).then_refused(NotFound)


def test_a_review_of_older_days_said_neither_who_nor_how_long() -> None:
    old = ReportReview(report_id=ID)
    state = (
        given(REPORT, FILED, old)
        .when(Claim(MIA, NINE, LEASE))
        .then(ReportReview(report_id=ID, by_user_id=MIA, until=NINE + LEASE))
    )
    assert state == Reviewing(Parties(ID, ANN, BOB), MIA, NINE + LEASE)


MODERATORS = st.sampled_from([MAX, MIA])
STEPS = st.tuples(
    st.sampled_from(["claim", "release", "resolve", "lapse"]),
    MODERATORS,
    st.timedeltas(timedelta(), timedelta(hours=1)),
)


@any_of(st.lists(STEPS, max_size=40))
def test_whoever_does_what_no_two_have_a_case_and_it_is_resolved_once(
    steps: list[tuple[str, UUID, timedelta]],
) -> None:
    at, holder, told = NINE, None, list[Event]([FILED])
    state = play(REPORT, [file()])
    for what, who, wait in steps:
        at += wait
        before = REPORT.fold(told)
        assert before == state, "the state is the fold"
        commands: dict[str, Command] = {
            "claim": Claim(who, at, LEASE),
            "release": Release(who, at),
            "resolve": Resolve(who, at, "no_action"),
            "lapse": Lapse(at),
        }
        command = commands[what]
        try:
            happened = REPORT.decide(state, command)
        except (Claimed, NotClaimant, Resolved):
            continue
        if holder and at < holder[1] and what != "lapse" and happened:
            assert who == holder[0], "somebody else has it"
        state = REPORT.fold(happened, state)
        told += happened
        assert list(REPORT.decide(state, command)) == [], "a repeated command is free"
        holder = (state.by, state.until) if isinstance(state, Reviewing) and state.until and state.by else None
    assert sum(isinstance(each, ReportResolve) for each in told) == isinstance(state, Closed)
