"""python -m services.identity api|relay|consumers|all|migrate: the one place where identity is put together."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from libs.chassis.auth import LEEWAY
from libs.chassis.backbone import Backbone, Now, utc_now
from libs.chassis.postgres import Pool
from libs.chassis.process import Parts, main
from libs.chassis.stores import Stores, open_stores
from services.identity.consumers import listen
from services.identity.erasures import Erasures
from services.identity.families import Families
from services.identity.housekeeping import Housekeeping
from services.identity.keys import Schedule, SigningKeys
from services.identity.limits import Limits
from services.identity.mail import Mailer, Server
from services.identity.pepper import Pepper
from services.identity.projections import ACCOUNTS
from services.identity.routes import REFUSALS, erasure_routes, operator_routes, routes
from services.identity.service import CodePolicy, Identity
from services.identity.settings import Settings
from services.identity.tokens import Mint

SERVICE = "identity"
ROLES = ("api", "relay", "consumers")


@dataclass(frozen=True, slots=True)
class Inside:
    """Identity without a process around it: for the roles below, and for the command line on the spot."""

    stores: Stores
    keys: SigningKeys
    identity: Identity
    erasures: Erasures


@asynccontextmanager
async def opened(
    settings: Settings, now: Now = utc_now, wake: Callable[[], None] = lambda: None
) -> AsyncIterator[Inside]:
    """Connected to its databases; `wake` is called after each commit that recorded something."""
    pepper = Pepper(settings.pepper.get_secret_value())
    async with open_stores(SERVICE, settings, ACCOUNTS, wake=wake) as stores:
        keys = SigningKeys(stores.pool, pepper, schedule_of(settings), now)
        identity = Identity(
            pool=stores.pool,
            store=stores.store,
            families=families_of(settings, stores.pool),
            mailer=mailer_of(settings),
            mint=Mint(keys, settings.issuer, settings.audience, settings.access_token_seconds),
            pepper=pepper,
            policy=CodePolicy(timedelta(seconds=settings.code_seconds), settings.code_tries),
            limits=limits_of(settings, pepper),
            now=now,
        )
        erasures = Erasures(
            stores.pool,
            stores.store,
            pepper,
            fresh=timedelta(seconds=settings.reauthenticate_seconds),
            deadline=timedelta(seconds=settings.erasure_seconds),
            now=now,
        )
        yield Inside(stores, keys, identity, erasures)


@asynccontextmanager
async def compose(settings: Settings, wanted: Collection[str], now: Now = utc_now) -> AsyncIterator[Parts]:
    wake = asyncio.Event()
    async with opened(settings, now, wake.set) as inside:
        bar = Backbone(SERVICE, settings, inside.stores, wake, keys=inside.keys, now=now)
        listen(bar.consumers, bar.keys)
        housekeeping = Housekeeping(bar.pool, inside.keys, inside.erasures, settings.housekeeping_seconds, now)
        if "api" in wanted:
            await housekeeping.once()  # nobody can sign in without a signing key
        own = routes(
            inside.identity,
            inside.keys,
            token_seconds=settings.access_token_seconds,
            jwks_seconds=settings.jwks_cache_seconds,
        )
        routers = [own, operator_routes(inside.identity), erasure_routes(inside.identity, inside.erasures)]
        yield bar.parts(wanted, routers, refusals=REFUSALS, roles={"api": housekeeping.run})


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


if __name__ == "__main__":
    main(SERVICE, Settings, compose, roles=ROLES)
