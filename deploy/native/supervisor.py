"""The one process above all others: opens the bar stage by stage, keeps it open, closes it on SIGTERM.

`python -m deploy.native.supervisor FOLDER`; what it knows is in FOLDER/state.json.
"""

import asyncio
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from deploy.native.errors import BarError
from deploy.native.folder import Folder
from deploy.native.keeper import Keeper, Once
from deploy.native.native import Native
from deploy.native.ours import Migration
from deploy.native.part import Part
from deploy.native.stages import Stage, stages
from deploy.native.state import Member, Phase, Pid, State

CLOSE_WITH = "VIRTUBAR_CLOSE_WITH"


class Supervisor:
    """Keepers in stages, and the state they write."""

    def __init__(self, folder: Folder, stages: Sequence[Stage]) -> None:
        self.folder = folder
        self.state = State(Pid.of(os.getpid()))
        self.over = asyncio.Event()
        self.stages = [[self._keeper(part) for part in stage] for stage in stages]

    async def run(self) -> int:
        """Until told to stop; the exit status."""
        self._changed()
        work = asyncio.create_task(self._open())
        wish = asyncio.create_task(self.over.wait())
        await asyncio.wait([work, wish], return_when=asyncio.FIRST_COMPLETED)
        failure = work.exception() if work.done() and not work.cancelled() else None
        if failure is not None:
            self._explain(failure)
        work.cancel()
        wish.cancel()
        await asyncio.gather(work, wish, return_exceptions=True)
        await self._close("failed" if failure else "closed")
        return 1 if failure else 0

    async def _open(self) -> None:
        async with asyncio.TaskGroup() as keepers:
            for stage in self.stages:
                for keeper in stage:
                    keepers.create_task(keeper.run())
                await asyncio.gather(*(keeper.ready.wait() for keeper in stage))
            self.state.phase = "ready"
            self._changed()

    async def _close(self, at_last: Phase) -> None:
        self.state.phase = "stopping"
        self._changed()
        for stage in reversed(self.stages):
            await asyncio.gather(*(keeper.close() for keeper in stage))
        self.state.phase = at_last
        self._changed()

    def _keeper(self, part: Part | Migration) -> Keeper | Once:
        member = Member(part.name, list(part.roles))
        self.state.members.append(member)
        if isinstance(part, Migration):
            return Once(part, self.folder, member, self._changed)
        return Keeper(part, self.folder, member, self._changed)

    def _changed(self) -> None:
        self.state.save(self.folder)

    def _explain(self, failure: BaseException) -> None:
        while isinstance(failure, BaseExceptionGroup):
            failure = failure.exceptions[0]
        if isinstance(failure, BarError):
            self.state.problem, self.state.next_step = failure.problem, failure.next_step
        else:
            self.state.problem = f"{type(failure).__name__}: {failure}"
            self.state.next_step = f"read {self.folder.log('supervisor')}"
            traceback.print_exception(failure)


async def main(root: Path) -> int:
    """Supervise the bar of a data folder, as long as VIRTUBAR_CLOSE_WITH, if it names a process, is alive."""
    native = Native.opened(root)
    supervisor = Supervisor(native.folder, stages(native))
    loop = asyncio.get_running_loop()
    for wish in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(wish, supervisor.over.set)
    companion = asyncio.create_task(_end_with(os.environ.get(CLOSE_WITH), supervisor.over))
    try:
        return await supervisor.run()
    finally:
        companion.cancel()


async def _end_with(pid: str | None, over: asyncio.Event) -> None:
    if pid is None:
        return
    companion = Pid.of(int(pid))
    while companion.alive:
        await asyncio.sleep(1)
    over.set()


if __name__ == "__main__":
    sys.exit(asyncio.run(main(Path(sys.argv[1]))))
