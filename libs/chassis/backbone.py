"""What every event-sourced service has round its own door: relay, consumers, revocations, readiness.

async with backbone(SERVICE, settings, PROFILES, PAIRS) as bar:
    social = Social(bar.store, ...)
    listen(bar.consumers, ...)
    yield bar.parts(wanted, [routes(social)], refusals=REFUSALS)
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from fastapi import APIRouter

from libs.chassis.answers import Statuses
from libs.chassis.app import create_app
from libs.chassis.auth import Verifier
from libs.chassis.consumers import Consumers
from libs.chassis.follow import Follower
from libs.chassis.health import Checks
from libs.chassis.jwks import Jwks, Keys
from libs.chassis.kafka import Kafka
from libs.chassis.postgres import answering, session
from libs.chassis.process import Parts
from libs.chassis.relay_metrics import RelayMetrics
from libs.chassis.revocations import TOPICS, Revocations
from libs.chassis.roles import Role
from libs.chassis.settings import Settings
from libs.chassis.stores import Stores, open_stores
from libs.eventstore.projections import Projection
from libs.eventstore.publisher import DELIVERY
from libs.eventstore.relay import Relay

Now = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


class Backbone:
    """The roles `api`, `relay` and `consumers` of a service, built but not yet running.

    Handlers are added to `consumers` before they run. `keys` verify access tokens: identity has its own, the others
    fetch its JWKS.
    """

    def __init__(
        self,
        service: str,
        settings: Settings,
        stores: Stores,
        wake: asyncio.Event,
        *,
        keys: Keys | None = None,
        now: Now = utc_now,
    ) -> None:
        self.service, self.settings = service, settings
        self.pool, self.keys, self.cipher, self.store = stores.pool, stores.keys, stores.cipher, stores.store
        self.kafka = Kafka.parse(settings.kafka_url)
        self.relay = relay_of(service, settings, self.kafka, wake)
        self.consumers = Consumers(service, self.kafka, self.pool, store=self.store, instance=settings.instance)
        self.revocations = Revocations(timedelta(seconds=settings.access_token_seconds), clock=now)
        self.follower = Follower(self.kafka, TOPICS, self.revocations.apply, self.revocations.horizon)
        self._token_keys = keys or Jwks(settings.jwks_url)
        self._clock = lambda: now().timestamp()

    def verifier(self, *, waits: bool) -> Verifier:
        """`waits`: a token is judged once revocations are known, for a gateway may ask before we are ready."""
        return Verifier(
            self._token_keys,
            issuer=self.settings.issuer,
            audience=self.settings.audience,
            revocations=self.revocations,
            informed=self.follower.patient(self.settings.catch_up_seconds) if waits else None,
            clock=self._clock,
        )

    def parts(
        self,
        wanted: Collection[str],
        routers: Sequence[APIRouter],
        *,
        refusals: Statuses,
        roles: Mapping[str, Role | Sequence[Role]] | None = None,
        ready: Checks | None = None,
    ) -> Parts:
        """For `process.main`. `roles` are the service's own; those it names `api` run beside the follower."""
        own = {name: _several(role) for name, role in (roles or {}).items()}
        checks: Checks = {"postgres": lambda: answering(self.pool)}
        if "api" in wanted:
            checks = {**checks, "revocations": self.follower.ready}
        if "consumers" in wanted:
            checks = {**checks, "consumers": self.consumers.ready}
        verifier = self.verifier(waits="api" in wanted)
        return Parts(
            roles={
                **own,
                "api": (self.follower.run, *own.get("api", ())),
                "relay": (self.relay.run, *own.get("relay", ())),
                "consumers": (self.consumers.run, *own.get("consumers", ())),
            },
            app=lambda given: create_app(
                self.service,
                routers,
                refusals=refusals,
                verifier=verifier,
                ready_checks=given,
                settings=self.settings,
            ),
            ready={**checks, **(ready or {})},
        )


@asynccontextmanager
async def backbone(service: str, settings: Settings, *projections: Projection) -> AsyncIterator[Backbone]:
    """A service's stores and what stands round them."""
    wake = asyncio.Event()
    async with open_stores(service, settings, *projections, wake=wake.set) as stores:
        yield Backbone(service, settings, stores, wake)


def relay_of(service: str, settings: Settings, kafka: Kafka, wake: asyncio.Event) -> Relay:
    """What tells a service's events; `wake` is set when there are more."""
    return Relay(
        lambda: session(settings.database_url, service),
        lambda: kafka.producer(**DELIVERY),
        cell=settings.cell,
        service=service,
        wake=wake,
        watch=RelayMetrics(service),
    )


def _several(role: Role | Sequence[Role]) -> Sequence[Role]:
    return role if isinstance(role, Sequence) else (role,)
