"""Databases, roles and schemas: what has to be there before a service can migrate.

Each service has two roles. `<service>_owner` owns the schema `<service>` and runs migrations; `<service>` runs the
service and may read and write rows there. Neither can read another schema, connect to another database, or see the keys
of another service, which lie in a database of their own so that they can have backups of their own.

`python -m deploy.postgres.bootstrap` is told by VIRTUBAR_ADMIN_DATABASE_URL and VIRTUBAR_POSTGRES_PASSWORD_<ROLE>.
"""

import asyncio
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from deploy.bar import SERVICES
from deploy.secrets import variable

DATABASE = "virtubar"
ROLE_EXISTS = "select true from pg_roles where rolname = $1"
DATABASE_EXISTS = "select true from pg_database where datname = $1"

ROLE = "{verb} role {role} with login password {password} nosuperuser nocreatedb nocreaterole noinherit"
CREATE_DATABASE = "create database {database}"
LOCK_DATABASE = "revoke all on database {database} from public"

# An owner may create schemas, for the shadow in which a rebuild works.
ADMIT = """
grant connect, temporary on database {database} to {service};
grant connect, temporary, create on database {database} to {service}_owner;
alter role {service} in database {database} set search_path = {service};
alter role {service}_owner in database {database} set search_path = {service};
create schema if not exists {service} authorization {service}_owner;
grant usage on schema {service} to {service};
alter default privileges for role {service}_owner in schema {service}
    grant select, insert, update, delete on tables to {service};
alter default privileges for role {service}_owner in schema {service}
    grant usage, select on sequences to {service};
"""
CLOSE_PUBLIC = "revoke all on schema public from public"


@dataclass(frozen=True)
class Passwords:
    """The passwords of a service's two roles."""

    owner: str
    runtime: str


def keys_database(database: str) -> str:
    """The name of the database that holds the keys of what `database` holds."""
    return f"{database}_keys"


async def bootstrap(admin_url: str, database: str, services: Mapping[str, Passwords]) -> None:
    """Make what is missing; passwords are set to those given. `admin_url` is a superuser's, of any database."""
    db = await asyncpg.connect(admin_url)
    try:
        for service, passwords in services.items():
            await _role(db, f"{service}_owner", passwords.owner)
            await _role(db, service, passwords.runtime)
        for shared in ("postgres", "template1"):
            await db.execute(LOCK_DATABASE.format(database=shared))
    finally:
        await db.close()
    await open_databases(admin_url, database, list(services))


async def open_databases(admin_url: str, database: str, services: list[str]) -> None:
    """Make the pair of databases for services whose roles are there."""
    for name in (database, keys_database(database)):
        db = await asyncpg.connect(admin_url)
        try:
            if not await db.fetchval(DATABASE_EXISTS, name):
                await db.execute(CREATE_DATABASE.format(database=name))
            await db.execute(LOCK_DATABASE.format(database=name))
        finally:
            await db.close()
        db = await asyncpg.connect(urlunsplit(urlsplit(admin_url)._replace(path=f"/{name}")))
        try:
            await db.execute(CLOSE_PUBLIC)
            for service in services:
                await db.execute(ADMIT.format(database=name, service=service))
        finally:
            await db.close()


async def _role(db: asyncpg.Connection, role: str, password: str) -> None:
    verb = "alter" if await db.fetchval(ROLE_EXISTS, role) else "create"
    await db.execute(
        ROLE.format(verb=verb, role=role, password=await db.fetchval("select quote_literal($1)", password))
    )


def roles() -> list[str]:
    """The roles of all services."""
    return [role for service in SERVICES for role in (f"{service.name}_owner", service.name)]


def told(environment: Mapping[str, str]) -> dict[str, Passwords]:
    """The passwords of all services. Raises KeyError naming the variables that are missing or empty."""
    words = {role: environment.get(variable(f"postgres/{role}"), "") for role in roles()}
    if missing := [variable(f"postgres/{role}") for role, word in words.items() if not word]:
        raise KeyError(", ".join(missing))
    return {service.name: Passwords(words[f"{service.name}_owner"], words[service.name]) for service in SERVICES}


if __name__ == "__main__":
    try:
        asyncio.run(bootstrap(os.environ["VIRTUBAR_ADMIN_DATABASE_URL"], DATABASE, told(os.environ)))
    except KeyError as missing:
        sys.exit(f"not set: {missing.args[0]}")
