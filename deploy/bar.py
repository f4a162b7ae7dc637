"""The bar on one page: its services, their roles, and what each is told by its environment.

Native, compose and Kubernetes run the same processes with the same environment; this is where they take them from.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Service:
    """One bounded context. `roles` are what `python -m services.<name> <role>` can be; `all` runs them in one process.

    `redis_keys` are the patterns of the keys it may touch.
    """

    name: str
    roles: tuple[str, ...]
    redis_keys: tuple[str, ...]


SERVICES = (
    Service("identity", roles=("api", "relay", "consumers"), redis_keys=("identity:*",)),
    Service(
        "rooms",
        roles=("api", "relay", "consumers", "sweeper"),
        redis_keys=("presence:user:*", "room:*", "rl:ws:*", "rooms:*"),
    ),
    Service("analytics", roles=("api", "sink", "relay"), redis_keys=("analytics:*",)),
)
