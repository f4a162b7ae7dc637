"""Tiny real upstreams: a service that tells what reached it, and a realtime node that echoes."""

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from websockets.sync.server import ServerConnection, serve

OWN_PROBLEM = {"type": "https://virtubar.dev/problems/room_full", "title": "Room full", "status": 409, "detail": "!"}


def service(jwks: dict[str, Any]) -> Starlette:
    async def told(request: Request) -> Response:
        body = await request.body()
        await asyncio.sleep(float(request.headers.get("x-sleep", "0")))
        if refused := request.headers.get("x-answer"):
            problem = {**OWN_PROBLEM, "status": int(refused)}
            return Response(json.dumps(problem), int(refused), media_type="application/problem+json")
        told = {"path": request.url.path, "headers": dict(request.headers), "length": len(body)}
        return JSONResponse(told, headers={"server": "secret/1.0"})

    async def keys(request: Request) -> Response:
        return JSONResponse(jwks)

    anything = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    return Starlette(routes=[Route("/v1/auth/jwks.json", keys), Route("/{path:path}", told, methods=anything)])


@contextlib.contextmanager
def serving(app: Starlette, port: int) -> Iterator[None]:
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", timeout_keep_alive=5))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the upstream did not start"
            time.sleep(0.01)
        yield
    finally:
        server.should_exit = True
        thread.join(10)


@contextlib.contextmanager
def node(name: str, port: int) -> Iterator[None]:
    """A socket server that says who it is and which path was asked for, then echoes."""

    def welcome(socket: ServerConnection) -> None:
        request = socket.request
        assert request is not None
        socket.send(json.dumps({"node": name, "path": request.path, "headers": dict(request.headers.raw_items())}))
        for frame in socket:
            socket.send(frame)

    with serve(welcome, "127.0.0.1", port) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join(10)
