"""The supervisor with parts made for the test: it opens in order, restarts what dies, explains what cannot start."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from deploy.native.folder import Folder
from deploy.native.process import Command
from deploy.native.state import Pid, State
from deploy.native.supervisor import Supervisor
from tests.stack import session_folder
from tests.waiting import until

SERVES = "import pathlib, sys, time; print('hello'); pathlib.Path(sys.argv[1]).write_text('up'); time.sleep(600)"
DIES = "import sys; sys.exit('no beer left')"


@dataclass(frozen=True)
class Toy:
    """Ready when its file is there."""

    name: str
    file: Path
    program: str = SERVES
    roles: tuple[str, ...] = ("toy",)

    def prepare(self) -> None:
        self.file.unlink(missing_ok=True)

    def command(self) -> Command:
        return Command([sys.executable, "-c", self.program, str(self.file)])

    async def probe(self) -> None:
        self.file.read_text()

    async def settle(self) -> None: ...


@pytest.fixture
def place() -> Iterator[Folder]:
    with session_folder() as folder:
        yield folder


@pytest.fixture
async def open_toys(place: Folder) -> AsyncIterator[Supervisor]:
    supervisor = Supervisor(place, [[Toy("store", place / "store")], [Toy("service", place / "service")]])
    running = asyncio.create_task(supervisor.run())
    await until(lambda: supervisor.state.phase == "ready", what="the bar to open")
    yield supervisor
    supervisor.over.set()
    assert await running == 0
    assert [member.process for member in supervisor.state.left_over()] == []


def pid_of(supervisor: Supervisor, name: str) -> int:
    state = State.load(supervisor.folder)
    assert state is not None
    process = next(member.process for member in state.members if member.name == name)
    assert process is not None
    return process.pid


async def test_a_killed_process_is_restarted_and_the_others_are_left_alone(open_toys: Supervisor) -> None:
    store, service = pid_of(open_toys, "store"), pid_of(open_toys, "service")
    os.kill(service, signal.SIGKILL)
    await until(lambda: pid_of(open_toys, "service") != service and open_toys.state.members[1].condition == "ready")
    assert open_toys.state.members[1].restarts == 1
    assert pid_of(open_toys, "store") == store


async def test_a_process_that_answers_no_more_is_shown_as_not_ready(open_toys: Supervisor) -> None:
    (open_toys.folder / "store").unlink()
    await until(lambda: open_toys.state.members[0].condition == "unready")
    (open_toys.folder / "store").write_text("up")
    await until(lambda: open_toys.state.members[0].condition == "ready")


async def test_a_later_stage_waits_for_the_earlier_and_a_first_failure_closes_the_bar(place: Folder) -> None:
    stages = [[Toy("store", place / "store")], [Toy("broken", place / "broken", DIES)], [Toy("last", place / "last")]]
    supervisor = Supervisor(place, stages)
    assert await supervisor.run() == 1
    state = State.load(place)
    assert state is not None
    assert state.phase == "failed"
    assert "broken ended with status 1" in str(state.problem)
    assert "no beer left" in str(state.problem)
    assert state.next_step == f"read {place.log('broken')}"
    assert state.members[0].process is not None
    assert not state.members[0].process.alive
    assert state.members[2].process is None


def test_a_pid_that_now_belongs_to_another_process_is_not_mistaken_for_ours() -> None:
    ours = Pid.of(os.getpid())
    stale = Pid(os.getpid(), (ours.born or 0) - 1)
    gone = Pid(2**22 + 1, 5)
    assert ours.alive
    assert not stale.alive
    assert not gone.alive
    assert stale.reused == psutil.Process().name()
    assert gone.reused is None
