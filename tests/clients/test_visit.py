"""A visit lets go of what it no longer needs, and nothing slow holds up its signs of life."""

import asyncio
import json
from uuid import uuid4

import httpx2
import websockets
from websockets import Subprotocol

from clients.python import Client, Visit
from tests.waiting import until


class Deaf:
    """A node that takes every hello and answers nothing."""

    def __init__(self) -> None:
        self.greeted, self.gone = 0, 0

    async def serve(self, socket: websockets.ServerConnection) -> None:
        await socket.recv()
        self.greeted += 1
        await socket.wait_closed()
        self.gone += 1


async def test_a_word_that_a_node_could_not_take_just_now_is_said_again() -> None:
    said: list[str] = []

    async def serve(socket: websockets.ServerConnection) -> None:
        await socket.recv()
        floor = {"x": 0, "y": 0, "z": 0}
        welcome = {"slot": 0, "resume_token": "x", "resumed": True, "epoch": "1", "offset": 0, "tick_hz": 20}
        await socket.send(
            json.dumps({"t": "welcome", "visit": str(uuid4()), "heartbeat_ms": 60_000, "floor": floor, **welcome})
        )
        async for frame in socket:
            said.append(json.loads(frame)["text"])
            busy = {"t": "error", "type": "x/unavailable", "title": "Try again.", "retry_ms": 10}
            answer = busy if len(said) == 1 else {"t": "ack"}
            await socket.send(json.dumps(answer | {"cid": json.loads(frame)["cid"]}))

    async with (
        websockets.serve(serve, "127.0.0.1", 0, subprotocols=[Subprotocol("virtubar.v1")]) as server,
        httpx2.AsyncClient() as http,
    ):
        visit = Visit(Client("", http=http).account, uuid4())
        await visit.open(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/", "x")
        await visit.chat("cheers!")
        visit.close()
    assert said == ["cheers!", "cheers!"]


async def test_a_visit_given_up_in_the_middle_of_a_hello_leaves_no_socket_behind() -> None:
    node = Deaf()
    async with (
        websockets.serve(node.serve, "127.0.0.1", 0, subprotocols=[Subprotocol("virtubar.v1")]) as server,
        httpx2.AsyncClient() as http,
    ):
        port = server.sockets[0].getsockname()[1]
        visit = Visit(Client("", http=http).account, uuid4())
        coming = asyncio.create_task(visit.open(f"ws://127.0.0.1:{port}/", "x"))
        await until(lambda: node.greeted == 1)
        coming.cancel()
        await until(lambda: node.gone == 1, within=5)
