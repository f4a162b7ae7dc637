"""Appeals: one for a sanction, in its window, judged by another moderator; upheld, it lifts the sanction."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from libs.contracts.catalogue import EVENTS
from libs.contracts.event import Event
from libs.contracts.moderation import AppealDecide, AppealOpen, AppealStatement, AppealText, SanctionLift, SanctionUser
from libs.eventstore.rebuild import Rebuild
from libs.eventstore.recorded import Reader
from services.moderation.deciders.appeal import Appeal, Judge
from services.moderation.deciders.measure import Moderator
from services.moderation.deciders.refusals import (
    AppealDecided,
    AppealExists,
    AppealWindow,
    NotFound,
    Outranked,
    SameModerator,
)
from services.moderation.deciders.safety import SAFETY
from services.moderation.projections import CASES
from services.moderation.replicas import OTHERS
from tests.given import given
from tests.moderation.api import Api, problem
from tests.moderation.house import House
from tests.moderation.people import ANN, BOB, MAX, MIA, MODERATOR, NINE, SANCTION, SECOND, after

APPEAL = UUID(int=601)
ABOUT: dict[str, Any] = {"appeal_id": APPEAL, "sanction_id": SANCTION, "user_id": BOB}
MUTED = SanctionUser(sanction_id=SANCTION, user_id=BOB, kind="mute", reason_code="harassment", by_user_id=MAX)
OPENED: list[Event] = [AppealOpen(**ABOUT), AppealText(**ABOUT, text="sealed")]
REJECTED: list[Event] = [
    AppealDecide(**ABOUT, upheld=False, by_user_id=MIA),
    AppealStatement(**ABOUT, statement="sealed"),
]
WINDOW = timedelta(days=180)


def appeal(**changes: Any) -> Appeal:
    usual: dict[str, Any] = {**ABOUT, "text": "sealed", "at": after(60), "imposed_at": NINE}
    return Appeal(**usual | changes)


def judge(by: Moderator = SECOND, *, upheld: bool = False) -> Judge:
    return Judge(APPEAL, by, upheld, "sealed")


def test_a_sanction_is_appealed_once_and_in_time() -> None:
    given(SAFETY, MUTED).when(appeal()).then(*OPENED)
    given(SAFETY, MUTED, *OPENED).when(appeal()).then()
    given(SAFETY, MUTED, *OPENED).when(appeal(appeal_id=uuid4())).then_refused(AppealExists)
    given(SAFETY, MUTED).when(appeal(at=NINE + WINDOW)).then(*OPENED)
    given(SAFETY, MUTED).when(appeal(at=NINE + WINDOW + timedelta(seconds=1))).then_refused(AppealWindow)
    given(SAFETY, MUTED).when(appeal(lifted=True)).then_refused(AppealWindow)
    given(SAFETY, MUTED).when(appeal(user_id=ANN)).then_refused(NotFound)
    given(SAFETY).when(appeal()).then_refused(NotFound)


def test_another_moderator_judges_it_and_an_appeal_that_is_upheld_lifts_the_sanction() -> None:
    given(SAFETY, MUTED, *OPENED).when(judge(MODERATOR)).then_refused(SameModerator)
    given(SAFETY, MUTED, *OPENED).when(judge(Moderator(BOB))).then_refused(NotFound)
    given(SAFETY, MUTED).when(judge()).then_refused(NotFound)
    given(SAFETY, MUTED, *OPENED).when(judge()).then(*REJECTED)
    given(SAFETY, MUTED, *OPENED, *REJECTED).when(judge()).then()
    given(SAFETY, MUTED, *OPENED, *REJECTED).when(judge(upheld=True)).then_refused(AppealDecided)
    upheld = [AppealDecide(**ABOUT, upheld=True, by_user_id=MIA), REJECTED[1]]
    lifted = SanctionLift(sanction_id=SANCTION, user_id=BOB, reason="appeal", by_user_id=MIA)
    state = given(SAFETY, MUTED, *OPENED).when(judge(upheld=True)).then(*upheld, lifted)
    assert state.in_force == ()
    expired = SanctionLift(sanction_id=SANCTION, user_id=BOB, reason="expired")
    given(SAFETY, MUTED, *OPENED, expired).when(judge(upheld=True)).then(*upheld)


def test_nobody_judges_the_appeal_of_their_equals_nor_of_those_above() -> None:
    """Else two moderators could lift for each other what only an operator may."""
    for upheld in (True, False):
        by_equals = replace(judge(upheld=upheld), target_rank=1)
        given(SAFETY, MUTED, *OPENED).when(by_equals).then_refused(Outranked)
    given(SAFETY, MUTED, *OPENED).when(replace(judge(Moderator(MIA, 2)), target_rank=1)).then(*REJECTED)


async def test_a_moderator_appeals_to_an_operator(api: Api) -> None:
    """By HTTP: the roles are those they have now."""
    sanction = await api.house.sanction(BOB, "suspend")
    opened = await api(BOB, "POST", f"/sanctions/{sanction}/appeals", {"text": "x"}, scope="appeal")
    await api.house.employs(BOB, "moderator")
    decision = f"/moderation/appeals/{opened.json()['id']}/decision"
    refused = await api(MIA, "POST", decision, {"upheld": True, "statement": "for a friend"})
    assert problem(refused) == (403, "outranked")


async def test_the_suspended_may_appeal_and_are_told_what_came_of_it(api: Api) -> None:
    sanction = await api.house.sanction(BOB, "suspend", statement="You shouted.")
    path = f"/sanctions/{sanction}/appeals"
    opened = await api(BOB, "POST", path, {"text": "It was the canary."}, scope="appeal")
    assert opened.status_code == 201
    assert problem(await api(BOB, "POST", path, {"text": "again"})) == (409, "appeal_exists")
    assert problem(await api(ANN, "POST", path, {"text": "for him"})) == (404, "not_found")
    assert problem(await api(BOB, "POST", path, {"text": " "})) == (422, "invalid")
    assert problem(await api(BOB, "GET", "/moderation/appeals")) == (403, "forbidden")
    [waiting] = (await api(MIA, "GET", "/moderation/appeals")).json()["items"]
    assert (waiting["id"], waiting["text"], waiting["reasons"]) == (
        opened.json()["id"],
        "It was the canary.",
        "You shouted.",
    )
    decision = f"/moderation/appeals/{waiting['id']}/decision"
    said = {"upheld": True, "statement": "It was indeed."}
    assert problem(await api(MAX, "POST", decision, said)) == (403, "same_moderator")
    assert problem(await api(MIA, "POST", f"/moderation/appeals/{uuid4()}/decision", said)) == (404, "not_found")
    for _ in range(2):
        decided = (await api(MIA, "POST", decision, said)).json()
        assert (decided["state"], decided["answer"], decided["sanction_state"]) == (
            "upheld",
            said["statement"],
            "appeal",
        )
    assert problem(await api(MIA, "POST", decision, said | {"upheld": False})) == (409, "appeal_decided")
    assert (await api(MIA, "GET", "/moderation/appeals")).json()["items"] == []
    [mine] = (await api(BOB, "GET", "/sanctions/mine", scope="appeal")).json()["items"]
    assert (mine["state"], mine["appeal"]) == ("appeal", {"state": "upheld", "answer": "It was indeed."})
    acts = await api.house.pool.fetch("select action from audit order by at, entry_id")
    assert {"appeal_view", "appeal_decide", "sanction_appeal"} <= {row["action"] for row in acts}
    assert await api.house.story(f"safety-{BOB}") == [
        "sanction_user", "sanction_statement", "appeal_open", "appeal_text", "appeal_decide", "appeal_statement",
        "sanction_lift",
    ]  # fmt: skip


async def test_after_half_a_year_it_is_too_late(api: Api) -> None:
    sanction = await api.house.sanction(BOB, "mute")
    api.house.now = NINE + WINDOW + timedelta(seconds=1)
    answer = await api(BOB, "POST", f"/sanctions/{sanction}/appeals", {"text": "late"})
    assert problem(answer) == (410, "appeal_window")


async def test_an_appeals_words_end_with_whoever_wrote_them_and_a_rebuild_agrees(
    house: House, owner: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    sanction = await house.sanction(BOB, "mute")
    appeal = await house.moderation.appeals.open(sanction, BOB, "a canary", NINE)
    await house.moderation.appeals.judge(appeal, SECOND, after(1), upheld=False, statement="No.")
    row = await house.pool.fetchrow("select * from appeals")
    assert row
    assert "canary" not in str(dict(row))
    await house.forgets(BOB)
    seen = await house.moderation.appeals.view(appeal)
    assert (seen.text, seen.answer) == (None, "No.")
    assert await house.pool.fetchval("select text from appeals") is None
    rebuilt = await Rebuild(owner, Reader(house.cipher, EVENTS), [CASES, OTHERS]).compare()
    assert rebuilt.differences == []
    with pytest.raises(NotFound):
        await house.moderation.appeals.open(uuid4(), ANN, "of nothing", NINE)
