"""From the command line to running roles, and back down again without dropping anything.

    python -m services.rooms api relay      these roles in one process, one event loop
    python -m services.rooms all            every role but those that run apart
    python -m services.rooms migrate        schema, topics and seed, then exit

SIGTERM or SIGINT stops gracefully, a second one at once. A role that ends while nobody asked it to takes the process
down with exit status 1: the supervisor, compose or Kubernetes starts it again, whole.
"""

import argparse
import asyncio
import signal
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TypeVar

import structlog
import uvloop
from starlette.types import ASGIApp

from libs.chassis import logs, telemetry
from libs.chassis.health import Checks, NotReady, health_app
from libs.chassis.kafka import ensure_topics
from libs.chassis.postgres import migrate
from libs.chassis.roles import Role, Roles
from libs.chassis.server import Server
from libs.chassis.settings import Settings

log = structlog.get_logger(__name__)
S = TypeVar("S", bound=Settings)


@dataclass(frozen=True)
class Parts:
    """What a composition root hands over.

    `roles`: each a coroutine function that works until `stop` is set, then finishes what it holds and returns. The role
    `api` may be among them, for what the API needs to have running beside it (its revocations follower).
    `app` is served where `api` is wanted; other processes serve the health endpoints alone. `ready` is for those:
    an app has been given its checks already.
    """

    roles: Mapping[str, Role | Sequence[Role]] = field(default_factory=dict)
    app: Callable[[Checks], ASGIApp] | None = None
    ready: Checks = field(default_factory=dict)


Compose = Callable[[S, Collection[str]], AbstractAsyncContextManager[Parts]]
"""`compose(settings, wanted)` builds what the wanted roles need and takes it down again afterwards."""


def main(
    service: str,
    settings: type[S],
    compose: Compose[S],
    *,
    roles: Sequence[str],
    apart: Collection[str] = (),
    seed: Callable[[S], Coroutine[None, None, None]] | None = None,
    argv: Sequence[str] | None = None,
) -> None:
    """Run what the command line names; exits the interpreter with the process's status.

    `seed` is the last part of `migrate`: what a service must find in its tables. It is repeatable.
    """
    parser = argparse.ArgumentParser(prog=f"python -m services.{service}", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("roles", nargs="+", choices=[*roles, "all", "migrate"], metavar="ROLE", help=", ".join(roles))
    named: list[str] = parser.parse_args(argv).roles
    told = settings()
    logs.configure(service, told.log_level)
    if "migrate" in named:
        migrate(told, service)
        asyncio.run(ensure_topics(told.kafka_url, service))
        if seed:
            asyncio.run(seed(told))
        raise SystemExit(0)
    wanted = [role for role in roles if role in named or ("all" in named and role not in apart)]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        raise SystemExit(runner.run(run(service, told, compose, wanted)))


async def run(service: str, settings: S, compose: Compose[S], wanted: Sequence[str]) -> int:
    """Run the wanted roles until a signal or until one of them dies; the exit status."""
    stop = asyncio.Event()
    _stop_on_signals(stop)
    telemetry.configure(service, settings)
    try:
        async with compose(settings, wanted) as parts:
            ready: Checks = {**parts.ready, "process": _not_stopping(stop)}
            app = parts.app(ready) if parts.app and "api" in wanted else health_app(ready)
            server = Server(app, settings.http_host, settings.http_port, grace=settings.stop_seconds)
            running = Roles(stop, deadline=settings.stop_seconds)
            running.add("http", server.run)
            for name in wanted:
                for n, role in enumerate(_each(parts.roles.get(name, ()))):
                    running.add(f"{name}-{n}" if n else name, role)
            log.info("started", service=service, roles=list(wanted), port=settings.http_port)
            clean = await running.until_done()
    finally:
        telemetry.shutdown()
    log.info("stopped", service=service, clean=clean)
    return 0 if clean else 1


def _each(roles: Role | Sequence[Role]) -> Sequence[Role]:
    return roles if isinstance(roles, Sequence) else (roles,)


def _stop_on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()

    def asked() -> None:
        if stop.is_set():
            raise SystemExit(1)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked)


def _not_stopping(stop: asyncio.Event) -> Callable[[], Awaitable[None]]:
    async def check() -> None:
        if stop.is_set():
            raise NotReady("stopping")

    return check
