"""Who may pass, who may not, and who may no longer."""

import asyncio
import itertools
from datetime import UTC, datetime, timedelta
from time import time
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from libs.chassis.auth import APPEAL
from libs.chassis.jwks import Jwks
from libs.chassis.problems import Unauthenticated, Unavailable
from libs.chassis.revocations import Revocations
from libs.contracts.cloudevents import Envelope
from libs.contracts.event import Event
from libs.contracts.identity import SessionRevoke, UserDelete, UserSuspend
from tests.libs.chassis.house import envelope_of
from tests.libs.chassis.sample import sample_app
from tests.libs.chassis.tokens import Issuer, bearer

NOW = datetime(2026, 1, 31, 22, 30, tzinfo=UTC)


async def test_a_good_token_tells_who_is_asking() -> None:
    issuer, user, session = Issuer(), uuid4(), uuid4()
    caller = await issuer.verifier().verify(issuer.token(sub=user, sid=session, roles=["moderator"]))
    assert (caller.user_id, caller.session_id, caller.roles) == (user, session, frozenset({"moderator"}))
    assert caller.expires_at - caller.signed_in_at == timedelta(minutes=5)


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": int(time()) - 60},
        {"aud": "somebody-else"},
        {"iss": "https://elsewhere.test"},
        {"iat": int(time()) + 3600},
        {"sub": "dana"},
        {"sid": None},
        {"sub": None},
        {"exp": None},
        {"iat": None},
        {"auth_time": None},
        {"aud": None},
        {"iss": None},
        {"scope": None},
        {"scope": "everything"},
        {"roles": "operator"},
        {"roles": None},
        {"exp": "soon"},
        {"exp": 10**30},
    ],
    ids=itertools.count(),
)
async def test_a_token_with_a_wrong_claim_proves_nothing(claims: dict[str, Any]) -> None:
    issuer = Issuer()
    with pytest.raises(Unauthenticated):
        await issuer.verifier().verify(issuer.token(**claims))


async def test_a_forged_token_proves_nothing() -> None:
    issuer = Issuer()
    other = ECKey.generate_key("P-256", {"kid": issuer.kid})
    good = issuer.token()
    head, body, signature = good.split(".")
    shared = OctKey.import_key("no asymmetry, no proof: anybody who can check it can make it")
    forged = [
        issuer.token(key=other),
        f"{head}.{body}.{'A' * len(signature)}",
        f"{head}.{body}.",
        f"{head}.{issuer.token(roles=['operator']).split('.')[1]}.{signature}",
        jwt.encode({"alg": "HS256", "kid": issuer.kid}, {"sub": "x"}, shared),
        "eyJhbGciOiJub25lIn0.e30.",
        "not a token",
        "ü.ü.ü",
        "",
    ]
    for token in forged:
        with pytest.raises(Unauthenticated):
            await issuer.verifier().verify(token)


async def test_a_remembered_token_still_expires() -> None:
    issuer, now = Issuer(), time()
    verifier = issuer.verifier(clock=lambda: now)
    token = issuer.token()
    await verifier.verify(token)
    issuer.keys.clear()
    await verifier.verify(token)  # remembered: the key is not asked for again
    now += 400
    with pytest.raises(Unauthenticated):
        await verifier.verify(token)


class Counting:
    """A JWKS endpoint that may be away."""

    def __init__(self, issuer: Issuer) -> None:
        self.issuer, self.calls, self.away, self.now = issuer, 0, False, 1000.0

    async def fetch(self, _url: str) -> dict[str, Any]:
        self.calls += 1
        if self.away:
            raise ConnectionRefusedError
        return self.issuer.jwks()

    def jwks(self) -> Jwks:
        return Jwks("http://identity", fetch=self.fetch, clock=lambda: self.now)


async def test_an_unknown_key_id_is_looked_up_but_not_at_anybodys_bidding() -> None:
    endpoint = Counting(Issuer())
    keys, first = endpoint.jwks(), endpoint.issuer.kid
    assert await keys.get(first)
    endpoint.issuer.rotate()
    endpoint.now += 10
    assert await keys.get(endpoint.issuer.kid)
    assert await keys.get(first)  # tokens signed before the rotation are good until they expire
    for _ in range(50):
        assert await keys.get(uuid4().hex) is None
    assert endpoint.calls == 2
    endpoint.now += 10
    assert await keys.get(uuid4().hex) is None
    assert endpoint.calls == 3


async def test_a_withdrawn_key_is_forgotten_within_ten_minutes() -> None:
    endpoint = Counting(Issuer())
    keys, kid = endpoint.jwks(), endpoint.issuer.kid
    assert await keys.get(kid)
    endpoint.issuer.keys.clear()
    endpoint.issuer.rotate()
    endpoint.now += 601
    assert await keys.get(kid) is None


