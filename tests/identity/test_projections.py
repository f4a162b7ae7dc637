"""The tables are what the specification says and what the log comes to; what is personal is in `users` and `logins`."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID, uuid4

import asyncpg
import pytest

from libs.chassis.postgres import connect
from libs.contracts.catalogue import EVENTS
from libs.eventstore.db import Record
from libs.eventstore.errors import Conflict
from libs.eventstore.gone import erase
from libs.eventstore.keys import Cipher, KeyRing
from libs.eventstore.projections import project_all
from libs.eventstore.rebuild import Rebuild, Report
from libs.eventstore.recorded import Reader
from libs.eventstore.store import Store
from libs.eventstore.verify import stream_faults
from libs.eventstore.wire import COLUMNS, Wire
from services.identity.commands import (
    Command,
    Delete,
    EndAllSessions,
    EndSession,
    GrantRole,
    Reinstate,
    RevokeRole,
    SignIn,
    Suspend,
)
from services.identity.decider import USER, stream_of
from services.identity.projections import ACCOUNTS
from tests.accounts import sign_in
from tests.conftest import Database
from tests.identity.conftest import Clock, Door

ANN, BOB, CEM = uuid4(), uuid4(), uuid4()
PHONE, LAPTOP, DESK, SANCTION = uuid4(), uuid4(), uuid4(), uuid4()
SPECIFIED = {
    "id": ("uuid", False),
    "created_at": ("timestamp with time zone", False),
    "updated_at": ("timestamp with time zone", False),
    "email": ("text", True),
    "auth_provider": ("text", False),
    "auth_provider_user_id": ("text", True),
    "status": ("text", False),
    "last_login_at": ("timestamp with time zone", True),
}
COLUMNS_OF = """
select column_name, data_type, is_nullable = 'YES' as nullable
from information_schema.columns where table_schema = 'identity' and table_name = $1"""
CONSTRAINTS_OF = "select pg_get_constraintdef(oid) as said from pg_constraint where conrelid = $1::text::regclass"


@dataclass(frozen=True)
class Accounts:
    """The store with its tables, and the owner's session, without an API."""

    store: Store
    reader: Reader
    keys: KeyRing
    owner: "asyncpg.Connection[Record]"
    clock: Clock

    async def happen(self, *commands: Command) -> None:
        for command in commands:
            await self.store.execute(USER, stream_of(command.user_id), command, at=self.clock())
            self.clock.forward(seconds=1)

    async def compare(self) -> Report:
        try:
            return await Rebuild(self.owner, self.reader, (ACCOUNTS,)).compare()
        finally:
            await self.owner.execute("discard temp")

    async def row(self, user_id: UUID) -> Record:
        found = await self.owner.fetchrow("select * from users where id = $1", user_id)
        assert found
        return found


@pytest.fixture
async def accounts(database: Database) -> AsyncIterator[Accounts]:
    databases = await database("identity")
    async with (
        await connect(databases.runtime, "identity", size=4) as pool,
        await connect(databases.keys, "identity", size=2) as vault,
    ):
        keys = KeyRing(vault)
        cipher = Cipher(keys)
        store = Store(pool, cipher=cipher, project=project_all(ACCOUNTS))
        owner = await asyncpg.connect(databases.owner, server_settings={"search_path": "identity"})
        yield Accounts(store, Reader(cipher, EVENTS), keys, owner, Clock())
        await owner.close()


def arrive(user_id: UUID, session_id: UUID, email: str) -> SignIn:
    return SignIn(user_id, session_id, "email", email, email, "web")


LIFE: tuple[Command, ...] = (
    arrive(ANN, PHONE, "ann@example.com"),
    arrive(ANN, LAPTOP, "ann@example.com"),
    arrive(BOB, uuid4(), "bob@example.com"),
    arrive(CEM, uuid4(), "cem@example.com"),
    EndSession(ANN, PHONE, "logout"),
    EndAllSessions(BOB, "signed_out"),
    GrantRole(ANN, "moderator"),
    GrantRole(ANN, "analyst"),
    RevokeRole(ANN, "analyst"),
    arrive(ANN, DESK, "ann@example.com"),
    Suspend(BOB, SANCTION, None),
    Reinstate(BOB, SANCTION),
    Suspend(BOB, uuid4(), None),
    Delete(CEM),
)


