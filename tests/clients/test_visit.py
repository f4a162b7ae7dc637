"""A visit lets go of what it no longer needs, and nothing slow holds up its signs of life."""

import asyncio
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


async def test_a_visit_given_up_in_the_middle_of_a_hello_leaves_no_socket_behind() -> None:
    node = Deaf()
    async with (
        websockets.serve(node.serve, "127.0.0.1", 0, subprotocols=[Subprotocol("virtubar.v1")]) as server,
        httpx2.AsyncClient() as http,
    ):
        port = server.sockets[0].getsockname()[1]
        visit = Visit(Client("", http=http).account, uuid4())
        coming = asyncio.create_task(visit.hello(f"ws://127.0.0.1:{port}/", ticket="x"))
        await until(lambda: node.greeted == 1)
        coming.cancel()
        await until(lambda: node.gone == 1, within=5)
