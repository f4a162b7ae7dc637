"""Refreshing, logging out, and the devices one is signed in on, over HTTP."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx2

from services.identity.pepper import Pepper
from services.identity.refresh import RefreshToken
from tests.accounts import bearer, sign_in
from tests.identity.conftest import PEPPER, Door, Open
from tests.identity.test_sign_in import slug

ANN, BOB = "ann@example.com", "bob@example.com"


async def refresh(door: Door, token: str) -> httpx2.Response:
    return await door.http.post("/v1/auth/refresh", json={"refresh_token": token})


async def refreshed(door: Door, token: str) -> dict[str, Any]:
    answer = await refresh(door, token)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    found: dict[str, Any] = answer.json()
    return found


async def sessions(door: Door, signed_in: dict[str, Any], **query: Any) -> dict[str, Any]:
    answer = await door.http.get("/v1/me/sessions", headers=bearer(signed_in), params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def is_in(door: Door, signed_in: dict[str, Any]) -> bool:
    answer = await door.http.get("/v1/me", headers=bearer(signed_in))
    assert answer.status_code in (200, 401)
    return answer.status_code == 200


async def revocations(door: Door) -> list[Any]:
    rows = await door.pool.fetch("select data from events where name = 'session_revoke' order by pos")
    return [(row["data"]["session_id"], row["data"]["reason"]) for row in rows]


async def session_id(door: Door, signed_in: dict[str, Any]) -> str:
    items = (await sessions(door, signed_in))["items"]
    return next(str(each["id"]) for each in items if each["current"])


async def test_every_refresh_gives_the_next_tokens(door: Door) -> None:
    tokens = await sign_in(door.http, door.mail, ANN)
    seen = {tokens["refresh_token"]}
    for _ in range(3):
        tokens = await refreshed(door, tokens["refresh_token"])
        seen.add(tokens["refresh_token"])
        assert tokens["user"]["email"] == ANN
        assert await is_in(door, tokens)
    assert len(seen) == 4
    assert len((await sessions(door, tokens))["items"]) == 1


async def test_racing_tabs_get_the_same_successor(door: Door) -> None:
    tokens = await sign_in(door.http, door.mail, ANN)
    answers = await asyncio.gather(*(refreshed(door, tokens["refresh_token"]) for _ in range(8)))
    assert len({answer["refresh_token"] for answer in answers}) == 1
    door.clock.forward(seconds=9)
    assert await refreshed(door, tokens["refresh_token"]) | {"access_token": ""} == answers[0] | {"access_token": ""}
    await refreshed(door, answers[0]["refresh_token"])
    assert await revocations(door) == []


async def test_a_token_used_twice_ends_its_session_for_everybody(door: Door) -> None:
    stolen = await sign_in(door.http, door.mail, ANN)
    other = await sign_in(door.http, door.mail, ANN, "ios")
    honest = await refreshed(door, stolen["refresh_token"])
    sid = await session_id(door, honest)
    door.clock.forward(seconds=11)
    reused = await asyncio.gather(*(refresh(door, stolen["refresh_token"]) for _ in range(4)))
    assert [(answer.status_code, slug(answer)) for answer in reused] == [(401, "token_reused")] * 4
    assert slug(await refresh(door, honest["refresh_token"])) == "token_reused"
    assert await revocations(door) == [(sid, "token_reused")]
    assert not await is_in(door, honest)
    assert await is_in(door, other)


async def test_the_one_before_the_last_is_reuse_even_within_the_grace(door: Door) -> None:
    first = await sign_in(door.http, door.mail, ANN)
    second = await refreshed(door, first["refresh_token"])
    await refreshed(door, second["refresh_token"])
    assert slug(await refresh(door, first["refresh_token"])) == "token_reused"


async def test_an_invented_token_ends_nobodys_session(door: Door) -> None:
    tokens = await sign_in(door.http, door.mail, ANN)
    parts = RefreshToken.read(tokens["refresh_token"], Pepper(PEPPER))
    assert parts
    forged = RefreshToken(parts.session_id, parts.generation, bytes(32))
    for text in ("nonsense", forged.text(Pepper("another pepper, but not ours, 32 long"))):
        assert slug(await refresh(door, text)) == "token_expired"
    assert slug(await refresh(door, forged.text(Pepper(PEPPER)))) == "token_expired"
    assert slug(await refresh(door, RefreshToken.first(uuid4()).text(Pepper(PEPPER)))) == "token_expired"
    assert await is_in(door, tokens)


async def test_a_device_unused_for_thirty_days_has_to_sign_in_again(door: Door) -> None:
    tokens = await sign_in(door.http, door.mail, ANN)
    door.clock.forward(days=29)
    tokens = await refreshed(door, tokens["refresh_token"])
    door.clock.forward(days=30, seconds=1)
    assert slug(await refresh(door, tokens["refresh_token"])) == "token_expired"


async def test_no_device_is_signed_in_for_ever(open_door: Open) -> None:
    door = await open_door(session_seconds=3 * 86400, refresh_seconds=2 * 86400)
    tokens = await sign_in(door.http, door.mail, ANN)
    for _ in range(2):
        door.clock.forward(days=1)
        tokens = await refreshed(door, tokens["refresh_token"])
    door.clock.forward(days=1, seconds=1)
    assert slug(await refresh(door, tokens["refresh_token"])) == "token_expired"


async def test_logging_out_ends_this_session_alone_and_at_once(door: Door) -> None:
    phone, laptop = await sign_in(door.http, door.mail, ANN, "ios"), await sign_in(door.http, door.mail, ANN)
    sid = await session_id(door, phone)
    answer = await door.http.post("/v1/auth/logout", headers=bearer(phone))
    assert (answer.status_code, answer.content) == (204, b"")
    assert await revocations(door) == [(sid, "logout")]
    assert not await is_in(door, phone)
    assert await is_in(door, laptop)
    assert slug(await refresh(door, phone["refresh_token"])) == "token_expired"


async def test_the_devices_signed_in_are_listed_newest_first(door: Door) -> None:
    for device in ("ios", "vr", "desktop"):
        last = await sign_in(door.http, door.mail, ANN, device)
        door.clock.forward(minutes=1)
    await sign_in(door.http, door.mail, BOB)
    items = (await sessions(door, last))["items"]
    assert [(each["device_type"], each["current"]) for each in items] == [
        ("desktop", True),
        ("vr", False),
        ("ios", False),
    ]
    page = await sessions(door, last, limit=2)
    rest = await sessions(door, last, limit=2, cursor=page["next_cursor"])
    assert page["items"] + rest["items"] == items
    assert rest["next_cursor"] is None


async def test_a_session_that_ran_out_is_not_listed(door: Door) -> None:
    await sign_in(door.http, door.mail, ANN, "ios")
    door.clock.forward(days=31)
    fresh = await sign_in(door.http, door.mail, ANN)
    assert [each["device_type"] for each in (await sessions(door, fresh))["items"]] == ["web"]


async def test_another_device_can_be_signed_out(door: Door) -> None:
    phone, laptop = await sign_in(door.http, door.mail, ANN, "ios"), await sign_in(door.http, door.mail, ANN)
    sid = await session_id(door, phone)
    for _ in range(2):
        assert (await door.http.delete(f"/v1/me/sessions/{sid}", headers=bearer(laptop))).status_code == 204
    assert await revocations(door) == [(sid, "signed_out")]
    assert not await is_in(door, phone)
    assert await is_in(door, laptop)


async def test_nobody_can_sign_somebody_else_out(door: Door) -> None:
    ann, bob = await sign_in(door.http, door.mail, ANN), await sign_in(door.http, door.mail, BOB)
    for sid in (await session_id(door, ann), uuid4()):
        answer = await door.http.delete(f"/v1/me/sessions/{sid}", headers=bearer(bob))
        assert (answer.status_code, slug(answer)) == (404, "not_found")
    assert await is_in(door, ann)


async def test_all_devices_can_be_signed_out_at_once(door: Door) -> None:
    phone, laptop = await sign_in(door.http, door.mail, ANN, "ios"), await sign_in(door.http, door.mail, ANN)
    assert (await door.http.delete("/v1/me/sessions", headers=bearer(phone))).status_code == 204
    assert await revocations(door) == [(None, "signed_out")]
    assert not await is_in(door, phone)
    assert not await is_in(door, laptop)
    assert await is_in(door, await sign_in(door.http, door.mail, ANN))


async def test_without_a_token_there_is_nobody(door: Door) -> None:
    for method, path in [
        ("GET", "/v1/me"),
        ("GET", "/v1/me/sessions"),
        ("DELETE", "/v1/me/sessions"),
        ("DELETE", f"/v1/me/sessions/{uuid4()}"),
        ("POST", "/v1/auth/logout"),
    ]:
        answer = await door.http.request(method, path)
        assert (answer.status_code, slug(answer)) == (401, "unauthenticated")


async def test_a_refresh_that_races_a_log_out_leaves_no_session_behind(door: Door) -> None:
    for _ in range(5):
        tokens = await sign_in(door.http, door.mail, ANN)
        _, answer = await asyncio.gather(
            door.http.post("/v1/auth/logout", headers=bearer(tokens)), refresh(door, tokens["refresh_token"])
        )
        if answer.status_code == 200:
            assert not await is_in(door, answer.json())
            tokens = answer.json()
        assert (await refresh(door, tokens["refresh_token"])).status_code == 401
