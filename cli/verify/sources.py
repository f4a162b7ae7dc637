"""Where to look, and what each service says its tables and streams come to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from deploy.bar import SERVICES
from deploy.native.native import Native
from libs.eventstore.decider import Decider
from libs.eventstore.projections import Projection, Replica
from libs.safety.replica import PAIRS
from services.identity.decider import USER
from services.identity.projections import ACCOUNTS
from services.rooms.deciders import DECIDERS as ROOMS_DECIDERS
from services.rooms.projections import ROOMS
from services.rooms.sanctions import SANCTIONS
from services.social.deciders import DECIDERS as SOCIAL_DECIDERS
from services.social.projections.pairs import PAIRS as SOCIAL_PAIRS
from services.social.projections.profiles import PROFILES
from services.social.standings import STANDINGS


@dataclass(frozen=True)
class Kept:
    """What a service keeps from events: states of streams by kind, tables by the name `rebuild` knows them by."""

    deciders: Mapping[str, Decider[Any, Any]] = field(default_factory=dict)
    tables: Mapping[str, Projection | Replica] = field(default_factory=dict)


KEPT: Final[Mapping[str, Kept]] = {
    "identity": Kept({USER.kind: USER}, {"accounts": ACCOUNTS}),
    "rooms": Kept(ROOMS_DECIDERS, {"rooms": ROOMS, "sanctions": SANCTIONS, "pairs": PAIRS}),
    "social": Kept(SOCIAL_DECIDERS, {"profiles": PROFILES, "pairs": SOCIAL_PAIRS, "standings": STANDINGS}),
}
"""A service that keeps nothing from events is not here."""


@dataclass(frozen=True)
class Service:
    """One service's databases, as its owner (`url`), and as itself for its keys."""

    name: str
    url: str
    keys_url: str
    kept: Kept = Kept()


@dataclass(frozen=True)
class Sources:
    """Everything a fact passes through. `pseudonyms_url` is analytics' database."""

    services: Sequence[Service]
    kafka_url: str
    lake_url: str
    pseudonyms_url: str


def of_native(native: Native) -> Sources:
    """A bar on this machine."""
    services = [
        Service(
            service.name,
            native.owner_database_url(service.name),
            native.keys_url(service.name),
            KEPT.get(service.name, Kept()),
        )
        for service in SERVICES
    ]
    return Sources(services, native.kafka_admin_url, native.lake_url, native.owner_database_url("analytics"))
