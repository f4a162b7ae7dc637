"""A node that was given a certificate speaks TLS itself; behind a trusted proxy it sees who really calls."""

import ssl
import subprocess
from pathlib import Path

import pytest
import websockets

from tests.rooms.realtime.bar import Bar, raw


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """For 127.0.0.1, its key beside it as node.key."""
    made = tmp_path / "node.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", tmp_path / "node.key", "-out", made],
        check=True, capture_output=True,
    )  # fmt: skip
    return made


async def test_a_node_with_a_certificate_takes_nothing_in_the_clear(bar: Bar, certificate: Path) -> None:
    key = certificate.with_name("node.key")
    await bar.node("safe", node_region="me", node_tls_certificate=certificate, node_tls_key=key)
    room = await bar.house.room(region="me")
    body = await bar.ticket(room)
    assert body["ws_url"].startswith("wss://")
    async with raw(body["ws_url"], ssl=ssl.create_default_context(cafile=certificate)) as guest:
        await guest.hello(body["ticket"])
        await guest.send(t="ping", n=1)
        assert (await guest.told("pong"))["n"] == 1
        await guest.socket.send(b"\x00" * 40_000)
        assert await guest.code() == 1009
    with pytest.raises((websockets.InvalidHandshake, ConnectionError, EOFError)):
        async with raw(body["ws_url"].replace("wss://", "ws://")):
            pass


async def test_addresses_behind_a_trusted_proxy_are_told_apart(bar: Bar) -> None:
    await bar.node("behind", node_region="me", node_trusted_proxies=["127.0.0.1"], limit_address_half_open=1)
    body = await bar.ticket(await bar.house.room(region="me"))
    first, second = ({"X-Forwarded-For": f"203.0.113.9, 198.51.100.{n}"} for n in (1, 2))
    async with raw(body["ws_url"], additional_headers=first):
        async with raw(body["ws_url"], additional_headers=second) as other:
            await other.hello(body["ticket"])
        with pytest.raises(websockets.InvalidStatus):
            async with raw(body["ws_url"], additional_headers=first):
                pass
