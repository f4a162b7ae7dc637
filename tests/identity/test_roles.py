"""Who may give whom which role, over HTTP."""

from typing import Any
from uuid import UUID, uuid4

from services.identity.commands import Delete, GrantRole, Suspend
from tests.accounts import bearer, sign_in
from tests.identity.conftest import Door
from tests.identity.test_sessions import refresh, refreshed
from tests.identity.test_sign_in import slug

ANN, BOB = "ann@example.com", "bob@example.com"


async def an_operator(door: Door) -> dict[str, Any]:
    await sign_in(door.http, door.mail, ANN)
    await door.identity.execute(GrantRole(await door.identity.user_of("ANN@example.com"), "operator"))
    return await sign_in(door.http, door.mail, ANN)


async def test_an_operator_gives_and_takes_roles(door: Door) -> None:
    ann, bob = await an_operator(door), await sign_in(door.http, door.mail, BOB)
    role = f"/v1/users/{bob['user']['id']}/roles/moderator"
    for _ in range(2):
        assert (await door.http.put(role, headers=bearer(ann))).status_code == 204
    bob = await refreshed(door, bob["refresh_token"])
    assert bob["user"]["roles"] == ["moderator"]
    assert (await door.http.get("/v1/me", headers=bearer(bob))).json()["roles"] == ["moderator"]
    for _ in range(2):
        assert (await door.http.delete(role, headers=bearer(ann))).status_code == 204
    assert slug(await refresh(door, bob["refresh_token"])) == "token_expired", "tokens that say the role end with it"
    assert (await sign_in(door.http, door.mail, BOB))["user"]["roles"] == []


async def test_nobody_else_does(door: Door) -> None:
    bob = await sign_in(door.http, door.mail, BOB)
    answer = await door.http.put(f"/v1/users/{bob['user']['id']}/roles/operator", headers=bearer(bob))
    assert (answer.status_code, slug(answer)) == (403, "forbidden")


async def test_nobody_is_not_found(door: Door) -> None:
    ann = await an_operator(door)
    answer = await door.http.put(f"/v1/users/{uuid4()}/roles/analyst", headers=bearer(ann))
    assert (answer.status_code, slug(answer)) == (404, "not_found")
    assert (await door.http.put(f"/v1/users/{uuid4()}/roles/king", headers=bearer(ann))).status_code == 422


async def test_a_suspended_account_is_closed_at_once(door: Door) -> None:
    bob = await sign_in(door.http, door.mail, BOB)
    await door.identity.execute(Suspend(UUID(bob["user"]["id"]), uuid4(), None))
    assert (await door.http.get("/v1/me", headers=bearer(bob))).status_code == 401
    answer = await refresh(door, bob["refresh_token"])
    assert (answer.status_code, slug(answer)) == (403, "account_suspended")
    assert (await sign_in(door.http, door.mail, BOB))["scope"] == "appeal"


async def test_a_deleted_account_is_gone_and_its_address_may_begin_anew(door: Door) -> None:
    bob = await sign_in(door.http, door.mail, BOB)
    await door.identity.execute(Delete(UUID(bob["user"]["id"])))
    assert (await door.http.get("/v1/me", headers=bearer(bob))).status_code == 401
    assert slug(await refresh(door, bob["refresh_token"])) == "token_expired"
    assert (await sign_in(door.http, door.mail, BOB))["user"]["id"] != bob["user"]["id"]
