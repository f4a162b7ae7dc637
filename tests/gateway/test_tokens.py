"""Who you are is proved at the door, and nobody is believed who says it himself."""

import time

import pytest
from joserfc.jwk import ECKey

from tests.gateway.client import Client
from tests.gateway.conftest import KID, Gateway
from tests.gateway.tokens import DANA, SESSION, new_key, token

SPOOFED = {"x_virtubar_user": "mallory", "X_VIRTUBAR_SESSION": "mallory", "x_virtubar_roles": "operator"}


def test_a_good_token_opens_the_door_and_is_passed_on(gateway: Gateway, client: Client) -> None:
    bearer = gateway.bearer()
    answer = client.ask("GET", "/v1/me", authorization=bearer)
    assert answer.status == 200
    told = answer.json["headers"]
    assert told["x-virtubar-user"] == str(DANA)
    assert told["x-virtubar-session"] == str(SESSION)
    assert told["authorization"] == bearer, "services verify again"


def test_without_a_token_the_door_stays_shut(client: Client) -> None:
    answer = client.ask("GET", "/v1/me")
    answer.problem("unauthenticated", 401)
    assert answer.headers["www-authenticate"].startswith("Bearer")


STALE = {
    "expired": {"exp": int(time.time()) - 60},
    "for ever": {"exp": None},
    "of another issuer": {"iss": "https://elsewhere.dev"},
    "for another audience": {"aud": "elsewhere"},
    "for no audience": {"aud": None},
    "not valid yet": {"nbf": int(time.time()) + 86_400},
}


@pytest.mark.parametrize("changes", STALE.values(), ids=STALE.keys())
def test_a_token_that_does_not_hold_is_refused(gateway: Gateway, client: Client, changes: dict[str, object]) -> None:
    client.ask("GET", "/v1/me", authorization=gateway.bearer(**changes)).problem("unauthenticated", 401)


def forged(key: ECKey) -> dict[str, str]:
    good = token(key, KID)
    header, claims, signature = good.split(".")
    mallory = new_key(KID)
    return {
        "signed with another key": token(mallory, KID),
        "of an unknown key": token(mallory, "unknown"),
        "without a signature": f"{header}.{claims}.",
        "with alg none": f"eyJhbGciOiJub25lIn0.{claims}.",
        "with another body": f"{header}.{token(mallory, KID).split('.')[1][:-2]}AA.{signature}",
        "no token": "junk",
        "empty": "",
        "longer than any": good + "A" * 8000,
    }


@pytest.mark.parametrize("kind", forged(new_key(KID)))
def test_a_forged_token_is_refused(gateway: Gateway, client: Client, kind: str) -> None:
    client.ask("GET", "/v1/me", authorization=f"Bearer {forged(gateway.key)[kind]}").problem("unauthenticated", 401)


def test_a_token_is_not_taken_from_the_query_where_logs_would_keep_it(gateway: Gateway, client: Client) -> None:
    bare = gateway.bearer().removeprefix("Bearer ")
    client.ask("GET", f"/v1/me?access_token={bare}").problem("unauthenticated", 401)


@pytest.mark.parametrize("path", ["/v1/me", "/v1/auth/refresh"])
def test_identity_headers_from_outside_never_reach_a_service(gateway: Gateway, client: Client, path: str) -> None:
    method = "GET" if path == "/v1/me" else "POST"
    told = client.ask(method, path, authorization=gateway.bearer(), **SPOOFED).json["headers"]
    assert "mallory" not in told.values()
    assert "x-virtubar-roles" not in told


def test_identity_headers_are_stripped_where_no_token_is_asked_for(client: Client) -> None:
    told = client.ask("POST", "/v1/auth/refresh", **SPOOFED).json["headers"]
    assert not [name for name in told if name.startswith("x-virtubar")]


def test_identity_headers_spelt_with_underscores_are_refused(client: Client) -> None:
    request = b"POST /v1/auth/refresh HTTP/1.1\r\nhost: bar\r\nx_virtubar_user: mallory\r\ncontent-length: 0\r\n\r\n"
    client.raw(request).problem("malformed", 400)


def test_while_the_keys_cannot_be_had_tokens_are_neither_believed_nor_blamed(lonely: Gateway) -> None:
    answer = lonely.client().ask("GET", "/v1/rooms", authorization=lonely.bearer())
    answer.problem("unavailable", 503)
    assert answer.headers["retry-after"]
    lonely.client().ask("GET", "/v1/rooms").problem("unauthenticated", 401)
