"""What the services have committed, and what the lake should make of it."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson
from asyncpg import Connection, Record

from cli.verify.ledger import Ledger, facts
from libs.contracts.catalogue import published
from services.analytics.facts import Fact, contents_of
from services.analytics.rows import row_of

PAGE: Final = 5_000
COMMITTED: Final = """
select pos, event_id::text as event_id, stream_id, version, name, schema_version, subject::text as subject,
  data::text as data, recorded_at
from events where pos <= $1 and name = any($2) order by pos
"""
NAMES: Final = "select user_id::text, pseudonym::text from pseudonyms"
DELETED: Final = "select subject::text from events where name = 'user_delete' and subject = any($1::uuid[])"
NOBODY: Final = "somebody without a pseudonym"


async def pseudonyms(db: Connection) -> dict[str, str | None]:
    """Everybody the lake knows; None for the erased."""
    async with db.transaction(readonly=True):
        return {user: name async for user, name in db.cursor(NAMES, prefetch=PAGE)}


async def erased_unasked(services: Iterable[Connection], names: Mapping[str, str | None]) -> list[str]:
    """Problems: people who were erased from the lake though nobody deleted them. `names` is older than the look."""
    unasked = {user for user, name in names.items() if name is None}
    for db in services:
        unasked -= {row["subject"] for row in await db.fetch(DELETED, unasked)}
    return [f"analytics: {user} has no pseudonym any more, and was never deleted" for user in sorted(unasked)]


async def committed(
    db: Connection, service: str, upper: int, names: Mapping[str, str | None], ledger: Ledger
) -> list[str]:
    """Enter a service's published events up to a position; what cannot be read comes back as problems."""
    page: list[tuple[Any, ...]] = []
    problems: list[str] = []
    async with db.transaction(isolation="repeatable_read", readonly=True):
        async for row in db.cursor(COMMITTED, upper, list(published()), prefetch=PAGE):
            try:
                page.append(_entry(row, service, names))
            except (ValueError, LookupError, TypeError) as error:
                problems.append(
                    f"{service}: event {row['event_id']} ({row['name']}) cannot be read: {type(error).__name__}"
                )
            if len(page) == PAGE:
                ledger.add("committed", page)
                page.clear()
    ledger.add("committed", page)
    return problems


def _entry(row: Record, service: str, names: Mapping[str, str | None]) -> tuple[Any, ...]:
    event = published()[row["name"]].read(orjson.loads(row["data"]), row["schema_version"])
    data, _, users = contents_of(event, row["stream_id"])
    fact = Fact(
        row["event_id"],
        event.NAME,
        event.VERSION,
        row["recorded_at"],
        "",
        row["pos"],
        0,
        0,
        row["stream_id"],
        row["version"],
        row["subject"],
        data,
        users,
        None,
    )
    here = {user: names.get(user, NOBODY) for user in fact.users}
    lands = row_of(fact, here)
    nobody = None in here.values()
    return *facts(fact), service, fact.position, nobody, lands.stream_id, lands.subject, lands.data
