"""The route table says who may come in without a token, and refuses to be misread."""

import pytest
import yaml

from deploy.gateway.table import FILE, load, read

OPEN = """
POST /v1/auth/email/codes
POST /v1/auth/email/tokens
GET /v1/auth/{provider}/start
GET /v1/auth/{provider}/callback
POST /v1/auth/login-codes
POST /v1/auth/refresh
GET /v1/auth/jwks.json
GET /v1/erasures/{receipt}
GET /v1/profiles/vocabulary
POST /v1/voice/webhooks
"""


def test_these_routes_are_open_and_no_others() -> None:
    found = {f"{method} {r.path}" for r in load().routes if r.access == "open" for method in r.methods}
    assert found == set(OPEN.split("\n")) - {""}


def test_a_literal_path_is_tried_before_a_parameter_whatever_the_order() -> None:
    paths = list(load().paths())
    assert paths.index("/v1/profiles/me") < paths.index("/v1/profiles/{user_id}")
    assert paths.index("/v1/me/sessions") < paths.index("/v1/me/sessions/{session_id}")
    turned = yaml.safe_load(FILE.read_text())
    turned["routes"] = {name: entries[::-1] for name, entries in turned["routes"].items()}
    assert list(read(yaml.safe_dump(turned)).paths()) == paths


def changed(**route: object) -> str:
    content = yaml.safe_load(FILE.read_text())
    content["routes"]["rooms"].append(route)
    return yaml.safe_dump(content)


MISTAKES = {
    "a misspelt key": {"route": "GET /v1/x", "acces": "open"},
    "an access nobody knows": {"route": "GET /v1/x", "access": "public"},
    "a limit nobody knows": {"route": "GET /v1/x", "limit": "generous"},
    "no method": {"route": "/v1/x"},
    "a path with a query": {"route": "GET /v1/x?y="},
    "a path with a wildcard": {"route": "GET /v1/*"},
    "a route twice": {"route": "GET /v1/rooms"},
    "a route twice under another parameter": {"route": "GET /v1/rooms/{id}"},
    "a body of nothing": {"route": "GET /v1/x", "body": 0},
}


@pytest.mark.parametrize("route", MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_in_the_table_is_an_error(route: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        read(changed(**route))


def test_control_the_same_table_with_a_good_route_is_read() -> None:
    assert "/v1/x/{y}" in read(changed(route="GET|PUT /v1/x/{y}")).paths()
