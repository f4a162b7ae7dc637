"""A suspended person gets in as far as an appeal goes, and no further."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from services.identity.commands import GrantRole, Reinstate, Suspend
from tests.accounts import bearer, sign_in
from tests.identity.conftest import Door
from tests.identity.test_races import claims_of
from tests.identity.test_sign_in import slug

ANN = "ann@example.com"
BAN = uuid4()


async def banned(door: Door, *, roles: tuple[str, ...] = ()) -> dict[str, Any]:
    """Somebody's tokens of before the ban, and what they sign in with afterwards."""
    user = UUID((await sign_in(door.http, door.mail, ANN))["user"]["id"])
    for role in roles:
        await door.identity.execute(GrantRole(user, role))  # type: ignore[arg-type]
    await door.identity.execute(Suspend(user, BAN, None))
    return await sign_in(door.http, door.mail, ANN)


async def test_they_get_a_token_for_appeals_without_roles_session_or_refresh(door: Door) -> None:
    tokens = await banned(door, roles=("operator",))
    assert (tokens["scope"], tokens["refresh_token"], tokens["user"]["status"]) == ("appeal", None, "suspended")
    assert await door.pool.fetchval("select count(*) from sessions where ended_at is null") == 0
    assert await door.pool.fetchval("select count(*) from events where name = 'user_login'") == 1
    answer = await door.http.put(f"/v1/users/{uuid4()}/roles/operator", headers=bearer(tokens))
    assert answer.status_code == 403


async def test_no_other_endpoint_takes_it(door: Door) -> None:
    tokens = await banned(door)
    paths = (await door.http.get("/openapi.json")).json()["paths"]
    closed = 0
    for path, methods in paths.items():
        for method, said in methods.items():
            if not said.get("security") or (method, path) == ("delete", "/v1/me"):
                continue
            url = path.replace("{role}", "analyst").replace("{user_id}", str(uuid4())).replace("{session_id}", str(BAN))
            answer = await door.http.request(method, url, headers=bearer(tokens))
            assert (answer.status_code, slug(answer)) == (403, "forbidden"), (method, path)
            closed += 1
    assert closed >= 6


async def test_a_code_is_used_up_by_it(door: Door) -> None:
    await banned(door)
    code = door.mail.code(ANN)
    again = await door.http.post("/v1/auth/email/tokens", json={"email": ANN, "code": code, "device_type": "web"})
    assert slug(again) == "bad_code"


async def test_once_reinstated_they_sign_in_as_before(door: Door) -> None:
    tokens = await banned(door)
    await door.identity.execute(Reinstate(UUID(tokens["user"]["id"]), BAN))
    tokens = await sign_in(door.http, door.mail, ANN)
    assert (tokens["scope"], tokens["user"]["status"]) == ("full", "active")
    assert (await door.http.get("/v1/me", headers=bearer(tokens))).status_code == 200


async def test_it_is_younger_than_the_suspension_and_so_outlives_it(door: Door) -> None:
    tokens = await banned(door)
    suspended_at = await door.pool.fetchval("select recorded_at from events where name = 'user_suspend'")
    claims = claims_of(tokens["access_token"])
    assert claims["scope"] == "appeal"
    assert datetime.fromtimestamp(claims["auth_time"], UTC) > suspended_at
