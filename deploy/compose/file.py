"""docker-compose.yml, its gateway's configuration and `.env.example`, made from the bar on one page. Pure."""

import re
from typing import Any, Final

from deploy.bar import Bar, processes
from deploy.compose.ours import FIRST_SOCKETS_PORT, HARD, OURS, described, in_order
from deploy.compose.stores import choice, gateway, stores, word
from deploy.containers import STORE_PORTS, Reached, addresses, documents, edge
from deploy.gateway.envoy import render, written
from deploy.gateway.table import load
from deploy.written import text

NODES: Final = 2
FOLDERS: Final = {"analytics": "lake", "rooms": "evidence", "moderation": "evidence"}  # who keeps files, and where
SECRET: Final = re.compile(r"\$\{([A-Z0-9_]+):\?\}")

HEAD: Final = """\
# The whole bar in containers: `make compose`, which draws passwords into .env and runs `docker compose up --build`.
# Made from deploy/bar.py by `make golden`; a test compares. What to change lies in deploy/compose and in .env.

"""
EXAMPLE: Final = """\
# What docker-compose.yml has to be told. `python3 -m deploy.secrets .env` copies this and draws what is empty.

# Published on this address; and how clients reach this machine, for the sockets of the realtime nodes.
VIRTUBAR_BIND=127.0.0.1
VIRTUBAR_PUBLIC_HOST=localhost

# Passwords, drawn once: the volumes remember them.
"""


def bar() -> Bar:
    """The bar as compose runs it: a container for each role."""
    ours = processes(split=True, nodes=NODES)
    nodes = [process for process in ours if process.node is not None]
    return Bar(
        ours,
        addresses(ours),
        Reached(word, lambda store: f"{store}:{STORE_PORTS[store]}", choice, lake_url="/data/lake"),
        bind="0.0.0.0",  # noqa: S104  (of the container)
        public={
            node.name: f"ws://${{VIRTUBAR_PUBLIC_HOST:-localhost}}:{FIRST_SOCKETS_PORT + n}"
            for n, node in enumerate(nodes)
        },
    )


def compose() -> str:
    """docker-compose.yml."""
    whole, anchors = bar(), {"hard": HARD, "ours": OURS}
    services: dict[str, Any] = stores()
    shared: dict[str, Any] = {"x-hard": HARD, "x-ours": OURS}
    for each in described(whole, FOLDERS):
        shared[f"x-{each.service.name}"] = anchors[each.service.name] = each.common
        anchors[f"{each.service.name}-environment"] = each.environment
        services |= each.containers()
    apis = [process.name for process in whole.processes if "api" in process.roles]
    services["gateway"] = gateway(apis, documents())
    document = {
        "name": "virtubar",
        **shared,
        "services": {name: in_order(part) for name, part in services.items()},
        "networks": {"inside": {"internal": True}, "outside": {}},
        "volumes": {name: {} for name in ("postgres", "redis", "kafka", *FOLDERS.values())},
    }
    return HEAD + text(document, anchors=anchors)


def envoy() -> str:
    """The gateway's configuration."""
    return written(render(load(), edge(bar())))


def example() -> str:
    """`.env.example`: every variable that has to be there."""
    return EXAMPLE + "".join(f"{name}=\n" for name in sorted(set(SECRET.findall(compose()))))
