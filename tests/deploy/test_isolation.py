"""What one service can reach of another: nothing."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
import redis.asyncio
import redis.exceptions

from deploy.native.redis import Redis
from tests.conftest import Database
from tests.stack import PostgresServer

REFUSED = asyncpg.InsufficientPrivilegeError


@pytest.fixture
async def identity_users(postgres: PostgresServer) -> AsyncIterator[None]:
    """A table of identity with a row in it, in the database all services share."""
    owner = await asyncpg.connect(postgres.part.url("identity_owner", "virtubar"))
    await owner.execute("create table isolation (email text); insert into isolation values ('dana@example.org')")
    yield
    await owner.execute("drop table isolation")
    await owner.close()


@pytest.mark.usefixtures("identity_users")
async def test_a_table_of_identity_is_open_to_identity_and_closed_to_both_roles_of_rooms(
    postgres: PostgresServer,
) -> None:
    read = "select email from identity.isolation"
    identity = await asyncpg.connect(postgres.part.url("identity", "virtubar"))
    assert await identity.fetchval(read) == "dana@example.org"
    assert await identity.fetchval("show search_path") == "identity"
    await identity.close()
    for role in ("rooms", "rooms_owner"):
        rooms = await asyncpg.connect(postgres.part.url(role, "virtubar"))
        with pytest.raises(REFUSED):
            await rooms.fetchval(read)
        with pytest.raises(REFUSED):
            await rooms.execute("insert into identity.isolation values ('x')")
        with pytest.raises(REFUSED):
            await rooms.execute("create table identity.mine ()")
        await rooms.close()


async def test_the_runtime_role_cannot_change_its_own_schema(postgres: PostgresServer) -> None:
    rooms = await asyncpg.connect(postgres.part.url("rooms", "virtubar"))
    for statement in ("create table rooms.mine ()", "create schema mine", "set role rooms_owner"):
        with pytest.raises(REFUSED):
            await rooms.execute(statement)
    await rooms.close()


async def test_the_runtime_role_sees_which_migrations_there_were_and_changes_none(database: Database) -> None:
    urls = await database("rooms")
    tables = {urls.runtime: ("eventstore_migrations", "chassis_migrations", "schema_migrations")}
    for url, names in {**tables, urls.keys: ("keys_migrations",)}.items():
        rooms = await asyncpg.connect(url)
        for name in names:
            assert await rooms.fetchval(f"select count(*) from {name}")
            for statement in (
                f"delete from {name}",
                f"insert into {name} values ('0')",
                f"update {name} set version = ''",
            ):
                with pytest.raises(REFUSED):
                    await rooms.execute(statement)
        await rooms.close()


async def test_no_service_may_connect_to_a_database_that_is_not_its_own(postgres: PostgresServer) -> None:
    for database in ("postgres", "template1"):
        with pytest.raises(REFUSED):
            await asyncpg.connect(postgres.part.url("rooms", database))


async def test_a_service_cannot_read_the_keys_of_another(postgres: PostgresServer) -> None:
    owner = await asyncpg.connect(postgres.part.url("identity_owner", "virtubar_keys"))
    await owner.execute("create table isolation (key bytea)")
    rooms = await asyncpg.connect(postgres.part.url("rooms", "virtubar_keys"))
    with pytest.raises(REFUSED):
        await rooms.fetch("select key from identity.isolation")
    await owner.execute("drop table isolation")
    await rooms.close()
    await owner.close()


async def test_the_redis_user_of_rooms_writes_its_own_prefixes_and_no_other(redis_server: Redis) -> None:
    async with redis.asyncio.from_url(redis_server.url("rooms")) as rooms:
        for key in ("presence:user:1", "room:1:members", "rl:ws:1:chat:2", "rooms:stream:1"):
            assert await rooms.incrby(key, 1)
        for key in ("identity:throttle:1", "presence:other", "roomsx", "analytics:1"):
            with pytest.raises(redis.exceptions.NoPermissionError):
                await rooms.incrby(key, 1)
            with pytest.raises(redis.exceptions.NoPermissionError):
                await rooms.get(key)


async def test_a_script_reaches_no_further_than_the_user_who_runs_it(redis_server: Redis) -> None:
    async with redis.asyncio.from_url(redis_server.url("rooms")) as rooms:
        sha = await rooms.script_load("return redis.call(ARGV[1], KEYS[1])")
        assert await rooms.evalsha(sha, 1, "room:1:none", "get") is None
        with pytest.raises(redis.exceptions.ResponseError, match="permission"):
            await rooms.evalsha(sha, 1, "identity:throttle:1", "get")
        with pytest.raises(redis.exceptions.ResponseError, match="The user executing the script"):
            await rooms.evalsha(sha, 1, "room:1:none", "dump")


SHARED = ("script flush", "script kill", "function flush", "function list", "publish identity:x y", "pubsub channels")
BLIND = ("keys *", "scan 0", "randomkey", "dbsize", "info")
CARRYING = ("dump room:1:members", "restore room:1:members 0 x", "migrate h 1 room:1 0 1", "object freq room:1:members")
RULING = ("flushall", "flushdb", "config get *", "acl list", "client list", "client setname x", "client kill 1.2.3.4:5")
BLOCKING = ("monitor", "subscribe room:1", "blpop room:1 0", "eval while(true)do;end 0", "multi", "wait 1 0")


@pytest.mark.parametrize("user", ["identity", "rooms"])
@pytest.mark.parametrize("command", [*SHARED, *BLIND, *CARRYING, *RULING, *BLOCKING])
async def test_no_redis_user_of_a_service_does_what_its_service_does_not(
    redis_server: Redis, user: str, command: str
) -> None:
    async with redis.asyncio.from_url(redis_server.url(user)) as service:
        with pytest.raises(redis.exceptions.NoPermissionError, match="no permissions to run"):
            await service.execute_command(*command.split())  # type: ignore[no-untyped-call]


async def test_nobody_enters_redis_without_a_password(redis_server: Redis) -> None:
    async with redis.asyncio.from_url(f"redis://127.0.0.1:{redis_server.port}/0") as nobody:
        with pytest.raises(redis.exceptions.AuthenticationError):
            await nobody.get("room:1:members")
