"""What a gateway is told beside the route table: where it listens, and where everything it leads to is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent


Address = tuple[str, int]
"""Where something listens: a name or an IP address, and a port."""


@dataclass(frozen=True, kw_only=True)
class Edge:
    """One gateway.

    A service without addresses is not part of the bar: its routes answer 404. `admin` must be loopback; `health` is
    for probes and scrapers (`/healthz`, `/readyz`, `/metrics`) and is the only way to it from elsewhere.
    """

    listen: Address
    admin: Address
    health: Address | None = None
    services: Mapping[str, Sequence[Address]]
    nodes: Mapping[str, Address] = field(default_factory=dict)
    issuer: str
    audience: str
    otlp_url: str | None = None  # http://host:4318; without it nothing is traced
    trace_ratio: float = 1.0  # of requests that arrive without a sampling decision
    limit_factor: int = 1  # natively raised: everyone comes from one address
    trusted_hops: int = 0  # proxies before this one whose x-forwarded-for is believed
    max_connections: int = 20_000
    log_all: bool = False  # requests that went well too
    request_seconds: int = 30  # for a client to send its whole request
    documents: Path = HERE  # where the table's documents are looked for first, before beside the table
    mounted: Path | None = None  # where the gateway finds those documents, when not where we do
