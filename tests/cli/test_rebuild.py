"""`virtubar verify` and `virtubar rebuild` against a whole bar: what was spoilt is named, mended, and clean again."""

import json
from typing import Any

import asyncpg

from tests.stack import OpenBar


async def spoil(bar: OpenBar, sql: str) -> None:
    db = await asyncpg.connect(bar.status()["postgres"]["admin"])
    try:
        await db.execute(sql)
    finally:
        await db.close()


def verified(bar: OpenBar) -> tuple[int, dict[str, Any]]:
    done = bar.virtubar("verify", "--json")
    document: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, document


async def test_a_spoilt_table_is_named_mended_and_clean_again(bar: OpenBar) -> None:
    status, before = verified(bar)
    assert (status, before["clean"], before["problems"]) == (0, True, [])
    assert before["events"]["room_create"]["committed"] == before["events"]["room_create"]["lake"] >= 3
    await spoil(
        bar, "update rooms.rooms set theme = 'dance' where theme = 'lounge'; delete from rooms.rooms where false"
    )
    status, spoilt = verified(bar)
    assert (status, spoilt["clean"]) == (1, False)
    assert all(said.startswith("rooms: rooms {'id': ") for said in spoilt["problems"])
    assert all(said.endswith("changed: theme") for said in spoilt["problems"])
    mended = bar.virtubar("rebuild", "rooms", "--json")
    assert mended.returncode == 0, mended.stderr
    assert {each["table"] for each in json.loads(mended.stdout)["differences"]} == {"rooms"}
    assert verified(bar)[0] == 0
    again = bar.virtubar("rebuild", "rooms", "rooms")
    assert "every row was what the events come to" in again.stderr


def test_for_people_it_is_a_table_with_a_verdict(bar: OpenBar) -> None:
    done = bar.virtubar("verify")
    assert done.returncode == 0
    assert "room_create" in done.stdout
    assert "nothing lost, nothing doubled, nothing changed" in done.stdout


def test_what_cannot_be_rebuilt_is_answered_with_what_can(bar: OpenBar) -> None:
    for arguments, named in ((["kitchen"], "identity, rooms"), (["rooms", "drinks"], "rooms")):
        done = bar.virtubar("rebuild", *arguments)
        assert done.returncode == 1
        assert f"name one of: {named}" in done.stderr
