"""Being forgotten: asked for over HTTP, answered by every service, watched by identity."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx2
import pytest
from prometheus_client import REGISTRY

from libs.chassis.consumers.applying import Applying
from libs.chassis.consumers.handlers import Handlers
from libs.chassis.postgres import connect
from libs.contracts.catalogue import EVENTS
from libs.contracts.erasure import ErasureDone
from libs.contracts.event import Event
from libs.contracts.identity import UserDelete
from libs.contracts.moderation import SanctionLift
from libs.contracts.vocabulary import SERVICES, Service
from libs.eventstore.keys import Cipher, KeyRing
from libs.eventstore.rebuild import Rebuild
from libs.eventstore.recorded import Reader
from libs.eventstore.verify import stream_faults
from services.identity.commands import Suspend
from services.identity.consumers import on_delete, on_lift
from services.identity.decider import USER
from services.identity.erasures import ANSWERS, answered
from services.identity.projections import ACCOUNTS
from tests.accounts import ask_for_code, bearer, sign_in
from tests.identity.conftest import Door, Open
from tests.identity.test_sign_in import slug
from tests.libs.chassis.house import envelope_of

ANN, BOB = "ann.canary@example.com", "bob@example.com"
TABLES = """
select table_name from information_schema.tables where table_schema = 'identity' and table_type = 'BASE TABLE'"""


@dataclass(frozen=True)
class Ear:
    """What identity hears."""

    applying: Applying
    keys: KeyRing

    async def hear(self, event: Event) -> None:
        await self.applying.alone(envelope_of(event, f"user-{event.subject}"))


@asynccontextmanager
async def ear_of(door: Door) -> AsyncIterator[Ear]:
    async with await connect(door.databases.keys, "identity") as vault:
        keys, handlers = KeyRing(vault), Handlers()
        handlers.add_command(UserDelete, lambda unit, envelope: on_delete(unit, envelope, keys))
        handlers.add_command(SanctionLift, on_lift)
        handlers.add_replica(ErasureDone, answered)
        yield Ear(Applying("identity", handlers, door.pool, door.identity.store, door.clock), keys)


@pytest.fixture
async def ear(door: Door) -> AsyncIterator[Ear]:
    async with ear_of(door) as ear:
        yield ear


async def erase(door: Door, tokens: dict[str, Any]) -> httpx2.Response:
    return await door.http.delete("/v1/me", headers=bearer(tokens))


async def erased(door: Door, tokens: dict[str, Any]) -> str:
    answer = await erase(door, tokens)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["receipt"])


async def progress(door: Door, receipt: str) -> dict[str, Any]:
    answer = await door.http.get(f"/v1/erasures/{receipt}")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


async def canaries(door: Door, owner: "asyncpg.Connection[asyncpg.Record]", word: str = "canary") -> set[str]:
    """The tables in which it is to be read."""
    found = set()
    for (table,) in [tuple(row) for row in await owner.fetch(TABLES)]:
        rows = await owner.fetch(f"select t::text as said from {table} t")
        found |= {table for row in rows if word in row["said"]}
    return found


async def test_the_account_is_closed_at_once_and_nothing_personal_is_left(
    door: Door, owner: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    tokens, bob = await sign_in(door.http, door.mail, ANN), await sign_in(door.http, door.mail, BOB)
    await ask_for_code(door.http, door.mail, ANN)
    assert await canaries(door, owner) == {"users", "logins"}, "the control"
    await erased(door, tokens)
    assert await canaries(door, owner) == set()
    row = await door.pool.fetchrow("select * from users where id = $1", UUID(tokens["user"]["id"]))
    assert row
    assert (row["status"], row["email"], row["auth_provider_user_id"]) == ("deleted", None, None)
    for table in ("sessions", "refresh_families", "logins"):
        assert await door.pool.fetchval(f"select count(*) from {table}") == 1, "bob's"
    assert await door.pool.fetchval("select count(*) from email_codes") == 1
    assert (await door.http.get("/v1/me", headers=bearer(tokens))).status_code == 401
    assert (
        await door.http.post("/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    ).status_code == 401
    assert (await door.http.get("/v1/me", headers=bearer(bob))).json() == bob["user"]


async def test_an_old_login_has_to_sign_in_first_however_young_its_token(door: Door) -> None:
    tokens = await sign_in(door.http, door.mail, ANN)
    door.clock.forward(minutes=10, seconds=1)
    tokens = (await door.http.post("/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})).json()
    answer = await erase(door, tokens)
    assert (answer.status_code, slug(answer)) == (403, "reauthenticate")
    await erased(door, await sign_in(door.http, door.mail, ANN))


async def test_the_receipt_is_done_when_every_service_has_answered(door: Door, ear: Ear) -> None:
    tokens = await sign_in(door.http, door.mail, ANN)
    user, receipt = UUID(tokens["user"]["id"]), await erased(door, tokens)
    assert await progress(door, receipt) == {"status": "pending", "services": dict.fromkeys(SERVICES, "pending")}
    for n, service in enumerate(SERVICES, 1):
        for _ in range(2):
            await ear.hear(ErasureDone(user_id=user, service=service))
        await ear.hear(ErasureDone(user_id=uuid4(), service=service))
        told = await progress(door, receipt)
        assert told["status"] == ("done" if n == len(SERVICES) else "pending")
        assert list(told["services"].values()).count("done") == n


async def test_a_receipt_that_was_never_given_is_not_found(door: Door) -> None:
    answer = await door.http.get(f"/v1/erasures/{uuid4()}")
    assert (answer.status_code, slug(answer)) == (404, "not_found")


async def test_identity_destroys_the_key_and_answers_once(door: Door, ear: Ear) -> None:
    tokens = await sign_in(door.http, door.mail, ANN)
    user = UUID(tokens["user"]["id"])
    assert await ear.keys.find(user)
    await erased(door, tokens)
    for _ in range(2):
        await ear.hear(UserDelete(user_id=user))
    assert await ear.keys.find(user) is None
    rows = await door.pool.fetch("select name, data ->> 'service' as service from events order by pos desc limit 2")
    assert [tuple(row) for row in rows] == [("erasure_done", "identity"), ("user_delete", None)]


async def test_the_address_is_free_for_a_new_account(door: Door, ear: Ear) -> None:
    old = await sign_in(door.http, door.mail, ANN)
    await erased(door, old)
    new = await sign_in(door.http, door.mail, ANN)
    assert new["user"]["id"] != old["user"]["id"]
    await ear.hear(UserDelete(user_id=UUID(old["user"]["id"])))
    assert (await door.http.get("/v1/me", headers=bearer(new))).json() == new["user"]


async def test_a_rebuild_finds_nothing_to_mend_before_and_after(
    door: Door, ear: Ear, owner: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    ann, _ = await sign_in(door.http, door.mail, ANN), await sign_in(door.http, door.mail, BOB)
    user = UUID(ann["user"]["id"])
    await erased(door, ann)
    await sign_in(door.http, door.mail, ANN)
    answers: list[Service] = ["rooms", "social", "identity"]

    async def differences() -> Any:
        db = await asyncpg.connect(door.databases.owner, server_settings={"search_path": "identity"})
        try:
            reader = Reader(Cipher(ear.keys), EVENTS)
            return (await Rebuild(db, reader, [ACCOUNTS, ANSWERS]).compare()).differences
        finally:
            await db.close()

    await ear.hear(ErasureDone(user_id=user, service=answers[0]))
    assert await differences() == []
    await ear.hear(UserDelete(user_id=user))
    for service in answers:
        await ear.hear(ErasureDone(user_id=user, service=service))
    assert await differences() == []
    assert [fault async for fault in stream_faults(owner, {"user": USER})] == []


async def test_whoever_was_banned_when_they_were_erased_cannot_come_back_while_the_ban_holds(
    door: Door, ear: Ear, owner: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    week, ban = uuid4(), uuid4()
    user = UUID((await sign_in(door.http, door.mail, ANN))["user"]["id"])
    await door.identity.execute(Suspend(user, week, door.clock() + timedelta(days=7)))
    await door.identity.execute(Suspend(user, ban, None))
    await erased(door, await sign_in(door.http, door.mail, ANN))  # with the token for appeals
    assert await canaries(door, owner) == set()

    async def comes_back() -> bool:
        body = {"email": ANN, "code": await ask_for_code(door.http, door.mail, ANN), "device_type": "web"}
        answer = await door.http.post("/v1/auth/email/tokens", json=body)
        assert answer.status_code == 200 or slug(answer) == "account_suspended"
        return answer.status_code == 200

    assert not await comes_back()
    await sign_in(door.http, door.mail, BOB)
    await ear.hear(SanctionLift(sanction_id=ban, user_id=user, reason="withdrawn"))
    assert not await comes_back(), "the week is not over"
    door.clock.forward(days=8)
    assert await comes_back()


async def test_what_takes_longer_than_the_deadline_is_measured(open_door: Open) -> None:
    door = await open_door(erasure_seconds=60)
    tokens = await sign_in(door.http, door.mail, ANN)
    receipt = await erased(door, tokens)
    async with ear_of(door) as ear:
        erasures = door.erasures
        assert await erasures.watch() == []
        door.clock.forward(seconds=61)
        [overdue] = await erasures.watch()
        assert str(overdue["receipt"]) == receipt
        assert set(overdue["missing"]) == set(SERVICES)
        assert REGISTRY.get_sample_value("virtubar_erasures_overdue") == 1
        for service in SERVICES:
            await ear.hear(ErasureDone(user_id=UUID(tokens["user"]["id"]), service=service))
        assert await erasures.watch() == []
        assert REGISTRY.get_sample_value("virtubar_erasures_overdue") == 0
