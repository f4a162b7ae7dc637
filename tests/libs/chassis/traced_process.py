"""A service with an API, a relay and a consumer that answers with an event of its own, for the test of traces.

python -m tests.libs.chassis.traced_process all
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID, uuid4

from fastapi import APIRouter

from libs.chassis.app import create_app
from libs.chassis.consumers import Consumers
from libs.chassis.kafka import Kafka
from libs.chassis.postgres import connect, session
from libs.chassis.process import Parts, main
from libs.chassis.settings import Settings
from libs.contracts.cloudevents import Envelope
from libs.contracts.event import Event
from libs.contracts.social import MuteUser, ProfileOpen
from libs.eventstore.db import Db
from libs.eventstore.decider import Decider
from libs.eventstore.keys import Cipher, KeyRing
from libs.eventstore.meta import Meta
from libs.eventstore.recorded import Recorded
from libs.eventstore.relay import Relay
from libs.eventstore.store import Store
from libs.eventstore.unit import Unit

SCHEMA = "identity"


def decide(_: int, event: Event) -> Sequence[Event]:
    return [event]


def evolve(count: int, _: Event) -> int:
    return count + 1


COUNT: Decider[int, Event] = Decider("viewer", 0, decide, evolve, int)


@asynccontextmanager
async def compose(settings: Settings, _wanted: Collection[str]) -> AsyncIterator[Parts]:
    async def project(_db: Db, _recorded: Recorded) -> None: ...

    kafka, wake = Kafka.parse(settings.kafka_url), asyncio.Event()
    async with await connect(settings.database_url, SCHEMA) as pool, await connect(settings.keys_url, SCHEMA) as keys:
        store = Store(pool, cipher=Cipher(KeyRing(keys)), project=project, wake=wake.set)
        relay = Relay(
            lambda: session(settings.database_url, SCHEMA),
            kafka.producer,
            cell="test",
            service="social",
            wake=wake,
        )
        consumers = Consumers("traced", kafka, pool, store=store)

        async def on_open(unit: Unit, envelope: Envelope) -> None:
            event = MuteUser(muter_user_id=envelope.subject, muted_user_id=uuid4())
            stream = await unit.load(COUNT, f"viewer-{uuid4()}")
            await unit.append(COUNT, stream, [event], Meta.caused_by(envelope))

        async def on_mute(_db: Db, _envelope: Envelope) -> None: ...

        consumers.command(ProfileOpen, on_open)
        consumers.replica(MuteUser, on_mute)
        api = APIRouter()

        @api.post("/opens/{viewer}")
        async def open_profile(viewer: UUID, q: str = "") -> None:
            event = ProfileOpen(viewer_user_id=viewer, profile_user_id=uuid4())
            await store.execute(COUNT, f"viewer-{viewer}", event, at=datetime.now(UTC))

        yield Parts(
            roles={"relay": relay.run, "consumers": consumers.run},
            app=lambda checks: create_app(
                "traced", [api], refusals={}, verifier=None, ready_checks=checks, settings=settings
            ),
        )


if __name__ == "__main__":
    main("traced", Settings, compose, roles=("api", "relay", "consumers"))
