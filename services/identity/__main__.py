"""python -m services.identity api|relay|consumers|all|migrate: the one place where identity is put together."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from fastapi import FastAPI

from libs.chassis.app import create_app
from libs.chassis.auth import LEEWAY, Verifier
from libs.chassis.consumers import Consumers
from libs.chassis.follow import Follower
from libs.chassis.health import Checks
from libs.chassis.kafka import Kafka
from libs.chassis.postgres import Pool, connect, session
from libs.chassis.process import Parts, main
from libs.chassis.relay_metrics import RelayMetrics
from libs.chassis.revocations import TOPICS, Revocations
from libs.eventstore.keys import Cipher, KeyRing
from libs.eventstore.projections import project_all
from libs.eventstore.publisher import DELIVERY
from libs.eventstore.relay import Relay
from libs.eventstore.store import Store
from services.identity.consumers import listen
from services.identity.families import Families
from services.identity.housekeeping import Housekeeping
from services.identity.keys import Schedule, SigningKeys
from services.identity.limits import Limits
from services.identity.mail import Mailer, Server
from services.identity.pepper import Pepper
from services.identity.projections import ACCOUNTS
from services.identity.routes import REFUSALS, operator_routes, routes
from services.identity.service import CodePolicy, Identity
from services.identity.settings import Settings
from services.identity.tokens import Mint

SERVICE = "identity"
ROLES = ("api", "relay", "consumers")
Now = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Inside:
    """Identity without a process around it: for the roles below, and for the command line on the spot."""

    pool: Pool
    store: Store
    keys: SigningKeys
    identity: Identity


@asynccontextmanager
async def opened(
    settings: Settings, now: Now = utc_now, wake: Callable[[], None] = lambda: None
) -> AsyncIterator[Inside]:
    """Connected to its databases; `wake` is called after each commit that recorded something."""
    pepper = Pepper(settings.pepper.get_secret_value())
    async with (
        await connect(settings.database_url, SERVICE, size=settings.pool_size) as pool,
        await connect(settings.keys_url, SERVICE, size=settings.pool_size) as vault,
    ):
        store = Store(pool, cipher=Cipher(KeyRing(vault)), project=project_all(ACCOUNTS), wake=wake)
        keys = SigningKeys(pool, pepper, schedule_of(settings), now)
        identity = Identity(
            pool=pool,
            store=store,
            families=families_of(settings, pool),
            mailer=mailer_of(settings),
            mint=Mint(keys, settings.issuer, settings.audience, settings.access_token_seconds),
            pepper=pepper,
            policy=CodePolicy(timedelta(seconds=settings.code_seconds), settings.code_tries),
            limits=limits_of(settings, pepper),
            now=now,
        )
        yield Inside(pool, store, keys, identity)


@asynccontextmanager
async def compose(settings: Settings, wanted: Collection[str], now: Now = utc_now) -> AsyncIterator[Parts]:
    kafka, wake = Kafka.parse(settings.kafka_url), asyncio.Event()
    async with opened(settings, now, wake.set) as inside:
        relay = Relay(
            lambda: session(settings.database_url, SERVICE),
            lambda: kafka.producer(**DELIVERY),
            cell=settings.cell,
            service=SERVICE,
            wake=wake,
            watch=RelayMetrics(SERVICE),
        )
        consumers = Consumers(SERVICE, kafka, inside.pool, store=inside.store, instance=settings.instance)
        listen(consumers)
        revocations = Revocations(timedelta(seconds=settings.access_token_seconds), clock=now)
        follower = Follower(kafka, TOPICS, revocations.apply, revocations.horizon)
        housekeeping = Housekeeping(inside.pool, inside.keys, settings.housekeeping_seconds, now)
        ready: Checks = {"postgres": lambda: _answers(inside.pool)}
        if "api" in wanted:
            await housekeeping.once()  # nobody can sign in without a signing key
            ready = {**ready, "revocations": follower.ready}
        if "consumers" in wanted:
            ready = {**ready, "consumers": consumers.ready}
        yield Parts(
            roles={"api": (follower.run, housekeeping.run), "relay": relay.run, "consumers": consumers.run},
            app=lambda checks: app_of(settings, inside, revocations, now, checks),
            ready=ready,
        )


def app_of(settings: Settings, inside: Inside, revocations: Revocations, now: Now, checks: Checks) -> FastAPI:
    verifier = Verifier(
        inside.keys,
        issuer=settings.issuer,
        audience=settings.audience,
        revocations=revocations,
        clock=lambda: now().timestamp(),
    )
    own = routes(
        inside.identity,
        inside.keys,
        token_seconds=settings.access_token_seconds,
        jwks_seconds=settings.jwks_cache_seconds,
    )
    return create_app(
        SERVICE,
        [own, operator_routes(inside.identity)],
        refusals=REFUSALS,
        verifier=verifier,
        ready_checks=checks,
        settings=settings,
    )


def families_of(settings: Settings, pool: Pool) -> Families:
    return Families(
        pool,
        idle=timedelta(seconds=settings.refresh_seconds),
        longest=timedelta(seconds=settings.session_seconds),
        grace=timedelta(seconds=settings.refresh_grace_seconds),
    )


def mailer_of(settings: Settings) -> Mailer:
    return Mailer(
        Server.parse(settings.smtp_url),
        settings.mail_from,
        connections=settings.mail_connections,
        timeout=settings.mail_seconds,
    )


def limits_of(settings: Settings, pepper: Pepper) -> Limits:
    return Limits(
        pepper,
        codes_per_address=settings.limit_codes_per_address,
        codes_per_client=settings.limit_codes_per_client,
        wrong_codes_per_address=settings.limit_wrong_codes_per_address,
        wrong_codes_per_client=settings.limit_wrong_codes_per_client,
    )


def schedule_of(settings: Settings) -> Schedule:
    return Schedule(
        period=timedelta(seconds=settings.signing_key_seconds),
        lead=timedelta(seconds=settings.signing_key_lead_seconds),
        token_lifetime=timedelta(seconds=settings.access_token_seconds + LEEWAY),
    )


async def _answers(pool: Pool) -> None:
    await pool.fetchval("select 1")


if __name__ == "__main__":
    main(SERVICE, Settings, compose, roles=ROLES)
