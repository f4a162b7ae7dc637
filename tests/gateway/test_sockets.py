"""A socket reaches the node its path names, and stays."""

import json
import time

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.gateway.client import Client
from tests.gateway.conftest import REQUEST_SECONDS, Gateway
from tests.gateway.tokens import DANA


def url(gateway: Gateway, path: str) -> str:
    return f"ws://127.0.0.1:{gateway.port}{path}"


@pytest.mark.parametrize("node", ["n1", "n2"])
def test_a_socket_reaches_the_node_it_names(gateway: Gateway, node: str) -> None:
    with connect(url(gateway, f"/v1/rt/{node}/{DANA}"), subprotocols=None, proxy=None) as socket:
        told = json.loads(socket.recv())
        assert (told["node"], told["path"]) == (node, f"/v1/rt/{node}/{DANA}")
        socket.send(b"\x01\x02")
        assert socket.recv() == b"\x01\x02"


def test_identity_headers_never_reach_a_node(gateway: Gateway) -> None:
    spoofed = {"x-virtubar-user": "mallory"}
    with connect(url(gateway, f"/v1/rt/n1/{DANA}"), additional_headers=spoofed, proxy=None) as socket:
        assert "mallory" not in socket.recv()


def test_a_socket_outlives_the_time_a_request_may_take(gateway: Gateway) -> None:
    with connect(url(gateway, f"/v1/rt/n1/{DANA}"), proxy=None) as socket:
        socket.recv()
        ends = time.monotonic() + REQUEST_SECONDS + 2
        while time.monotonic() < ends:
            socket.send("ping")
            assert socket.recv() == "ping"
            time.sleep(0.2)


def test_an_unknown_node_is_not_found(gateway: Gateway) -> None:
    with pytest.raises(InvalidStatus) as refusal, connect(url(gateway, f"/v1/rt/n3/{DANA}"), proxy=None):
        pass
    answer = refusal.value.response
    assert answer.status_code == 404
    assert json.loads(answer.body or b"")["type"] == "https://virtubar.dev/problems/not_found"


def test_other_paths_cannot_be_upgraded(gateway: Gateway) -> None:
    with (
        pytest.raises(InvalidStatus) as refusal,
        connect(url(gateway, "/v1/rooms"), additional_headers={"authorization": gateway.bearer()}, proxy=None),
    ):
        pass
    assert refusal.value.response.status_code == 404


def test_a_plain_request_for_a_socket_is_told_so(client: Client) -> None:
    answer = client.ask("GET", f"/v1/rt/n1/{DANA}")
    assert answer.status == 426
