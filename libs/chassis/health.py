"""/healthz (alive), /readyz (what it leans on answers), /metrics: on every process, never through the gateway."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

PATHS = frozenset({"/healthz", "/readyz", "/metrics"})
PATIENCE = 2.0  # seconds a check may take

Check = Callable[[], Awaitable[None]]
"""Returns when all is well, raises when it is not."""
Checks = Mapping[str, Check]


class NotReady(Exception):
    """Says why: shown by /readyz, so no secrets."""


def health_routes(checks: Checks) -> list[BaseRoute]:
    """The three endpoints. /readyz is 200 or 503 with `{"ready": bool, "checks": {name: "ok" or why not}}`."""

    async def healthz(_: Request) -> Response:
        return JSONResponse({"alive": True})

    async def readyz(_: Request) -> Response:
        found = dict(zip(checks, await asyncio.gather(*map(_asked, checks.values())), strict=True))
        ready = all(each == "ok" for each in found.values())
        return JSONResponse({"ready": ready, "checks": found}, 200 if ready else 503)

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]


def health_app(checks: Checks) -> Starlette:
    """For processes that serve nothing else."""
    return Starlette(routes=health_routes(checks))


async def _asked(check: Check) -> str:
    try:
        async with asyncio.timeout(PATIENCE):
            await check()
    except NotReady as why:
        return str(why)
    except TimeoutError:
        return "no answer"
    except Exception as error:
        return type(error).__name__  # its message may hold an address or a password
    return "ok"
