"""The tables are what the specification says, and what the log comes to: also of people who are forgotten."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import asyncpg
from hypothesis import HealthCheck, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from libs.contracts.catalogue import EVENTS
from libs.contracts.cloudevents import Envelope
from libs.contracts.identity import UserReinstate, UserSuspend
from libs.eventstore.erasure import ERASURE, Finish, erasure_stream
from libs.eventstore.gone import erase
from libs.eventstore.projections import Projection, Replica
from libs.eventstore.rebuild import Rebuild, Report
from libs.eventstore.recorded import Reader
from libs.eventstore.store import Unit
from libs.eventstore.verify import StreamFault, stream_faults
from libs.safety.standings import STANDINGS
from services.social.deciders import DECIDERS
from services.social.erasure import clear
from services.social.profiles import Change
from services.social.projections.pairs import PAIRS
from services.social.projections.profiles import PROFILES
from tests.social.house import ANN, BOB, CLEO, House, after, heard

SPECIFIED = {
    "user_id": ("uuid", "NO"),
    "display_name": ("text", "NO"),
    "bio": ("text", "YES"),
    "avatar_id": ("text", "NO"),
    "avatar_config": ("jsonb", "NO"),
    "interests": ("ARRAY", "NO"),
    "locale": ("text", "NO"),
    "privacy_level": ("text", "NO"),
    "created_at": ("timestamp with time zone", "NO"),
    "updated_at": ("timestamp with time zone", "NO"),
}
COLUMNS = """
select column_name, data_type, is_nullable from information_schema.columns
where table_schema = 'social' and table_name = 'profiles'"""
ABOUT = """
select 'profiles' as of from profiles where user_id = $1 union all
select 'guards' from profile_guards where user_id = $1 union all
select 'opens' from profile_opens where $1 in (viewer_user_id, profile_user_id) union all
select 'friendships' from friendships where $1 in (user_id, friend_user_id) union all
select 'blocks' from blocks where $1 in (blocker_user_id, blocked_user_id) union all
select 'mutes' from mutes where $1 in (muter_user_id, muted_user_id) union all
select 'friend_guards' from friend_guards where user_id = $1
"""
CANARY = "Canary"


@asynccontextmanager
async def as_owner(house: House) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    db = await asyncpg.connect(house.urls.owner, server_settings={"search_path": "social"})
    try:
        yield db
    finally:
        await db.close()


async def replayed(house: House, *, merge: bool = False) -> Report:
    parts: Sequence[Projection | Replica] = [PROFILES, PAIRS, STANDINGS]
    async with as_owner(house) as db:
        rebuild = Rebuild(db, Reader(house.cipher, EVENTS), parts)
        return await (rebuild.merge() if merge else rebuild.compare())


async def faults(house: House) -> list[StreamFault]:
    async with as_owner(house) as db:
        return [fault async for fault in stream_faults(db, DECIDERS)]


async def an_evening(house: House) -> None:
    """Ann, Bob and Cleo with everything that profiles and pairs can have."""
    for user, name in ((ANN, f"{CANARY} Ann"), (BOB, "Bob"), (CLEO, f"{CANARY} Ann")):
        await house.person(name, user)
    social = house.social
    await social.profiles.update(ANN, Change(bio=f"{CANARY} bio", interests=("tea",)), after(1))
    await social.profiles.update(BOB, Change(display_name="Robert", locale="fr"), after(2))
    for viewer, profile in ((ANN, BOB), (BOB, ANN), (BOB, CLEO)):
        await social.profiles.open(viewer, profile, after(3))
    await house.befriended(ANN, BOB)
    await social.pairs.block(CLEO, ANN, after(4))
    await social.pairs.mute(BOB, ANN, after(5))
    await social.pairs.mute(BOB, CLEO, after(5))


async def forget(house: House, user: UUID) -> None:
    """As the consumer of user_delete does."""

    async def work(unit: Unit) -> None:
        await erase(unit.db, house.keys, user)
        await clear(unit, user)
        stream = await unit.load(ERASURE, erasure_stream(user))
        await unit.append(ERASURE, stream, ERASURE.decide(stream.state, Finish(user, "social")))

    await house.store.run(work, at=after(60))


async def test_the_columns_are_exactly_the_specified_ones(house: House) -> None:
    rows = await house.pool.fetch(COLUMNS)
    assert {row["column_name"]: (row["data_type"], row["is_nullable"]) for row in rows} == SPECIFIED
    kind = "select udt_name from information_schema.columns where table_name = 'profiles' and column_name = 'interests'"
    assert await house.pool.fetchval(kind) == "_text"


async def test_every_table_is_what_the_log_comes_to(house: House) -> None:
    await an_evening(house)
    report = await replayed(house)
    assert report.events > 15
    assert report.differences == []
    assert await faults(house) == []


async def test_spoilt_tables_are_mended(house: House) -> None:
    await an_evening(house)
    await house.pool.execute("update profiles set display_name = 'X', avatar_config = '{\"hat\": \"cap\"}'")
    await house.pool.execute("update profile_guards set version = 0, suffix = suffix || '9'")
    await house.pool.execute("delete from profile_opens")
    report = await replayed(house, merge=True)
    assert {each.table for each in report.differences} == {"profiles", "profile_guards", "profile_opens"}
    assert await house.name(BOB) == "Robert"
    assert (await replayed(house)).differences == []


async def test_a_forgotten_person_is_in_no_table_and_others_are_as_they_were(house: House) -> None:
    await an_evening(house)
    others = "select * from profiles p join profile_guards g using (user_id) where user_id <> $1"
    before = await house.pool.fetch(others, ANN)
    assert {row["of"] for row in await house.pool.fetch(ABOUT, ANN)} == {
        "profiles", "guards", "opens", "friendships", "blocks", "mutes", "friend_guards",
    }  # fmt: skip
    for _ in range(2):  # heard again, nothing happens again
        await forget(house, ANN)
    assert await house.pool.fetch(ABOUT, ANN) == []
    assert await house.pool.fetch(others, ANN) == before
    assert [row["of"] for row in await house.pool.fetch(ABOUT, CLEO)] == ["profiles", "guards", "opens", "mutes"]
    assert await house.story(f"user-{ANN}") == ["erasure_done"]
    assert (await replayed(house)).differences == []
    assert await faults(house) == []


async def test_the_name_of_a_forgotten_person_is_nowhere_and_free_again(house: House) -> None:
    await house.person(f"{CANARY} Ann", ANN)
    await forget(house, ANN)
    tables = "select table_name from information_schema.tables where table_schema = 'social'"
    async with as_owner(house) as db:
        for (table,) in await db.fetch(tables):
            said = await db.fetchval(f"select string_agg(t::text, ' ') from {table} t")
            assert CANARY.lower() not in (said or "").lower(), table
    heir = await house.person(f"{CANARY} Ann")
    assert await house.name(heir) == f"{CANARY} Ann"
    assert (await replayed(house)).differences == []


HISTORY = [UserSuspend(user_id=ANN, sanction_id=uuid4()), UserReinstate(user_id=ANN)] * 3


@for_all(st.permutations([heard(event, version) for version, event in enumerate(HISTORY, 1)]), st.integers(1, 6))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_order_suspensions_are_heard_in_the_last_one_counts(
    house: House, said: list[Envelope], upto: int
) -> None:
    told = sorted(said[:upto], key=lambda each: each.stream_version)
    async with house.pool.acquire() as db:
        await db.execute("delete from standings")
        for envelope in [*said[:upto], said[0]]:
            await STANDINGS.apply(db, envelope)
        suspended = await db.fetchval("select suspended from standings where user_id = $1", ANN)
    assert suspended == (told[-1].name == "user_suspend")
