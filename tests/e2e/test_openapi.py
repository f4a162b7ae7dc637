"""What gateways in containers say of the API, written down before, is what the running services say."""

import json

import httpx2

from deploy.gateway.gather import FILE
from tests.stack import OpenBar


def test_the_committed_document_is_what_the_bar_says(bar: OpenBar) -> None:
    said = httpx2.get(f"{bar.status()['gateway']}/v1/openapi.json", trust_env=False).raise_for_status()
    assert json.loads(FILE.read_text()) == said.json(), "make openapi"
