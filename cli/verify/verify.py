"""One verification, from fixing the horizon to the report."""

import asyncio
from contextlib import AsyncExitStack
from typing import Final

import duckdb
from asyncpg import Connection
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from cli.verify import committed, evidence, horizon, tables, told
from cli.verify.compare import compare
from cli.verify.horizon import Deadline, Progress, Upper
from cli.verify.ledger import Ledger
from cli.verify.report import Report
from cli.verify.sources import Sources, of_native
from deploy.native.native import Native
from libs.chassis.kafka import Kafka
from libs.chassis.postgres import session
from libs.contracts.catalogue import dlq_of, topics
from services.analytics.lake import storage_of
from services.analytics.queries import attach
from services.analytics.rows import SCHEMA

WITHIN: Final = 60.0  # seconds, for what is below the horizon to arrive everywhere


def quietly(words: str) -> None:
    """No progress."""


def verified(native: Native, *, within: float = WITHIN, progress: Progress = quietly) -> Report:
    """Verify a bar on this machine."""
    return asyncio.run(verify(of_native(native), within=within, progress=progress))


async def verify(sources: Sources, *, within: float = WITHIN, progress: Progress = quietly) -> Report:
    """Raises OSError, asyncpg.PostgresError or KafkaError where a source cannot be reached."""
    report, ledger, deadline = Report(), Ledger(), Deadline(within, progress)
    async with AsyncExitStack() as held:
        sessions = {each.name: await _session(held, each.url, each.name) for each in sources.services}
        uppers = {name: await horizon.upper(db, deadline) for name, db in sessions.items()}
        for name, upper in uppers.items():
            await horizon.published(sessions[name], name, upper, deadline)
        ledger.add("horizon", [(name, upper.position, upper.timeline) for name, upper in uppers.items()])
        await _read_topics(sources, ledger, deadline, progress)
        deadline.missed += [said for said in await _read_lake(sources, ledger) if said not in deadline.missed]
        analytics = await _session(held, sources.pseudonyms_url, "analytics")
        await _read_stores(sessions, uppers, analytics, ledger, report)
    progress("comparing")
    await asyncio.to_thread(compare, ledger, report)
    for service in sources.services:
        progress(f"rebuilding the tables of {service.name}")
        await tables.check(service, report)
    progress("opening sealed evidence")
    await evidence.check(sources, report)
    report.problems[:0] = deadline.missed
    return report


async def _read_topics(sources: Sources, ledger: Ledger, deadline: Deadline, progress: Progress) -> None:
    kafka = Kafka.parse(sources.kafka_url)
    to = await horizon.ends(kafka, list(topics()))
    await horizon.landed(sources.lake_url, to, deadline)
    await told.told(kafka, to, ledger, progress)
    await told.aside(kafka, await horizon.ends(kafka, [dlq_of("analytics")]), ledger)


async def _read_lake(sources: Sources, ledger: Ledger) -> list[str]:
    """What has landed by now, which the horizon is part of; a damaged lake is a problem, and counts as empty."""
    problems = []
    try:
        table = await asyncio.to_thread(DeltaTable, sources.lake_url, storage_options=storage_of(sources.lake_url))
        attach(ledger.db, table, "files")
        await asyncio.to_thread(ledger.db.execute, "create table landed as from files")
    except TableNotFoundError:
        ledger.db.register("landed", SCHEMA.empty_table())
    except (DeltaError, duckdb.Error) as damage:
        problems.append(horizon.unreadable(damage))
        ledger.db.register("landed", SCHEMA.empty_table())
    return problems


async def _read_stores(
    sessions: dict[str, Connection], uppers: dict[str, Upper], analytics: Connection, ledger: Ledger, report: Report
) -> None:
    """After topics and lake: whoever is in the lake has their pseudonym by now."""
    names = await committed.pseudonyms(analytics)
    for service, db in sessions.items():
        report.problems += await committed.committed(db, service, uppers[service].position, names, ledger)
    report.name(await committed.erased_unasked(sessions.values(), names), "erased people")


async def _session(held: AsyncExitStack, url: str, schema: str) -> Connection:
    db = await session(url, schema)
    held.push_async_callback(db.close)
    return db
