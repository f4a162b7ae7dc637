"""The table `pairs`: what was heard, in any order, on a real database, and asked for from either side."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from libs.chassis.postgres import connect
from libs.contracts.catalogue import EVENTS
from libs.contracts.cloudevents import Envelope
from libs.contracts.identity import UserDelete
from libs.contracts.social import BlockUser, FriendAccept, MuteUser, UnblockUser
from libs.eventstore import heard
from libs.eventstore.db import Db, Pool
from libs.eventstore.keys import Cipher, KeyRing
from libs.eventstore.projections import Replica
from libs.eventstore.rebuild import Rebuild
from libs.eventstore.recorded import Reader
from libs.safety.relation import STRANGERS, Relation
from libs.safety.replica import PAIRS, hidden_from, relations_among, relations_of
from tests.conftest import Database
from tests.libs.safety.talk import ANN, BOB, CEM, in_order, said
from tests.stack import Databases
from tests.waiting import until
from tests.weave import envelope

ROOT = Path(__file__).parents[3]
TABLE = (ROOT / "libs" / "safety" / "pairs.sql").read_text()
GOER = UUID(int=4)


@dataclass
class Listener:
    """A service that hears of pairs and keeps nothing else."""

    urls: Databases
    pool: Pool

    async def hears(self, *envelopes: Envelope) -> None:
        async with self.pool.acquire() as db, db.transaction():
            await self.take(db, envelopes)

    async def take(self, db: Db, envelopes: Sequence[Envelope], replica: Replica = PAIRS) -> None:
        for each in await heard.receive_all(db, envelopes):
            await replica.apply(db, each)

    async def rows(self) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await self.pool.fetch("select * from pairs order by low, high")]

    async def differences(self) -> Sequence[Any]:
        """Between the table and its rebuild from what was heard."""
        db = await asyncpg.connect(self.urls.owner, server_settings={"search_path": "identity"})
        try:
            reader = Reader(Cipher(KeyRing(self.pool)), EVENTS)  # nothing is sealed in what is heard
            return (await Rebuild(db, reader, [PAIRS]).compare()).differences
        finally:
            await db.close()


@pytest.fixture
async def listener(database: Database) -> AsyncIterator[Listener]:
    urls = await database("identity")  # which has no table of that name
    owner = await asyncpg.connect(urls.owner, server_settings={"search_path": "identity"})
    await owner.execute(TABLE)
    await owner.close()
    async with await connect(urls.runtime, "identity", size=6) as pool:
        yield Listener(urls, pool)


def gone(user: UUID) -> Envelope:
    return envelope(UserDelete(user_id=user), f"user-{user}", 9)


async def test_a_relation_is_read_from_the_side_that_asks(listener: Listener) -> None:
    await listener.hears(
        *in_order([said(BOB, ANN, BlockUser), said(ANN, BOB, MuteUser)]),
        *in_order([said(CEM, ANN, FriendAccept)], ANN, CEM),
    )
    assert await relations_of(listener.pool, ANN, [BOB, CEM, GOER]) == {
        BOB: Relation(b_blocks=True, a_mutes=True),
        CEM: Relation(friends=True),
        GOER: STRANGERS,
    }
    assert await relations_of(listener.pool, BOB, [ANN]) == {ANN: Relation(a_blocks=True, b_mutes=True)}
    assert await relations_among(listener.pool, [CEM, BOB, ANN, GOER]) == {
        (ANN, BOB): Relation(b_blocks=True, a_mutes=True),
        (ANN, CEM): Relation(friends=True),
    }
    assert [await hidden_from(listener.pool, who) for who in (ANN, BOB, CEM)] == [{BOB}, {ANN}, set()]


async def test_an_unblocked_person_is_seen_again(listener: Listener) -> None:
    await listener.hears(*reversed(in_order([said(ANN, BOB, BlockUser), said(ANN, BOB, UnblockUser)])))
    assert await hidden_from(listener.pool, ANN) == set()
    assert await relations_among(listener.pool, [ANN, BOB]) == {}


async def test_an_erased_person_leaves_no_row_whatever_is_heard_when(listener: Listener) -> None:
    blocked, unblocked = in_order([said(ANN, GOER, BlockUser), said(ANN, GOER, UnblockUser)], ANN, GOER)
    other = in_order([said(ANN, BOB, BlockUser)])
    await listener.hears(blocked, *other)
    await listener.hears(gone(GOER))
    await listener.hears(unblocked, *in_order([said(GOER, BOB, MuteUser)], GOER, BOB))
    assert [row[:2] for row in await listener.rows()] == [(ANN, BOB)]
    assert await listener.differences() == []


async def test_a_row_that_is_just_being_written_goes_with_the_person(listener: Listener) -> None:
    """The naive deletion sees only what is committed: see the control below."""
    await _race(listener, PAIRS)
    assert await listener.rows() == []
    assert await listener.differences() == []


async def test_control_a_deletion_that_does_not_wait_leaves_the_row(listener: Listener) -> None:
    async def naive(db: Db, each: Envelope) -> None:
        if each.name == UserDelete.NAME:
            await db.execute("delete from pairs where low = $1 or high = $1", each.subject)
        else:
            await PAIRS.apply(db, each)

    await _race(listener, Replica(PAIRS.tables, naive))
    assert len(await listener.rows()) == 1
    assert len(await listener.differences()) == 1


async def _race(listener: Listener, replica: Replica) -> None:
    """One process writes of somebody, and has not committed, when another hears that they are gone."""
    blocked = in_order([said(ANN, GOER, BlockUser)], ANN, GOER)

    async def forget() -> None:
        async with listener.pool.acquire() as db, db.transaction():
            await listener.take(db, [gone(GOER)], replica)

    async def settled() -> bool:
        return forgetting.done() or bool(
            await listener.pool.fetchval("select exists (select from pg_locks where not granted)")
        )

    async with listener.pool.acquire() as db, db.transaction():
        await listener.take(db, blocked, replica)
        forgetting = asyncio.create_task(forget())
        await until(settled, every=0.01)
    await forgetting


def test_every_service_with_a_table_of_pairs_has_this_one() -> None:
    made = [file for file in ROOT.glob("services/*/migrations/*.sql") if "create table pairs " in file.read_text()]
    ddl = TABLE.partition("\n")[2].strip()
    assert [file.name for file in made if ddl not in file.read_text()] == []
