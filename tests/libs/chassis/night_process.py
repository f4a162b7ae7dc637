"""A process of the chassis's making, for tests: `python -m tests.libs.chassis.night_process FOLDER ROLE...`.

api       GET /slow answers after a second
worker    appends a line to FOLDER/batches for each batch it has finished; a batch takes a while
crash     dies soon
quits     ends soon, without an error
stubborn  does not stop
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import APIRouter

from libs.chassis.app import create_app
from libs.chassis.process import Parts, main
from libs.chassis.settings import Settings

ROLES = ("api", "worker", "crash", "quits", "stubborn")
FOLDER = Path(sys.argv[1])


@asynccontextmanager
async def compose(settings: Settings, _wanted: Collection[str]) -> AsyncIterator[Parts]:
    api = APIRouter()

    @api.get("/slow")
    async def slow() -> str:
        (FOLDER / "asked").touch()
        await asyncio.sleep(1)
        return "done"

    async def worker(stop: asyncio.Event) -> None:
        while not stop.is_set():
            (FOLDER / "working").touch()
            await asyncio.sleep(0.3)
            with (FOLDER / "batches").open("a") as finished:
                finished.write("batch\n")
        (FOLDER / "stopped").touch()

    async def crash(_: asyncio.Event) -> None:
        await asyncio.sleep(0.3)
        raise KeyError("dana@example.org")

    async def quits(_: asyncio.Event) -> None:
        await asyncio.sleep(0.3)

    async def stubborn(_: asyncio.Event) -> None:
        await asyncio.Event().wait()

    yield Parts(
        roles={"worker": worker, "crash": crash, "quits": quits, "stubborn": stubborn},
        app=lambda checks: create_app(
            "night", [api], refusals={}, verifier=None, ready_checks=checks, settings=settings
        ),
    )
    (FOLDER / "closed").touch()


if __name__ == "__main__":
    main("night", Settings, compose, roles=ROLES, apart=("crash", "quits", "stubborn"), argv=sys.argv[2:])
