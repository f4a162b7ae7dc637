"""A session that a revocation ends is refused everywhere, however its tokens race the revocation."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from libs.chassis.revocations import Revocations
from libs.contracts.identity import SessionRevoke
from libs.eventstore.unit import Unit
from services.identity.__main__ import opened
from services.identity.accounts import hold
from services.identity.commands import Command, EndAllSessions, Suspend
from services.identity.decider import USER, stream_of
from tests.accounts import ask_for_code, sign_in
from tests.identity.conftest import Clock, Door, told
from tests.libs.chassis.house import envelope_of
from tests.waiting import until

ANN = "ann@example.com"
LIFETIME = timedelta(minutes=5)


@asynccontextmanager
async def uncommitted(door: Door, command: Command) -> AsyncIterator[None]:
    """Decided and recorded, but not yet there for others; committed when the block ends."""
    decided, go = asyncio.Event(), asyncio.Event()

    async def work(unit: Unit) -> None:
        await hold(unit, command.user_id)
        stream = await unit.load(USER, stream_of(command.user_id))
        await unit.append(USER, stream, USER.decide(stream.state, command))
        decided.set()
        await go.wait()

    running = asyncio.create_task(door.identity.store.run(work, at=door.clock()))
    await decided.wait()
    try:
        yield
    finally:
        go.set()
        await running


async def revoked_at(door: Door, user: UUID) -> tuple[Revocations, datetime]:
    """What every other service makes of the last revocation."""
    at = await door.pool.fetchval(
        "select recorded_at from events where name in ('session_revoke', 'user_suspend') order by pos desc limit 1"
    )
    revocations = Revocations(LIFETIME)
    event = SessionRevoke(user_id=user, session_id=None, reason="signed_out")
    await revocations.apply(replace(envelope_of(event, stream_of(user)), time=at))
    return revocations, at


def claims_of(token: str) -> dict[str, Any]:
    body = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return claims


def times(token: str) -> tuple[UUID, datetime, datetime]:
    """Session, when it began, and when the token was issued."""
    claims = claims_of(token)
    began, issued = (datetime.fromtimestamp(claims[name], UTC) for name in ("auth_time", "iat"))
    return UUID(claims["sid"]), began, issued


async def test_a_refresh_during_a_revocation_mints_nothing_that_lasts(door: Door) -> None:
    """The control is the same with the token's own time, which others went by before: they would let it in."""
    tokens = await sign_in(door.http, door.mail, ANN)
    user = UUID(tokens["user"]["id"])
    async with uncommitted(door, EndAllSessions(user, "signed_out")):
        door.clock.forward(milliseconds=20)
        answer = await door.http.post("/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
        assert answer.status_code == 200
    revocations, _ = await revoked_at(door, user)
    session, began, issued = times(answer.json()["access_token"])
    assert revocations.refuse(user, session, began)
    assert not revocations.refuse(user, session, issued), "the control"


Revoke = Callable[[UUID], Command]
REVOKES: list[Revoke] = [lambda user: EndAllSessions(user, "signed_out"), lambda user: Suspend(user, uuid4(), None)]


@pytest.mark.parametrize("revoke", REVOKES)
async def test_whoever_signs_in_during_a_revocation_is_later_than_it_even_by_a_slow_clock(
    door: Door, revoke: Revoke
) -> None:
    user = UUID((await sign_in(door.http, door.mail, ANN))["user"]["id"])
    code = await ask_for_code(door.http, door.mail, ANN)
    slow = Clock(timedelta(seconds=-3))
    async with opened(told(door.databases, door.mail), slow) as there:
        await there.keys.refresh()
        async with uncommitted(door, revoke(user)):
            entering = asyncio.create_task(there.identity.sign_in(ANN, code, "web", "127.0.0.1"))
            await until(lambda: waiting(door.pool.fetchval))
        tokens = await entering
    revocations, at = await revoked_at(door, user)
    session, began, _ = times(tokens.access_token)
    assert began > at
    assert not revocations.refuse(user, session, began)


@pytest.mark.parametrize("revoke", REVOKES)
async def test_a_revocation_by_a_slow_clock_ends_the_session_that_began_before_it(door: Door, revoke: Revoke) -> None:
    tokens = await sign_in(door.http, door.mail, ANN)
    user = UUID(tokens["user"]["id"])
    async with opened(told(door.databases, door.mail), Clock(timedelta(seconds=-3))) as there:
        await there.identity.execute(revoke(user))
    revocations, _ = await revoked_at(door, user)
    session, began, _ = times(tokens["access_token"])
    assert revocations.refuse(user, session, began)


async def waiting(fetchval: Callable[..., Awaitable[Any]]) -> bool:
    return bool(await fetchval("select exists (select from pg_locks where not granted)"))
