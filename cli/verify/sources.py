"""Where to look, and what each service says its tables and streams come to."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from deploy.bar import SERVICES, evidence_url
from deploy.native.native import Native
from libs.eventstore.db import Db
from libs.eventstore.decider import Decider
from libs.eventstore.erasure import ERASURE
from libs.eventstore.projections import Projection, Replica
from libs.safety.replica import PAIRS
from libs.safety.standings import STANDINGS
from services.identity.decider import USER
from services.identity.erasures import ANSWERS
from services.identity.projections import ACCOUNTS
from services.inventory.audit import faults as ledger_faults
from services.inventory.deciders import DECIDERS as INVENTORY_DECIDERS
from services.inventory.projections import BOOKS, CATALOGUE
from services.moderation.deciders import DECIDERS as MODERATION_DECIDERS
from services.moderation.projections import CASES
from services.moderation.proof import audit_faults
from services.moderation.replicas import OTHERS
from services.rooms.belongings import BELONGINGS
from services.rooms.deciders import DECIDERS as ROOMS_DECIDERS
from services.rooms.guests import GUESTS
from services.rooms.projections import ROOMS
from services.rooms.sanctions import SANCTIONS
from services.social.deciders import DECIDERS as SOCIAL_DECIDERS
from services.social.projections.pairs import PAIRS as SOCIAL_PAIRS
from services.social.projections.profiles import PROFILES

Audit = Callable[[Db], Awaitable[Sequence[str]]]
"""What else must hold in a service's schema: a sentence for each thing that does not. Ids alone are said."""


@dataclass(frozen=True)
class Kept:
    """What a service keeps from events: states of streams by kind, tables by the name `rebuild` knows them by.

    `audits` hold where tables are what the events come to, and the events are right.
    """

    deciders: Mapping[str, Decider[Any, Any]] = field(default_factory=dict)
    tables: Mapping[str, Projection | Replica] = field(default_factory=dict)
    audits: Sequence[Audit] = ()


KEPT: Final[Mapping[str, Kept]] = {
    "identity": Kept({USER.kind: USER}, {"accounts": ACCOUNTS, "erasures": ANSWERS}),
    "analytics": Kept({ERASURE.kind: ERASURE}),
    "rooms": Kept(
        ROOMS_DECIDERS,
        {"rooms": ROOMS, "sanctions": SANCTIONS, "pairs": PAIRS, "guests": GUESTS, "belongings": BELONGINGS},
    ),
    "social": Kept(SOCIAL_DECIDERS, {"profiles": PROFILES, "pairs": SOCIAL_PAIRS, "standings": STANDINGS}),
    "inventory": Kept(
        INVENTORY_DECIDERS,
        {"catalogue": CATALOGUE, "books": BOOKS, "pairs": PAIRS, "standings": STANDINGS},
        (ledger_faults,),
    ),
    "moderation": Kept(MODERATION_DECIDERS, {"cases": CASES, "others": OTHERS}, (audit_faults,)),
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
    """Everything a fact passes through. `pseudonyms_url` is analytics' database; `evidence_url` a folder or bucket."""

    services: Sequence[Service]
    kafka_url: str
    lake_url: str
    pseudonyms_url: str
    evidence_url: str = "memory:///"


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
    pseudonyms = native.owner_database_url("analytics")
    return Sources(services, native.kafka_admin_url, native.lake_url, pseudonyms, evidence_url(native))
