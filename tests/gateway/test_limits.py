"""Nobody takes more than their share: of requests, of bytes, of time."""

import asyncio
import contextlib
import http.client

import pytest

from deploy.gateway.table import load
from tests.gateway.client import Client
from tests.gateway.conftest import CONNECTIONS, Gateway
from tests.waiting import until

LIMITS = load().limits
EVIDENCE = "/v1/reports/evidence"


def ask_until_refused(gateway: Gateway, client: Client, **headers: str) -> int:
    """How many uploads one address gets through before it is told to wait."""
    for served in range(3 * LIMITS["upload"].burst):
        answer = client.ask("POST", EVIDENCE, authorization=gateway.bearer(), **headers)
        if answer.status == 429:
            answer.problem("rate_limited", 429)
            assert answer.headers["retry-after"] == str(LIMITS["upload"].seconds)
            return served
    return -1


def test_an_address_that_asks_too_often_is_told_to_wait_and_others_are_not(gateway: Gateway) -> None:
    eager = gateway.client()
    assert LIMITS["upload"].burst <= ask_until_refused(gateway, eager) <= LIMITS["upload"].burst + 2
    assert gateway.client().ask("POST", EVIDENCE, authorization=gateway.bearer()).status == 200
    assert eager.ask("GET", "/v1/me", authorization=gateway.bearer()).status == 200, "another class, another bucket"


def test_a_made_up_forwarding_header_does_not_give_a_fresh_share(gateway: Gateway) -> None:
    client = gateway.client()
    assert ask_until_refused(gateway, client) > 0
    answer = client.ask("POST", EVIDENCE, authorization=gateway.bearer(), x_forwarded_for="203.0.113.9")
    answer.problem("rate_limited", 429)


def test_unknown_paths_are_limited_too(gateway: Gateway) -> None:
    client = gateway.client()
    statuses = {client.ask("GET", "/nowhere").status for _ in range(3 * LIMITS["default"].burst)}
    assert statuses == {404, 429}


@pytest.mark.parametrize(("length", "fits"), [(65_536, True), (65_537, False), (10_000_000, False)])
def test_a_body_has_a_limit(gateway: Gateway, client: Client, length: int, fits: bool) -> None:
    answer = client.ask("POST", "/v1/rooms", b"x" * length, authorization=gateway.bearer())
    if fits:
        assert answer.json["length"] == length
    else:
        answer.problem("too_large", 413)


def test_a_route_may_take_larger_bodies(gateway: Gateway, client: Client) -> None:
    answer = client.ask("POST", EVIDENCE, b"x" * 5_000_000, authorization=gateway.bearer())
    assert answer.json["length"] == 5_000_000


def test_a_body_without_a_length_has_the_same_limit(gateway: Gateway, client: Client) -> None:
    head = f"POST /v1/rooms HTTP/1.1\r\nhost: bar\r\nauthorization: {gateway.bearer()}\r\n"
    chunk = b"%x\r\n%s\r\n" % (70_000, b"x" * 70_000)
    answer = client.raw(head.encode() + b"transfer-encoding: chunked\r\n\r\n" + chunk + b"0\r\n\r\n")
    answer.problem("too_large", 413)


def test_headers_have_a_limit(client: Client) -> None:
    client.ask("GET", "/v1/me", x_long="x" * 40_000).problem("headers_too_large", 431)
    many = "".join(f"x-{n}: 1\r\n" for n in range(200))
    request = f"GET /v1/me HTTP/1.1\r\nhost: bar\r\n{many}\r\n"
    client.raw(request.encode()).problem("headers_too_large", 431)


def test_a_request_that_never_ends_is_ended(gateway: Gateway, client: Client) -> None:
    head = f"POST /v1/rooms HTTP/1.1\r\nhost: bar\r\nauthorization: {gateway.bearer()}\r\ncontent-length: 10\r\n\r\n"
    client.raw(head.encode() + b"12345").problem("request_timeout", 408)


def test_an_answer_that_takes_too_long_is_not_waited_for(lonely: Gateway) -> None:
    answer = lonely.client().ask("POST", "/v1/voice/webhooks", x_sleep="3")
    answer.problem("unavailable", 503)
    assert answer.headers["retry-after"]
    assert lonely.client().ask("POST", "/v1/voice/webhooks").status == 200


HEAD = "{} HTTP/1.1\r\nhost: bar\r\n{}\r\n"
JUNK = {
    "no HTTP": ("HELLO BAR\r\n\r\n", "malformed", 400),
    "two lengths": (
        HEAD.format("POST /v1/rooms", "content-length: 3\r\ntransfer-encoding: chunked\r\n"),
        "malformed",
        400,
    ),
    "an odd encoding": (HEAD.format("POST /v1/rooms", "transfer-encoding: gzip\r\n"), "malformed", 400),
    "a method of no standard": (HEAD.format("QUERY /v1/rooms", ""), "malformed", 400),
    "a tunnel": (HEAD.format("CONNECT bar.example:443", ""), "not_found", 404),
    "a version of long ago": ("GET /v1/rooms HTTP/1.0\r\n\r\n", "upgrade_required", 426),
}


@pytest.mark.parametrize(("request_", "slug", "status"), JUNK.values(), ids=JUNK.keys())
def test_junk_is_answered_with_a_problem(client: Client, request_: str, slug: str, status: int) -> None:
    client.raw(request_.encode()).problem(slug, status)


def test_the_door_holds_so_many_connections_and_no_more(lonely: Gateway) -> None:
    with contextlib.ExitStack() as held:
        for _ in range(CONNECTIONS):
            held.enter_context(contextlib.closing(lonely.client().connect()))
        with contextlib.closing(lonely.client().connect()) as one_too_many:
            assert one_too_many.recv(1) == b"", "closed at once"
    until_served(lonely)


def until_served(gateway: Gateway) -> None:
    """The places are given back."""

    def served() -> bool:
        with contextlib.suppress(OSError, http.client.HTTPException):
            return gateway.client().ask("GET", "/nowhere").status == 404
        return False

    asyncio.run(until(served))
