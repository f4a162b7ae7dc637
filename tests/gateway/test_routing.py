"""Every path leads where the table says, or nowhere; and the gateway's own answers are problem documents."""

import re

import pytest

from deploy.gateway.table import Document, load
from tests.gateway.client import Client
from tests.gateway.conftest import Gateway
from tests.gateway.upstreams import OWN_PROBLEM

NOWHERE = [
    "/",
    "/v1",
    "/v2/me",
    "/v1/me/",
    "/v1/meow",
    "/v1/rooms/a/b/c",
    "/admin",
    "/healthz",
    "/metrics",
    "/v1/rt/n1",
]


@pytest.mark.parametrize("path", NOWHERE)
def test_an_unknown_path_is_not_found(client: Client, path: str) -> None:
    client.ask("GET", path).problem("not_found", 404)


def test_a_service_that_is_not_part_of_the_bar_is_not_found(client: Client) -> None:
    client.ask("GET", "/v1/friends").problem("not_found", 404)


def test_a_method_the_path_does_not_know_is_told_the_others(client: Client) -> None:
    answer = client.ask("PUT", "/v1/rooms")
    answer.problem("method_not_allowed", 405)
    assert answer.headers["allow"] == "GET, POST"


def test_a_service_that_is_down_is_unavailable_and_worth_another_try(gateway: Gateway, client: Client) -> None:
    answer = client.ask("GET", "/v1/items", authorization=gateway.bearer())
    answer.problem("unavailable", 503)
    assert int(answer.headers["retry-after"]) >= 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 429, 500, 503])
def test_a_services_own_problem_passes_untouched(gateway: Gateway, client: Client, status: int) -> None:
    answer = client.ask("GET", "/v1/rooms", authorization=gateway.bearer(), x_answer=str(status))
    assert answer.status == status
    assert answer.json == {**OWN_PROBLEM, "status": status}
    assert "retry-after" not in answer.headers


def test_a_request_gets_an_id_that_service_client_and_problem_agree_on(gateway: Gateway, client: Client) -> None:
    answer = client.ask("GET", "/v1/me", authorization=gateway.bearer(), x_request_id="mine")
    assert answer.headers["x-request-id"] == answer.json["headers"]["x-request-id"] != "mine"
    refused = client.ask("GET", "/v1/me")
    assert refused.problem("unauthenticated", 401)["request_id"] == refused.headers["x-request-id"]


def test_a_service_is_told_the_clients_own_address_and_no_made_up_one(gateway: Gateway, client: Client) -> None:
    made_up = {"x_forwarded_for": "203.0.113.9", "x_real_ip": "203.0.113.9", "forwarded": "for=203.0.113.9"}
    told = client.ask("GET", "/v1/me", authorization=gateway.bearer(), **made_up).json["headers"]
    assert told["x-forwarded-for"] == client.address
    assert "203.0.113.9" not in told.values()


def test_what_runs_behind_the_door_is_nobodys_business(gateway: Gateway, client: Client) -> None:
    for answer in (client.ask("GET", "/v1/me", authorization=gateway.bearer()), client.ask("GET", "/nowhere")):
        assert not {"server", "x-powered-by", "x-envoy-upstream-service-time"} & answer.headers.keys()


def test_probes_see_health_and_nothing_else_of_the_admin_page(gateway: Gateway) -> None:
    probe = Client(gateway.health)
    assert [probe.ask("GET", path).status for path in ("/healthz", "/readyz", "/metrics")] == [200, 200, 200]
    assert [probe.ask("GET", path).status for path in ("/config_dump", "/", "/readyz/../config_dump")] == [404] * 3
    assert probe.ask("POST", "/quitquitquit").status == 404


@pytest.mark.parametrize("document", load().documents, ids=lambda document: document.path)
def test_documents_are_open(client: Client, document: Document) -> None:
    answer = client.ask("GET", document.path)
    assert (answer.status, answer.headers["content-type"]) == (200, document.media_type)
    assert answer.body


def test_the_page_loads_nothing_from_elsewhere(client: Client) -> None:
    page = client.ask("GET", "/docs")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.body.decode())
    assert loaded
    assert [client.ask("GET", path).status for path in loaded] == [200] * len(loaded)


TRICKS = {
    "an escaped slash": ("/v1/auth%2f..%2fme", 400),
    "an escaped backslash": ("/v1/rooms%5cx", 400),
    "up and over": ("/v1/auth/refresh/../../me", 401),
    "escaped up and over": ("/v1/auth/refresh/%2e%2e/%2e%2e/me", 401),
    "double slashes": ("//v1//me", 401),
    "a dot": ("/v1/./me", 401),
    "above the root": ("/../../etc/passwd", 404),
    "a NUL": ("/v1/me%00", 400),
    "another spelling": ("/V1/ME", 404),
    "a parameter after a semicolon": ("/v1/me;open=1", 404),
}


@pytest.mark.parametrize(("path", "status"), TRICKS.values(), ids=TRICKS.keys())
def test_no_spelling_of_a_path_gets_around_the_token(client: Client, path: str, status: int) -> None:
    answer = client.ask("GET", path)
    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"
