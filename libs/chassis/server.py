"""uvicorn as one role among others: it leaves signals alone and drains when told to stop."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp


class _Quiet(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # the process listens to signals for all its roles


class Server:
    """Serves `app` until asked to stop; then takes no new connection and lets open requests end within `grace` s."""

    def __init__(self, app: ASGIApp, host: str, port: int, *, grace: float) -> None:
        config = uvicorn.Config(
            app,
            host=host,
            port=port,
            loop="none",  # we are in one
            http="httptools",
            ws="none",
            lifespan="off",
            access_log=False,  # paths hold people's ids, and the gateway counts requests
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=max(1, int(grace) - 1),
            timeout_keep_alive=65,  # longer than the gateway's, so that it is never the one surprised
        )
        self._server = _Quiet(config)

    @property
    def port(self) -> int:
        """The port it listens on, once it does: for those that asked for any (0)."""
        listening: int = self._server.servers[0].sockets[0].getsockname()[1]
        return listening

    @property
    def started(self) -> bool:
        return self._server.started

    async def run(self, stop: asyncio.Event) -> None:
        """A role. Raises OSError where the port is taken."""
        asked = asyncio.create_task(self._tell(stop))
        try:
            await self._server.serve()
        except SystemExit:
            raise OSError(f"cannot listen on {self._server.config.host}:{self._server.config.port}") from None
        finally:
            asked.cancel()

    async def _tell(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._server.should_exit = True
