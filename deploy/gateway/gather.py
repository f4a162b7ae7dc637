"""Asks the running services what they answer to, for the merged OpenAPI document.

`python -m deploy.gateway.gather` writes what the open bar says into openapi.json here: for gateways in containers,
which are told before any service runs.
"""

import json
from collections.abc import Mapping, Sequence

import httpx2

from deploy.gateway.edge import HERE, Address
from deploy.gateway.openapi import Document, merge
from deploy.gateway.table import Table

PATIENCE = 3.0  # seconds per service
FILE = HERE / "openapi.json"


def gather(services: Mapping[str, Sequence[Address]], table: Table) -> Document | None:
    """The merged document; None where a service did not answer: half a document is worse than yesterday's."""
    found: dict[str, Document] = {}
    with httpx2.Client(timeout=PATIENCE, trust_env=False) as http:
        for service, addresses in services.items():
            for host, port in addresses[:1]:
                try:
                    answer = http.get(f"http://{host}:{port}/openapi.json")
                except httpx2.HTTPError:
                    return None
                if answer.is_success:  # a service without an API of its own yet has no document
                    found[service] = answer.json()
    return merge(found, table)


def main(gateway: str) -> None:
    """Raises httpx2.HTTPError where no gateway answers at http://host:port."""
    with httpx2.Client(timeout=PATIENCE, trust_env=False) as http:
        document = http.get(f"{gateway}/v1/openapi.json").raise_for_status().json()
    FILE.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    from deploy.native.native import Native

    main(Native.opened().gateway_url)
