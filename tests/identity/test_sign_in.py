"""Signing in by e-mail, over HTTP."""

import asyncio
from collections import Counter
from typing import Any

import asyncpg
import httpx2
import pytest

from deploy.native.mailbox import code_in
from libs.contracts.identity import UserLogin, UserRegister
from tests.accounts import ask_for_code, bearer, sign_in
from tests.identity.conftest import Door, Open

ANN = "ann@example.com"


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


async def attempt(door: Door, email: str, code: str) -> httpx2.Response:
    return await door.http.post("/v1/auth/email/tokens", json={"email": email, "code": code, "device_type": "web"})


def slug(answer: httpx2.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return str(answer.json()["type"]).rpartition("/")[2]


async def counted(door: Door) -> dict[str, int]:
    """Stored events by name."""
    rows = await door.pool.fetch("select name, count(*) from events group by name")
    return {row["name"]: row["count"] for row in rows}


async def test_the_first_sign_in_registers_and_the_second_finds_the_account(door: Door) -> None:
    first = await sign_in(door.http, door.mail, "Ann@Example.com")
    second = await sign_in(door.http, door.mail, ANN, "ios")
    assert first["user"]["id"] == second["user"]["id"]
    assert first["user"]["email"] == ANN
    assert first["user"]["status"] == "active"
    assert (first["token_type"], first["expires_in"]) == ("Bearer", 300)
    me = await door.http.get("/v1/me", headers=bearer(second))
    assert me.status_code == 200
    assert me.json() == second["user"]
    assert await counted(door) == {UserRegister.NAME: 1, UserLogin.NAME: 2}


async def test_tokens_are_not_to_be_cached(door: Door) -> None:
    answer = await attempt(door, ANN, await ask_for_code(door.http, door.mail, ANN))
    assert answer.headers["cache-control"] == "no-store"


async def test_a_code_is_good_for_one_session_however_many_race_for_it(door: Door) -> None:
    code = await ask_for_code(door.http, door.mail, ANN)
    answers = await asyncio.gather(*(attempt(door, ANN, code) for _ in range(8)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 401: 7}
    assert {slug(answer) for answer in answers if answer.status_code == 401} == {"bad_code"}
    assert await counted(door) == {UserRegister.NAME: 1, UserLogin.NAME: 1}
    assert await door.pool.fetchval("select count(*) from users") == 1
    assert await door.pool.fetchval("select count(*) from sessions") == 1


async def test_only_the_newest_code_is_good(door: Door) -> None:
    old = await ask_for_code(door.http, door.mail, ANN)
    new = await ask_for_code(door.http, door.mail, ANN)
    if old != new:
        assert slug(await attempt(door, ANN, old)) == "bad_code"
    assert (await attempt(door, ANN, new)).status_code == 200


async def test_a_code_ends_after_ten_minutes(door: Door) -> None:
    code = await ask_for_code(door.http, door.mail, ANN)
    door.clock.forward(minutes=10)
    assert slug(await attempt(door, ANN, code)) == "bad_code"


async def test_a_code_is_good_for_its_address_alone(door: Door) -> None:
    code = await ask_for_code(door.http, door.mail, ANN)
    assert slug(await attempt(door, "bob@example.com", code)) == "bad_code"
    assert (await attempt(door, ANN, code)).status_code == 200


async def test_five_wrong_tries_lock_the_code_even_in_parallel(open_door: Open) -> None:
    doors = [await open_door() for _ in range(2)]
    code = await ask_for_code(doors[0].http, doors[0].mail, ANN)
    answers = await asyncio.gather(*(attempt(door, ANN, wrong(code)) for door in doors for _ in range(20)))
    assert Counter(slug(answer) for answer in answers) == {"bad_code": 5, "locked": 35}
    right = await attempt(doors[0], ANN, code)
    assert (right.status_code, slug(right)) == (423, "locked")


async def test_control_tries_that_are_read_and_then_written_let_more_through(door: Door) -> None:
    """The same race without the row lock: the checker above sees it."""
    await ask_for_code(door.http, door.mail, ANN)
    all_have_read = asyncio.Barrier(20)

    async def naive() -> str:
        tries = await door.pool.fetchval("select wrong_tries from email_codes")
        await all_have_read.wait()
        await door.pool.execute("update email_codes set wrong_tries = $1", tries + 1)
        return "bad_code" if tries < 5 else "locked"

    answers = Counter(await asyncio.gather(*(naive() for _ in range(20))))
    assert answers != {"bad_code": 5, "locked": 15}


async def test_a_new_code_opens_what_wrong_tries_closed(door: Door) -> None:
    code = await ask_for_code(door.http, door.mail, ANN)
    for _ in range(6):
        await attempt(door, ANN, wrong(code))
    assert (await attempt(door, ANN, await ask_for_code(door.http, door.mail, ANN))).status_code == 200


async def test_wrong_tries_over_many_codes_lock_the_address_for_a_while(open_door: Open) -> None:
    door = await open_door(limit_wrong_codes_per_address="7/86400", limit_codes_per_address="100/60")
    for tries in (5, 2):
        code = await ask_for_code(door.http, door.mail, ANN)
        for _ in range(tries):
            assert slug(await attempt(door, ANN, wrong(code))) == "bad_code"
    locked = await attempt(door, ANN, code)
    assert (locked.status_code, slug(locked)) == (423, "locked")
    wait = int(locked.headers["retry-after"])
    assert 0 < wait <= 86400 / 7 + 1
    door.clock.forward(seconds=wait)
    assert (await attempt(door, ANN, await ask_for_code(door.http, door.mail, ANN))).status_code == 200


async def test_wrong_tries_from_one_client_are_limited_over_all_addresses(open_door: Open) -> None:
    door = await open_door(limit_wrong_codes_per_client="3/60")
    answers = [await attempt(door, f"guest{n}@example.com", "000000") for n in range(4)]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
    wait = int(answers[-1].headers["retry-after"])
    assert slug(answers[-1]) == "rate_limited"
    door.clock.forward(seconds=wait)
    assert (await attempt(door, "guest9@example.com", "000000")).status_code == 401


@pytest.mark.parametrize("limit", ["limit_codes_per_address", "limit_codes_per_client"])
async def test_codes_are_limited_per_address_and_per_client_even_in_parallel(open_door: Open, limit: str) -> None:
    door = await open_door(**{limit: "3/60"})
    asked = [door.http.post("/v1/auth/email/codes", json={"email": ANN}) for _ in range(9)]
    answers = await asyncio.gather(*asked)
    assert Counter(answer.status_code for answer in answers) == {202: 3, 429: 6}
    assert len(door.mail.mails(ANN)) == 3
    wait = max(int(answer.headers["retry-after"]) for answer in answers if answer.status_code == 429)
    assert 0 < wait <= 60
    door.clock.forward(seconds=wait)
    await ask_for_code(door.http, door.mail, ANN)


async def test_asking_tells_nothing_about_who_has_an_account(door: Door) -> None:
    await sign_in(door.http, door.mail, ANN)

    async def told(email: str) -> tuple[Any, ...]:
        asked = await door.http.post("/v1/auth/email/codes", json={"email": email})
        refused = await attempt(door, email, wrong(door.mail.code(email)))
        document = {key: value for key, value in refused.json().items() if key != "request_id"}
        return asked.status_code, asked.json(), set(asked.headers), refused.status_code, document, set(refused.headers)

    assert await told(ANN) == await told("stranger@example.com")


async def test_asking_takes_as_long_for_anybody_because_it_never_looks_at_accounts(
    door: Door, owner: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    async with owner.transaction():
        await owner.execute("lock table users, logins, sessions, streams, events in access exclusive mode")
        await ask_for_code(door.http, door.mail, ANN)
        assert slug(await attempt(door, ANN, wrong(door.mail.code(ANN)))) == "bad_code"


async def test_the_mail_speaks_the_readers_language(open_door: Open) -> None:
    door = await open_door(limit_codes_per_address="100/60")
    spoken = {"he": "הקוד שלך", "de-AT": "Dein Code", "tlh": "Your code", "EN-gb": "Your code", None: "Your code"}
    for locale, words in spoken.items():
        body = {"email": ANN, "locale": locale}
        assert (await door.http.post("/v1/auth/email/codes", json=body)).status_code == 202
        mail = door.mail.mails(ANN)[0]
        assert words in mail["text"]
        assert code_in(mail) not in mail["subject"]


async def test_what_does_not_fit_is_pointed_at(door: Door) -> None:
    misfits: list[tuple[dict[str, Any], str]] = [
        ({"email": "nobody"}, "#/body/email"),
        ({"email": ANN, "locale": "not a tag"}, "#/body/locale"),
        ({}, "#/body/email"),
        ({"email": ANN, "more": 1}, "#/body/more"),
        ({"email": f"{'a' * 65}@example.com"}, "#/body/email"),
    ]
    for body, pointer in misfits:
        answer = await door.http.post("/v1/auth/email/codes", json=body)
        assert (answer.status_code, slug(answer)) == (422, "invalid")
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
