"""Moderation over HTTP: every answer the surface promises, and every door that must stay shut."""

from typing import Any
from uuid import uuid4

from tests.api import issuing
from tests.moderation.api import Api, here, problem
from tests.moderation.people import ANN, BOB, CAT, DAN, LOUNGE, MAX, MIA, NINE, OLA, after

BAD = {"reported_user_id": str(BOB), "report_type": "harassment", "room_id": str(LOUNGE), "description": "He shouts."}
WHY = "You shouted."


def sanction(**changes: Any) -> dict[str, Any]:
    usual = {"user_id": str(BOB), "kind": "mute", "seconds": 60, "reason_code": "harassment", "statement": WHY}
    return {name: value for name, value in (usual | changes).items() if value is not None}


async def reported(api: Api, who: Any = ANN, **changes: Any) -> str:
    filed = await api(who, "POST", "/reports", BAD | changes)
    assert filed.status_code == 201, filed.text
    return str(filed.json()["id"])


async def test_a_report_is_filed_worked_on_and_resolved(api: Api) -> None:
    filed = await api(ANN, "POST", "/reports", BAD, key="k1")
    assert (filed.status_code, filed.json()["status"]) == (201, "open")
    report = filed.json()["id"]
    assert (await api(ANN, "POST", "/reports", BAD, key="k1")).json() == filed.json()
    assert problem(await api(ANN, "POST", "/reports", BAD | {"report_type": "spam"}, key="k1")) == (
        422,
        "idempotency_mismatch",
    )
    assert problem(await api(ANN, "POST", "/reports", BAD)) == (409, "report_exists")
    [mine] = (await api(ANN, "GET", "/reports/mine")).json()["items"]
    assert mine == {**BAD, "id": report, "status": "open", "created_at": "2026-02-06T21:00:00Z"}

    case = (await api(MAX, "GET", f"/moderation/reports/{report}")).json()
    assert (case["description"], case["reporter_user_id"], case["evidence"]) == ("He shouts.", str(ANN), None)
    claimed = await api(MAX, "POST", f"/moderation/reports/{report}/claim")
    assert (claimed.status_code, claimed.json()["claimed_by"]) == (200, str(MAX))
    assert claimed.json()["claimed_until"] == "2026-02-06T21:15:00Z"
    assert problem(await api(MIA, "POST", f"/moderation/reports/{report}/claim")) == (409, "claimed")
    assert problem(await api(MIA, "POST", f"/moderation/reports/{report}/release")) == (409, "not_claimant")
    imposed = await api(MAX, "POST", "/moderation/sanctions", sanction(report_id=report), key="k2")
    assert imposed.status_code == 201
    resolution = {"outcome": "sanctioned", "sanction_id": imposed.json()["id"], "note": "Heard it."}
    assert problem(await api(MIA, "POST", f"/moderation/reports/{report}/resolve", resolution)) == (409, "not_claimant")
    for _ in range(2):
        resolved = await api(MAX, "POST", f"/moderation/reports/{report}/resolve", resolution)
        assert (resolved.status_code, resolved.json()["status"]) == (200, "resolved")
    assert [note["note"] for note in resolved.json()["notes"]] == ["Heard it."]
    assert problem(await api(MAX, "POST", f"/moderation/reports/{report}/claim")) == (409, "resolved")
    [mine] = (await api(ANN, "GET", "/reports/mine")).json()["items"]
    assert mine["status"] == "resolved"


async def test_oneself_and_the_unknown_cannot_be_reported(api: Api) -> None:
    assert problem(await api(ANN, "POST", "/reports", BAD | {"reported_user_id": str(ANN)})) == (409, "self")
    for stranger in ({"reported_user_id": str(uuid4())}, {"room_id": str(uuid4())}, {"evidence_id": str(uuid4())}):
        assert problem(await api(ANN, "POST", "/reports", BAD | stranger)) == (404, "not_found")
    for wrong in ({"report_type": "rude"}, {"description": ""}, {"description": "x" * 2001}, {"description": "\0"}):
        assert problem(await api(ANN, "POST", "/reports", BAD | wrong)) == (422, "invalid")


async def test_nobody_sees_anothers_reports(api: Api) -> None:
    await reported(api)
    for other in (BOB, CAT, MAX):
        assert (await api(other, "GET", "/reports/mine")).json() == {"items": [], "next_cursor": None}


