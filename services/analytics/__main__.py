"""Analytics: the composition root. `python -m services.analytics sink|relay|all|migrate`."""

import asyncio
import gc
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

from opentelemetry import trace
from prometheus_client import REGISTRY, CollectorRegistry

from libs.chassis import process
from libs.chassis.backbone import relay_of
from libs.chassis.consumers import Parked, Policy
from libs.chassis.consumers.dlq import DeadLetters
from libs.chassis.health import Checks, NotReady
from libs.chassis.kafka import Kafka
from libs.chassis.postgres import answering
from libs.chassis.process import Parts
from libs.chassis.stores import open_stores
from libs.contracts.catalogue import topics
from services.analytics.erasure import SERVICE, Erasure
from services.analytics.intake import Intake
from services.analytics.lake import Lake, storage_of
from services.analytics.meters import Meters
from services.analytics.pseudonyms import Pseudonyms
from services.analytics.retries import Retries
from services.analytics.setaside import SetAside
from services.analytics.settings import Settings
from services.analytics.sink import Sink
from services.analytics.upkeep import Upkeep

ROLES = ("sink", "relay")


@asynccontextmanager
async def compose(
    settings: Settings, wanted: Collection[str], registry: CollectorRegistry = REGISTRY
) -> AsyncIterator[Parts]:
    """The sink, what it set aside, the lake's upkeep: each through a handle of its own; the relay tells of erasures."""
    gc.freeze()  # what is here by now stays; collections, which batches of facts set off, need not look at it again
    kafka, meters = Kafka.parse(settings.kafka_url), Meters(registry)
    written, looked_at, added_to = await asyncio.to_thread(lambda: [Lake.open(settings.lake_url) for _ in range(3)])
    consumer = kafka.reader(
        group_id=f"{SERVICE}-sink",
        group_instance_id=f"{SERVICE}-sink-{settings.instance}",
        metadata_max_age_ms=10_000,  # how soon a new topic is noticed
    )
    intake = Intake(consumer, topics(), looked_at, meters, rows=settings.sink_rows, seconds=settings.sink_seconds)
    wake = asyncio.Event()
    async with open_stores(SERVICE, settings, wake=wake.set) as stores:
        pool = stores.pool
        pseudonyms, parked = Pseudonyms(pool), Parked(pool)
        aside = SetAside(DeadLetters(kafka, SERVICE, Policy().dlq_timeout), parked, meters)
        tracer = trace.get_tracer(__name__) if settings.otlp_url else None
        sink = Sink(intake, written, pseudonyms, Erasure(stores.store, stores.keys), aside, meters, tracer)
        retries = Retries(parked, pseudonyms, added_to, meters)
        upkeep = Upkeep(settings.lake_url, storage_of(settings.lake_url), meters)
        ready: Checks = {"postgres": lambda: answering(pool)}
        if "sink" in wanted:
            ready = {**ready, "kafka": lambda: _assigned(intake)}
        yield Parts(
            roles={
                "sink": (sink.run, intake.watch, retries.run, upkeep.run),
                "relay": relay_of(SERVICE, settings, kafka, wake).run,
            },
            ready=ready,
        )


async def _assigned(intake: Intake) -> None:
    if not intake.assigned:
        raise NotReady("no partitions yet")


if __name__ == "__main__":
    process.main(SERVICE, Settings, compose, roles=ROLES)