async def test_without_the_keys_nobody_is_called_a_forger() -> None:
    endpoint = Counting(Issuer())
    keys = endpoint.jwks()
    endpoint.away = True
    with pytest.raises(Unavailable):
        await keys.get(endpoint.issuer.kid)
    endpoint.away = False
    endpoint.now += 10
    assert await keys.get(endpoint.issuer.kid)
    endpoint.away = True
    endpoint.now += 700
    assert await keys.get(endpoint.issuer.kid)  # what was known goes on being good
    with pytest.raises(Unavailable):
        await keys.get("new")


def told(event: Event, at: datetime = NOW) -> Envelope:
    envelope = envelope_of(event, f"user-{event.subject}")
    return Envelope(**{name: getattr(envelope, name) for name in Envelope.__slots__} | {"time": at})


async def test_a_revoked_session_is_refused_and_the_persons_others_are_not() -> None:
    revocations, user, session = Revocations(timedelta(minutes=5), clock=lambda: NOW), uuid4(), uuid4()
    await revocations.apply(told(SessionRevoke(user_id=user, session_id=session, reason="logout")))
    assert revocations.refuse(user, session, NOW + timedelta(minutes=1))
    assert not revocations.refuse(user, uuid4(), NOW - timedelta(minutes=1))


async def test_nobody_passes_before_the_revocations_from_before_the_start_have_been_read() -> None:
    issuer, read = Issuer(), asyncio.Event()
    revocations = Revocations(timedelta(minutes=5), clock=lambda: NOW)
    user, ended, other = uuid4(), uuid4(), uuid4()
    verifier = issuer.verifier(revocations, informed=read.wait)
    asking = [asyncio.create_task(verifier.verify(issuer.token(sub=user, sid=each))) for each in (ended, other)]
    assert not (await asyncio.wait(asking, timeout=0.1))[0]
    await revocations.apply(told(SessionRevoke(user_id=user, session_id=ended, reason="logout")))
    read.set()
    with pytest.raises(Unauthenticated):
        await asking[0]
    assert (await asking[1]).session_id == other


USER = uuid4()


@pytest.mark.parametrize(
    "event",
    [
        SessionRevoke(user_id=USER, session_id=None, reason="signed_out"),
        UserSuspend(user_id=USER, sanction_id=uuid4()),
        UserDelete(user_id=USER),
    ],
    ids=lambda event: event.NAME,
)
async def test_tokens_from_before_the_event_are_refused_and_later_ones_are_not(event: Event) -> None:
    revocations, user = Revocations(timedelta(minutes=5), clock=lambda: NOW), USER
    for _ in range(2):  # hearing it twice changes nothing
        await revocations.apply(told(event))
    assert revocations.refuse(user, uuid4(), NOW - timedelta(seconds=1))
    assert revocations.refuse(user, uuid4(), NOW)
    assert not revocations.refuse(user, uuid4(), NOW + timedelta(seconds=1))
    assert not revocations.refuse(uuid4(), uuid4(), NOW - timedelta(seconds=1))


async def test_events_that_no_token_can_outlive_are_forgotten() -> None:
    clock = [NOW]
    revocations, user = Revocations(timedelta(minutes=5), clock=lambda: clock[0]), uuid4()
    await revocations.apply(told(UserDelete(user_id=user)))
    clock[0] += timedelta(minutes=7)
    await revocations.apply(told(UserDelete(user_id=uuid4()), clock[0]))
    assert not revocations.refuse(user, uuid4(), NOW - timedelta(seconds=1))
    assert revocations.horizon() == NOW + timedelta(minutes=1)


async def test_the_api_asks_for_tokens_roles_and_scopes() -> None:
    issuer, revocations, session = Issuer(), Revocations(timedelta(minutes=5)), uuid4()
    transport = httpx2.ASGITransport(app=sample_app(issuer.verifier(revocations)))
    path = f"/v1/rooms/{uuid4()}"

    async with httpx2.AsyncClient(transport=transport, base_url="http://bar") as client:

        async def status(method: str, path: str, **headers: str) -> int:
            return (await client.request(method, path, headers=headers)).status_code

        assert await status("GET", path) == 401
        assert await status("GET", path, authorization="Basic Zm9vOmJhcg==") == 401
        assert await status("GET", path, authorization="Bearer") == 401
        assert await status("GET", path, **bearer(issuer.token())) == 404
        assert await status("GET", path, **bearer(issuer.token(scope=APPEAL))) == 404
        assert await status("POST", f"{path}/join", **bearer(issuer.token(scope=APPEAL))) == 403
        assert await status("DELETE", path, **bearer(issuer.token())) == 403
        assert await status("DELETE", path, **bearer(issuer.token(roles=["moderator"]))) == 204
        token = issuer.token(sid=session)
        assert await status("GET", path, **bearer(token)) == 404
        ended = SessionRevoke(user_id=uuid4(), session_id=session, reason="logout")
        await revocations.apply(told(ended, datetime.now(UTC)))
        assert await status("GET", path, **bearer(token)) == 401
        answer = await client.get(path)
        assert answer.headers["www-authenticate"] == "Bearer"
