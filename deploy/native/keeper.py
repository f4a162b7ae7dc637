"""Keeps one part running: starts it, waits for it, starts it again when it dies."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from deploy.native.errors import NeverReady
from deploy.native.folder import Folder
from deploy.native.ours import Migration
from deploy.native.part import Part, tail, wait_ready
from deploy.native.process import Started, start, stop
from deploy.native.state import Condition, Member, Pid

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0
STEADY = 30.0  # who lived this long, in seconds, is restarted at once again
LOOK_EVERY = 0.1
PROBE_EVERY = 2.0


@dataclass
class Keeper:
    """`changed` is called after every change of `member`, which is what the world sees of the part."""

    part: Part
    folder: Folder
    member: Member
    changed: Callable[[], None]
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    started: Started | None = None
    pause: float = FIRST_PAUSE

    async def run(self) -> None:
        """Keep it running for ever; raises BarError when the very first start fails."""
        await self._start()
        while True:
            lived = await self._watch()
            self.pause = FIRST_PAUSE if lived > STEADY else min(self.pause * 2, LONGEST_PAUSE)
            self.member.restarts += 1
            while not await self._restarted():
                self.pause = min(self.pause * 2, LONGEST_PAUSE)

    async def close(self) -> None:
        """Stop it in good order."""
        if self.started is not None:
            await stop(self.started, self.part.command().stop)
            self._is("stopped")

    async def _restarted(self) -> bool:
        self._is("unready")
        await asyncio.sleep(self.pause)
        try:
            await self._start()
        except Exception:  # it goes on dying; its log says why, and we go on trying
            if self.started is not None:
                await stop(self.started, within=5)
            return False
        return True

    async def _start(self) -> None:
        self._is("preparing")
        await asyncio.to_thread(self.part.prepare)
        log = self.folder.log(self.part.name)
        self.started = start(self.part.command(), log)
        self.member.process = Pid.of(self.started.pid)
        self._is("starting")
        await wait_ready(self.part, self.started, log)
        self._is("ready")
        self.ready.set()

    async def _watch(self) -> float:
        """Return when it has died, with the seconds it was watched."""
        assert self.started is not None
        since = probed = time.monotonic()
        while self.started.poll() is None:
            await asyncio.sleep(LOOK_EVERY)
            if time.monotonic() - probed > PROBE_EVERY:
                await self._probe()
                probed = time.monotonic()
        return time.monotonic() - since

    async def _probe(self) -> None:
        try:
            async with asyncio.timeout(5):
                await self.part.probe()
        except Exception:  # whatever it raises, it does not serve
            self._is("unready")
        else:
            self._is("ready")

    def _is(self, condition: Condition) -> None:
        if condition != self.member.condition or condition == "starting":
            self.member.condition = condition
            self.changed()


@dataclass
class Once:
    """Runs a migration to its end, with the same face as a Keeper."""

    part: Migration
    folder: Folder
    member: Member
    changed: Callable[[], None]
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    started: Started | None = None

    async def run(self) -> None:
        """Raises NeverReady when it fails."""
        log = self.folder.log(self.part.name)
        self.started = start(self.part.command(), log)
        self.member.process, self.member.condition = Pid.of(self.started.pid), "starting"
        self.changed()
        while (status := self.started.poll()) is None:
            await asyncio.sleep(LOOK_EVERY)
        if status:
            raise NeverReady(f"{self.part.name} ended with status {status}\n{tail(log)}", f"read {log}")
        self.member.condition = "done"
        self.changed()
        self.ready.set()

    async def close(self) -> None:
        """Stop it if it still runs."""
        if self.started is not None:
            await stop(self.started)
