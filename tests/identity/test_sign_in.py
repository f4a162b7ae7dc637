"""Signing in by e-mail, over HTTP."""

from tests.accounts import bearer, sign_in
from tests.identity.conftest import Door


async def test_the_first_sign_in_registers_and_the_second_finds_the_account(door: Door) -> None:
    first = await sign_in(door.http, door.mail, "Ann@Example.com")
    second = await sign_in(door.http, door.mail, "ann@example.com", "ios")
    assert first["user"]["id"] == second["user"]["id"]
    assert first["user"]["email"] == "ann@example.com"
    me = await door.http.get("/v1/me", headers=bearer(second))
    assert me.status_code == 200
    assert me.json() == second["user"]