MODERATORS_ONLY = [
    ("GET", "/moderation/reports", None),
    ("GET", "/moderation/reports/{report}", None),
    ("GET", "/moderation/reports/{report}/evidence", None),
    ("POST", "/moderation/reports/{report}/claim", None),
    ("POST", "/moderation/reports/{report}/release", None),
    ("POST", "/moderation/reports/{report}/resolve", {"outcome": "no_action"}),
    ("POST", "/moderation/sanctions", sanction()),
    ("POST", "/moderation/sanctions/{sanction}/approve", None),
    ("DELETE", "/moderation/sanctions/{sanction}", None),
    ("GET", f"/moderation/users/{BOB}", None),
    ("GET", "/moderation/audit", None),
    ("GET", "/moderation/appeals", None),
    ("POST", f"/moderation/appeals/{BOB}/decision", {"upheld": True, "statement": WHY}),
]


async def test_moderators_routes_are_shut_to_everybody_else_and_open_to_them(api: Api) -> None:
    report = await reported(api)
    imposed = str(await api.house.sanction(CAT))
    for method, path, body in MODERATORS_ONLY:
        at = path.format(report=report, sanction=imposed)
        for roles in ([], ["analyst"], ["operator"]):
            assert problem(await api(ANN, method, at, body, roles=roles)) == (403, "forbidden"), at
        assert problem(await api(MAX, method, at, body, scope="appeal")) == (403, "forbidden"), at
        assert (await api.http.request(method, f"/v1{at}", json=body)).status_code == 401
    assert await api.house.pool.fetchval("select count(*) from audit where by_user_id = $1", ANN) == 0
    for method, path, body in MODERATORS_ONLY:
        answer = await api(MAX, method, path.format(report=report, sanction=imposed), body)
        assert answer.status_code not in (401, 403), path
    paths = (await api.http.get("/openapi.json")).json()["paths"]
    desk = {(method.upper(), path) for path, each in paths.items() if "/moderation/" in path for method in each}
    assert len(desk) == len(MODERATORS_ONLY), "a route of moderators is missing above"


async def test_the_queue_is_of_people_and_one_persons_reports_count_once(api: Api) -> None:
    people = [uuid4() for _ in range(7)]
    await api.house.registers(*people)
    for n, (who, whom, report_type) in enumerate(
        [
            *((ANN, BOB, "spam"), (CAT, BOB, "spam"), (DAN, BOB, "spam")),  # 10 + 15
            (ANN, CAT, "hate"),  # 40 + 5
            (ANN, DAN, "harassment"),  # 30 + 5
            *((each, OLA, "spam") for each in people),  # 10 + 25, as many as they are
        ]
    ):
        api.house.now = after(n)
        await reported(api, who, reported_user_id=str(whom), report_type=report_type)
    api.house.now = after(60)
    await reported(api, ANN, reported_user_id=str(BOB), report_type="spam", room_id=None)
    queue = (await api(MAX, "GET", "/moderation/reports")).json()["items"]
    assert [(each["user_id"], each["priority"], each["reports"], each["reporters"]) for each in queue] == [
        (str(CAT), 45, 1, 1),
        (str(DAN), 35, 1, 1),
        (str(OLA), 35, 7, 7),
        (str(BOB), 25, 4, 3),
    ]
    for sort, order in (("oldest", [BOB, CAT, DAN, OLA]), ("newest", [BOB, OLA, DAN, CAT])):
        found, cursor = [], ""
        while True:
            page = (await api(MAX, "GET", f"/moderation/reports?sort={sort}&limit=1{cursor}")).json()
            found += [each["user_id"] for each in page["items"]]
            if page["next_cursor"] is None:
                break
            cursor = f"&cursor={page['next_cursor']}"
        assert found == [str(each) for each in order]
    first = (await api(MAX, "GET", "/moderation/reports?limit=3")).json()
    rest = (await api(MAX, "GET", f"/moderation/reports?limit=3&cursor={first['next_cursor']}")).json()
    assert first["items"] + rest["items"] == queue
    assert len(queue[3]["cases"]) == 4
    await api(MAX, "POST", f"/moderation/reports/{queue[0]['cases'][0]['id']}/claim")
    for status, count in (("open", 3), ("reviewing", 1), ("resolved", 0)):
        assert len((await api(MAX, "GET", f"/moderation/reports?status={status}")).json()["items"]) == count


async def test_who_reports_too_much_is_told_when_to_come_back(api: Api) -> None:
    async with issuing() as issuer, here(api.house.urls, issuer, lambda: NINE, limit_reports=1) as http:
        strict = Api(http, issuer, api.house)
        await reported(strict)
        answer = await strict(ANN, "POST", "/reports", BAD | {"reported_user_id": str(CAT)})
        assert problem(answer) == (429, "rate_limited")
        assert answer.headers["retry-after"] == "3600"