async def test_users_has_exactly_the_specified_columns(accounts: Accounts) -> None:
    rows = await accounts.owner.fetch(COLUMNS_OF, "users")
    assert {row["column_name"]: (row["data_type"], row["nullable"]) for row in rows} == SPECIFIED
    users = {row["said"] for row in await accounts.owner.fetch(CONSTRAINTS_OF, "users")}
    assert {"PRIMARY KEY (id)", "UNIQUE (email)"} <= users
    logins = {row["said"] for row in await accounts.owner.fetch(CONSTRAINTS_OF, "logins")}
    assert {"PRIMARY KEY (provider, subject)", "FOREIGN KEY (user_id) REFERENCES users(id)"} <= logins


async def test_a_life_leaves_its_rows(accounts: Accounts) -> None:
    await accounts.happen(*LIFE)
    ann, bob, cem = [await accounts.row(each) for each in (ANN, BOB, CEM)]
    assert (ann["status"], bob["status"], cem["status"]) == ("active", "suspended", "deleted")
    assert (ann["email"], ann["auth_provider_user_id"]) == ("ann@example.com", "ann@example.com")
    assert ann["created_at"] < ann["last_login_at"] == ann["updated_at"]
    assert (cem["email"], cem["auth_provider_user_id"]) == (None, None)
    roles = await accounts.owner.fetch("select user_id, role from user_roles")
    assert [tuple(row) for row in roles] == [(ANN, "moderator")]
    logins = await accounts.owner.fetch("select subject from logins order by subject")
    assert [row["subject"] for row in logins] == ["ann@example.com", "bob@example.com"]
    live = await accounts.owner.fetch("select id from sessions where ended_at is null")
    assert [row["id"] for row in live] == [DESK]


async def test_a_rebuild_finds_nothing_to_mend_and_every_stream_adds_up(accounts: Accounts) -> None:
    await accounts.happen(*LIFE)
    report = await accounts.compare()
    assert report.events > len(LIFE)
    assert report.differences == []
    assert [fault async for fault in stream_faults(accounts.owner, {"user": USER})] == []


async def test_a_rebuild_after_an_erasure_finds_nothing_to_mend(accounts: Accounts) -> None:
    await accounts.happen(*LIFE)
    await erase(accounts.owner, accounts.keys, CEM)
    assert (await accounts.compare()).differences == []
    await accounts.happen(arrive(uuid4(), uuid4(), "cem@example.com"))
    assert (await accounts.compare()).differences == []


async def test_control_a_rebuild_finds_what_was_tampered_with(accounts: Accounts) -> None:
    await accounts.happen(*LIFE)
    await accounts.owner.execute("update users set status = 'active' where id = $1", BOB)
    await accounts.owner.execute("delete from sessions where id = $1", PHONE)
    found = (await accounts.compare()).differences
    assert {(each.table, each.kind, each.columns) for each in found} == {
        ("users", "changed", ("status",)),
        ("sessions", "missing", ()),
    }


async def test_two_first_sign_ins_of_one_person_make_one_account(accounts: Accounts) -> None:
    """Without the code's row lock: the login's key is what decides, and the loser is told to look again."""
    await accounts.happen(arrive(ANN, PHONE, "ann@example.com"))
    with pytest.raises(Conflict):
        await accounts.happen(arrive(BOB, LAPTOP, "ann@example.com"))
    assert await accounts.owner.fetchval("select count(*) from users") == 1
    assert await accounts.owner.fetchval("select count(*) from streams") == 1


async def test_an_address_is_in_no_state_no_stored_data_and_no_published_event(door: Door) -> None:
    for _ in range(2):
        signed_in = await sign_in(door.http, door.mail, "ann.canary@example.com")
    await door.http.delete("/v1/me/sessions", headers={"authorization": f"Bearer {signed_in['access_token']}"})
    wire = Wire("/virtubar/local/identity/1", EVENTS)
    messages = [wire.message(row) for row in await door.pool.fetch(f"select {COLUMNS} from events order by pos")]
    assert [message.topic for message in messages] == ["user_register", "user_login", "user_login", "session_revoke"]
    assert "canary" not in repr(messages)
    for table in ("streams", "events", "email_codes", "throttles", "refresh_families", "sessions", "signing_keys"):
        rows = await door.pool.fetch(f"select t::text as said from {table} t")
        assert rows
        assert not [row for row in rows if "canary" in row["said"] or signed_in["refresh_token"] in row["said"]]
    assert await door.pool.fetchval("select count(*) from users where email like '%canary%'") == 1  # the control
