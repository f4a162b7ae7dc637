"""Signing keys at work: published before they sign, good until their tokens have ended, sealed where they lie."""

import asyncio
import base64
import json
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from joserfc.jws import extract_compact

from libs.chassis.auth import Verifier
from libs.chassis.jwks import Jwks
from libs.chassis.problems import Unauthenticated
from libs.chassis.revocations import Revocations
from libs.contracts.catalogue import EVENTS
from libs.contracts.cloudevents import decode
from libs.eventstore.wire import COLUMNS, Wire
from services.identity.__main__ import opened
from tests.accounts import bearer, sign_in
from tests.identity.conftest import Door, Open, told

ANN = "ann@example.com"
QUICK = {"signing_key_seconds": 600, "signing_key_lead_seconds": 60}  # tokens live 300 s, and 5 s of clock skew


async def published(http: httpx2.AsyncClient) -> list[str]:
    answer = await http.get("/v1/auth/jwks.json")
    assert answer.headers["cache-control"] == "public, max-age=300"
    keys: list[dict[str, Any]] = answer.json()["keys"]
    for key in keys:
        assert key.keys() == {"kty", "crv", "x", "y", "kid", "alg", "use"}, "the public half and no more"
        assert (key["crv"], key["alg"], key["use"]) == ("P-256", "ES256", "sig")
    return [key["kid"] for key in keys]


def signed_by(tokens: dict[str, Any]) -> str:
    return str(extract_compact(tokens["access_token"].encode()).headers()["kid"])


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


async def test_a_rotation_is_noticed_by_nobody(open_door: Open) -> None:
    before = await open_door(**QUICK)
    [old] = await published(before.http)
    before.clock.forward(seconds=545)

    during = await open_door(**QUICK)  # a process that looks at the keys now
    _, new = await published(during.http)
    last = await sign_in(during.http, during.mail, ANN)
    assert signed_by(last) == old, "the new key is published and does not sign yet"

    during.clock.forward(seconds=60)
    first = await sign_in(during.http, during.mail, ANN)
    assert signed_by(first) == new
    after = await open_door(**QUICK)
    assert await published(after.http) == [old, new]
    for tokens in (last, first):
        assert (await after.http.get("/v1/me", headers=bearer(tokens))).status_code == 200

    after.clock.forward(seconds=310)
    assert await published((await open_door(**QUICK)).http) == [new], "no token of the old key is left"


async def test_processes_that_start_together_make_one_key(open_door: Open) -> None:
    doors = await asyncio.gather(*(open_door() for _ in range(4)))
    assert len({tuple(await published(door.http)) for door in doors}) == 1
    tokens = await sign_in(doors[0].http, doors[0].mail, ANN)
    assert (await doors[3].http.get("/v1/me", headers=bearer(tokens))).status_code == 200


async def test_a_private_key_lies_sealed_and_another_pepper_cannot_open_it(door: Door) -> None:
    row = await door.pool.fetchrow("select * from signing_keys")
    assert row
    await (keys := door.identity.mint.keys).refresh()
    secret = decoded(str(keys.signer()[1].as_dict(private=True)["d"]))
    assert len(secret) == 32
    assert secret not in row["sealed"]
    other = told(door.databases, door.mail, pepper="another pepper, of 32 characters or more")
    async with opened(other, door.clock) as inside:
        await inside.keys.refresh()
        assert inside.keys.signer()[0] != row["kid"]
        assert await inside.keys.get(row["kid"]), "tokens that are out stay good"


async def test_a_token_says_who_when_and_for_how_long(door: Door) -> None:
    tokens = await sign_in(door.http, door.mail, ANN)
    claims = json.loads(decoded(tokens["access_token"].split(".")[1]))
    assert claims.keys() == {"iss", "aud", "sub", "sid", "roles", "scope", "iat", "exp", "auth_time"}
    assert (claims["iss"], claims["aud"], claims["sub"]) == (
        "https://virtubar.dev",
        "virtubar",
        tokens["user"]["id"],
    )
    assert 299 < claims["exp"] - claims["iat"] <= 300


async def test_another_service_needs_nothing_but_the_published_keys(door: Door) -> None:
    tokens = await sign_in(door.http, door.mail, ANN)
    verifier = elsewhere(door)
    caller = await verifier.verify(tokens["access_token"])
    assert str(caller.user_id) == tokens["user"]["id"]
    assert (caller.scope, caller.roles) == ("full", frozenset())
    head, body, signature = tokens["access_token"].split(".")
    with pytest.raises(Unauthenticated):
        await elsewhere(door).verify(f"{head}.{body}.{signature[::-1]}")


async def test_signing_out_everywhere_spares_who_signs_in_within_the_same_second(door: Door) -> None:
    before = await sign_in(door.http, door.mail, ANN)
    assert (await door.http.delete("/v1/me/sessions", headers=bearer(before))).status_code == 204
    after = await sign_in(door.http, door.mail, ANN)
    revocations = Revocations(timedelta(minutes=5))
    row = await door.pool.fetchrow(f"select {COLUMNS} from events where name = 'session_revoke'")
    assert row
    message = Wire("/virtubar/local/identity/1", EVENTS).message(row)
    await revocations.apply(decode(message.value, message.headers))
    verifier = elsewhere(door, revocations)
    with pytest.raises(Unauthenticated):
        await verifier.verify(before["access_token"])
    assert await verifier.verify(after["access_token"])


def elsewhere(door: Door, revocations: Revocations | None = None) -> Verifier:
    """What any other service checks tokens with."""
    return Verifier(
        Jwks(f"{str(door.http.base_url).rstrip('/')}/v1/auth/jwks.json"),
        issuer="https://virtubar.dev",
        audience="virtubar",
        revocations=revocations,
    )