async def test_a_sanction_is_imposed_approved_and_withdrawn(api: Api) -> None:
    ban = await api(MAX, "POST", "/moderation/sanctions", sanction(kind="ban", seconds=None), key="k1")
    assert (ban.status_code, ban.json()["state"]) == (202, "needs_second_approver")
    assert (await api(MAX, "POST", "/moderation/sanctions", sanction(kind="ban", seconds=None), key="k1")).json() == (
        ban.json()
    )
    at = f"/moderation/sanctions/{ban.json()['id']}"
    assert problem(await api(MAX, "POST", f"{at}/approve")) == (403, "same_moderator")
    for _ in range(2):
        approved = await api(MIA, "POST", f"{at}/approve")
        assert (approved.status_code, approved.json()["state"]) == (200, "in_force")
    assert problem(await api(OLA, "POST", f"{at}/approve")) == (409, "not_proposed")
    [mine] = (await api(BOB, "GET", "/sanctions/mine", scope="appeal")).json()["items"]
    assert (mine["statement"], mine["state"], mine["appeal_until"]) == (WHY, "in_force", "2026-08-05T21:00:00Z")
    assert "by_user_id" not in mine
    for _ in range(2):
        assert (await api(MIA, "DELETE", at)).status_code == 204
    assert problem(await api(MAX, "POST", "/moderation/sanctions", sanction(user_id=str(MIA)))) == (403, "outranked")
    assert (await api(OLA, "POST", "/moderation/sanctions", sanction(user_id=str(MIA)))).status_code == 201
    for path in ("/approve", ""):
        method = "POST" if path else "DELETE"
        assert problem(await api(MAX, method, f"/moderation/sanctions/{uuid4()}{path}")) == (404, "not_found")


async def test_a_sanction_that_makes_no_sense_is_refused(api: Api) -> None:
    wrongs: list[dict[str, Any]] = [
        {"kind": "kick", "seconds": None},
        {"kind": "room_ban"},
        {"kind": "ban", "room_id": str(LOUNGE)},
        {"kind": "warn"},
        {"kind": "kick", "room_id": str(LOUNGE)},
        {"seconds": 0},
        {"seconds": 10**12},
        {"statement": " "},
        {"reason_code": "because"},
        {"report_id": str(uuid4())},
    ]
    for wrong in wrongs:
        assert problem(await api(MAX, "POST", "/moderation/sanctions", sanction(**wrong))) == (422, "invalid"), wrong


async def test_a_moderator_does_not_see_who_reported_them_nor_judges_their_own_report(api: Api) -> None:
    about_max = await reported(api, reported_user_id=str(MAX))
    by_max = await reported(api, MAX)
    queue = [each["user_id"] for each in (await api(MAX, "GET", "/moderation/reports")).json()["items"]]
    assert queue == [str(BOB)]
    for method, path in (("GET", ""), ("GET", "/evidence"), ("POST", "/claim"), ("POST", "/release")):
        assert problem(await api(MAX, method, f"/moderation/reports/{about_max}{path}")) == (404, "not_found")
    assert problem(await api(MAX, "POST", f"/moderation/reports/{by_max}/claim")) == (403, "same_moderator")
    assert (await api(MIA, "POST", f"/moderation/reports/{about_max}/claim")).status_code == 200


async def test_a_persons_record_and_the_audit_log_are_shown_and_that_is_in_the_log(api: Api) -> None:
    report = await reported(api)
    await api(MAX, "POST", f"/moderation/reports/{report}/claim")
    api.house.now = after(1)
    imposed = (await api(MAX, "POST", "/moderation/sanctions", sanction(kind="warn", seconds=None))).json()
    api.house.now = after(2)
    record = (await api(MIA, "GET", f"/moderation/users/{BOB}")).json()
    assert (record["reports"], record["unresolved"], record["filed"], record["roles"]) == (1, 1, 0, [])
    assert record["sanctions"] == [imposed]
    assert imposed["state"] == "done"
    assert problem(await api(MAX, "GET", f"/moderation/users/{uuid4()}")) == (404, "not_found")
    await api.house.chain().advance()
    first = (await api(MAX, "GET", "/moderation/audit?limit=2")).json()
    rest = (await api(MAX, "GET", f"/moderation/audit?limit=9&cursor={first['next_cursor']}")).json()
    said = [(each["action"], each["by_user_id"]) for each in first["items"] + rest["items"]]
    assert said[:2] == [("user_view", str(MIA)), ("sanction_impose", str(MAX))]
    assert set(said[2:]) == {("report_view", str(MAX)), ("report_claim", str(MAX))}
    about = (await api(MAX, "GET", f"/moderation/audit?about={BOB}")).json()["items"]
    assert [each["action"] for each in about] == ["user_view", "sanction_impose", "report_view"]
