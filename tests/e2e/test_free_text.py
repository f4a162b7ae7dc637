"""Whatever people write, a database, a page or a log may read it as more than text: here it stays text."""

from typing import Any

import asyncpg
import pytest

from clients.python import Client
from tests.e2e.conftest import Night

SQL = (
    "'); drop table notes; --",
    "' or '1'='1",
    "';update users set email=''--",
    "$1 %s {0} :name \\' \\",
)
TABLES = "select count(*) from pg_tables where schemaname = any($1)"
SCHEMAS = ["identity", "social", "rooms", "moderation", "inventory"]


async def asked(client: Client, method: str, path: str, body: Any = None, **options: Any) -> Any:
    answer = await client.account.request(method, f"/v1{path}", json=body, **options)
    return answer.json() if answer.content else None


@pytest.mark.parametrize("text", SQL)
async def test_sql_in_free_text_is_kept_as_text_and_nothing_else_happens(night: Night, text: str) -> None:
    database = await asyncpg.connect(night.bar.status()["postgres"]["admin"])
    try:
        before = await database.fetchval(TABLES, SCHEMAS)
        async with night.guest("ann@example.com") as ann, night.guest("bob@example.com") as bob:
            bob_id = bob.account.user_id
            mine = await asked(ann, "PATCH", "/profiles/me", {"display_name": text, "bio": text})
            assert (mine["display_name"].partition("#")[0].strip(), mine["bio"]) == (text, text)
            assert await asked(ann, "GET", "/profiles/me") == mine
            found = await asked(bob, "GET", "/profiles/search", params={"q": text, "limit": 100})
            assert str(ann.account.user_id) in {each["user_id"] for each in found["items"]}
            none = await asked(bob, "GET", "/profiles/search", params={"q": f"{text}, not found"})
            assert none["items"] == [], "it names nobody, whatever a database would make of it"
            plan = {"theme": "lounge", "is_private": True, "capacity": 2, "region": "eu"}
            room = await asked(ann, "POST", "/rooms", {"name": text, **plan})
            assert room["name"] == text
            await asked(ann, "DELETE", f"/rooms/{room['id']}")
            complaint = {"reported_user_id": str(bob_id), "room_id": room["id"], "report_type": "other"}
            report = await asked(ann, "POST", "/reports", {**complaint, "description": text})
            reports = (await asked(ann, "GET", "/reports/mine"))["items"]
            assert {each["id"]: each["description"] for each in reports}[report["id"]] == text
        assert await database.fetchval(TABLES, SCHEMAS) == before
        assert await database.fetchval("select count(*) from identity.users where email = ''") == 0
    finally:
        await database.close()


async def test_control_text_that_is_pasted_into_a_statement_is_obeyed(night: Night) -> None:
    database = await asyncpg.connect(night.bar.status()["postgres"]["admin"])
    try:
        await database.execute("create temporary table notes (text text)")
        await database.execute(f"insert into notes values ('{SQL[0]}')")
        with pytest.raises(asyncpg.UndefinedTableError):
            await database.fetch("select text from notes")
    finally:
        await database.close()
