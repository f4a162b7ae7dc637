"""python -m services.rooms api|relay|consumers|sweeper|all|realtime|migrate: where rooms is put together."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta

from fastapi import FastAPI

from libs.chassis.app import create_app
from libs.chassis.auth import Verifier
from libs.chassis.consumers import Consumers
from libs.chassis.follow import Follower
from libs.chassis.health import Checks
from libs.chassis.jwks import Jwks
from libs.chassis.kafka import Kafka
from libs.chassis.postgres import Pool, connect, session
from libs.chassis.process import Parts, main
from libs.chassis.redis import connect as connect_redis
from libs.chassis.relay_metrics import RelayMetrics
from libs.chassis.revocations import TOPICS, Revocations
from libs.chassis.roles import Role
from libs.eventstore.keys import Cipher, KeyRing
from libs.eventstore.projections import project_all
from libs.eventstore.publisher import DELIVERY
from libs.eventstore.relay import Relay
from libs.eventstore.store import Store
from services.rooms.consumers import listen
from services.rooms.projections import ROOMS
from services.rooms.realtime.role import Realtime
from services.rooms.realtime.settings import NodeSettings
from services.rooms.routes import REFUSALS, routes
from services.rooms.seed import seed
from services.rooms.service import RealtimeDoor, Rooms
from services.rooms.settings import RoomsSettings
from services.rooms.sweeper import Sweeper

SERVICE = "rooms"
ROLES = ("api", "relay", "consumers", "sweeper", "realtime")
APART = ("realtime",)  # a node has a process of its own, and a port for its sockets
Now = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def compose(settings: NodeSettings, wanted: Collection[str], now: Now = utc_now) -> AsyncIterator[Parts]:
    kafka, wake = Kafka.parse(settings.kafka_url), asyncio.Event()
    async with (
        await connect(settings.database_url, SERVICE, size=settings.pool_size) as pool,
        await connect(settings.keys_url, SERVICE, size=settings.pool_size) as vault,
    ):
        cipher = Cipher(KeyRing(vault))
        store = Store(pool, cipher=cipher, project=project_all(ROOMS), wake=wake.set)
        rooms = Rooms(store, pool, cipher, settings)
        relay = Relay(
            lambda: session(settings.database_url, SERVICE),
            lambda: kafka.producer(**DELIVERY),
            cell=settings.cell,
            service=SERVICE,
            wake=wake,
            watch=RelayMetrics(SERVICE),
        )
        consumers = Consumers(SERVICE, kafka, pool, store=store, instance=settings.instance)
        listen(consumers)
        revocations = Revocations(timedelta(seconds=settings.access_token_seconds))
        follower = Follower(kafka, TOPICS, revocations.apply, revocations.horizon)
        sweeper = Sweeper(store, pool, settings, now)
        verifier = Verifier(
            Jwks(settings.jwks_url),
            issuer=settings.issuer,
            audience=settings.audience,
            revocations=revocations,
            # a gateway may ask before we are ready; a realtime node opens its door later
            informed=follower.patient(settings.catch_up_seconds) if "api" in wanted else None,
        )
        ready: Checks = {"postgres": lambda: _answers(pool)}
        if "api" in wanted:
            ready = {**ready, "revocations": follower.ready}
        if "consumers" in wanted:
            ready = {**ready, "consumers": consumers.ready}
        roles: dict[str, Role] = {
            "api": follower.run,
            "relay": relay.run,
            "consumers": consumers.run,
            "sweeper": sweeper.run,
        }
        async with AsyncExitStack() as stack:
            if "realtime" in wanted:
                lifeline = await stack.enter_async_context(await connect(settings.database_url, SERVICE, size=1))
                node = Realtime(
                    settings,
                    door=RealtimeDoor(store, pool, lifeline, settings),
                    redis=await stack.enter_async_context(connect_redis(settings.redis_url, decode=False)),
                    kafka=kafka,
                    verifier=verifier,
                    revocations=revocations,
                )
                roles["realtime"], ready = node.run, {**ready, **node.ready}
            yield Parts(
                roles=roles, app=lambda checks: app_of(settings, rooms, pool, verifier, checks, now), ready=ready
            )


def app_of(settings: RoomsSettings, rooms: Rooms, pool: Pool, verifier: Verifier, checks: Checks, now: Now) -> FastAPI:
    return create_app(
        SERVICE,
        [routes(rooms, pool, now)],
        refusals=REFUSALS,
        verifier=verifier,
        ready_checks=checks,
        settings=settings,
    )


async def furnish(settings: RoomsSettings) -> None:
    """The house's own rooms, as the last part of `migrate`."""
    async with (
        await connect(settings.database_url, SERVICE, size=1) as pool,
        await connect(settings.keys_url, SERVICE, size=1) as vault,
    ):
        cipher = Cipher(KeyRing(vault))
        rooms = Rooms(Store(pool, cipher=cipher, project=project_all(ROOMS)), pool, cipher, settings)
        await seed(rooms.hosting, settings, utc_now())


async def _answers(pool: Pool) -> None:
    await pool.fetchval("select 1")


if __name__ == "__main__":
    main(SERVICE, NodeSettings, compose, roles=ROLES, apart=APART, seed=furnish)
