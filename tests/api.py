"""A service's API over real HTTP, in this process or in others, and people with tokens that pass there."""

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
from joserfc.jwk import ECKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from deploy.native import ports
from libs.chassis.process import Parts
from libs.chassis.server import Server
from tests.gateway.tokens import new_key, token
from tests.stack import Databases
from tests.waiting import until

KID = "test-1"


@dataclass(frozen=True)
class Issuer:
    """Stands where identity stands: serves its public key, signs tokens."""

    key: ECKey
    jwks_url: str

    def headers(self, user: UUID, **claims: Any) -> dict[str, str]:
        """Of a request by `user`, signed in by the session of the same id."""
        signed = token(self.key, KID, **{"sub": str(user), "sid": str(user), "roles": [], **claims})
        return {"authorization": f"Bearer {signed}"}


@asynccontextmanager
async def listening(app: ASGIApp) -> AsyncIterator[str]:
    """The app's base URL on a port of its own."""
    stop = asyncio.Event()
    server = Server(app, "127.0.0.1", 0, grace=5)
    running = asyncio.create_task(server.run(stop))
    try:
        await until(lambda: server.started, what="the server")
        yield f"http://127.0.0.1:{server.port}"
    finally:
        stop.set()
        await running


@asynccontextmanager
async def issuing() -> AsyncIterator[Issuer]:
    key = new_key(KID)

    async def jwks(_: Request) -> JSONResponse:
        return JSONResponse({"keys": [key.as_dict(private=False)]})

    async with listening(Starlette(routes=[Route("/jwks.json", jwks)])) as url:
        yield Issuer(key, f"{url}/jwks.json")


def told(urls: Databases, issuer: Issuer, **settings: Any) -> dict[str, Any]:
    """Settings by name. Kafka and Redis are not there: what comes by them has tests of its own."""
    return {
        "redis_url": "redis://127.0.0.1:1/0",
        "database_url": urls.runtime,
        "keys_url": urls.keys,
        "kafka_url": "kafka://127.0.0.1:1",
        "catch_up_seconds": 0.001,
        "jwks_url": issuer.jwks_url,
        **settings,
    }


@asynccontextmanager
async def answering(parts: Parts) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the API of a service that was composed in this process."""
    assert parts.app
    async with listening(parts.app({})) as url, httpx2.AsyncClient(base_url=url, timeout=30) as client:
        yield client


@asynccontextmanager
async def elsewhere(
    service: str, urls: Databases, issuer: Issuer, count: int, *, module: str = "", **settings: Any
) -> AsyncIterator[list["Process"]]:
    """`count` processes of the API, ready to answer; stopped by their pids. `module` may stand in for the service."""
    async with AsyncExitStack() as closing:
        module = module or f"services.{service}"
        processes = [Process(module, told(urls, issuer, **settings)) for _ in range(count)]
        for process in processes:
            await process.start()
            closing.push_async_callback(process.stop)
        for process in processes:
            await process.answers()
        yield processes


class Process:
    """`python -m <module> api`, which may be killed and started again on the same port."""

    def __init__(self, module: str, settings: dict[str, Any]) -> None:
        self._module = module
        self.port = ports.choose(["api"])["api"]  # none that the kernel gives to somebody else between two lives
        named = {f"VIRTUBAR_{name.upper()}": str(value) for name, value in settings.items()}
        self._env = {**os.environ, **named, "VIRTUBAR_HTTP_PORT": str(self.port)}
        self._log = Path(tempfile.mkstemp(suffix=".log")[1])
        self._running: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        with self._log.open("ab") as log:
            self._running = await asyncio.create_subprocess_exec(
                sys.executable, "-m", self._module, "api", env=self._env, stdout=log, stderr=log
            )

    async def answers(self) -> None:
        async with httpx2.AsyncClient(base_url=self.url) as client:

            async def alive() -> bool:
                assert self._running
                if self._running.returncode is not None:
                    raise RuntimeError(self._log.read_text()[-2000:])
                try:
                    return (await client.get("/healthz")).status_code == 200
                except httpx2.TransportError:
                    return False

            await until(alive, within=60, what="the API process")

    async def kill(self) -> None:
        assert self._running
        self._running.kill()
        await self._running.wait()

    async def stop(self) -> None:
        if self._running and self._running.returncode is None:
            self._running.terminate()
            try:
                await asyncio.wait_for(self._running.wait(), 20)
            except TimeoutError:
                await self.kill()
        self._log.unlink(missing_ok=True)
