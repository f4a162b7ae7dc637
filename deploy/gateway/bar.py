"""The gateway of a bar: where it listens and what it leads to, taken from the bar's own page."""

from typing import Final

from deploy.bar import SERVICES, Bar
from deploy.gateway.edge import Edge
from libs.chassis.settings import Settings

LIMIT_FACTOR: Final = 1000  # on one machine everyone comes from one address


def edge_of(bar: Bar) -> Edge:
    """What the gateway of a bar on one machine is told; token rules are the services' defaults."""
    settings = Settings.model_fields
    return Edge(
        listen=bar.addresses["gateway"],
        admin=bar.addresses["gateway-admin"],
        services={service.name: bar.apis(service.name) for service in SERVICES},
        nodes=bar.nodes(),
        issuer=settings["issuer"].default,
        audience=settings["audience"].default,
        limit_factor=LIMIT_FACTOR,
    )
