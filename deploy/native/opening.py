"""Opening and closing a bar from outside: what `virtubar up` and `virtubar down` do."""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from deploy.native.errors import BarError, NeverReady
from deploy.native.folder import CHECKOUT, Folder
from deploy.native.native import Native, Options
from deploy.native.part import tail
from deploy.native.ports import require_free
from deploy.native.process import kill_tree
from deploy.native.state import Member, Pid, State

Say = Callable[[str], None]
Show = Callable[[State], None]

LONGEST_OPENING = 600.0
LONGEST_CLOSING = 90.0


def open_bar(root: Path, options: Options, *, base: int | None, say: Say, show: Show) -> Native:
    """Open the bar of `root`, or find it open. Returns when every process is ready; raises BarError.

    `say` is told what was found on the way, `show` the state whenever it may have changed.
    """
    folder = Folder.make(root)
    with _alone(folder):
        state = State.load(folder)
        if state is not None and state.supervisor.alive:
            native = _same(folder, options)
            say(f"the bar in {root} is open already")
        else:
            _clear_up(state, say)
            with folder.undone_on_refusal("ports.json"):
                native = Native(folder, options, base=base)
                for name, port in native.ports.items():
                    require_free(name, port)
            native.remember()
            _spawn(folder)
        _follow(folder, show)
    return native


def close_bar(root: Path, *, say: Say, show: Show) -> None:
    """Close the bar of `root`; afterwards no process of it is left. Harmless when none is open."""
    folder = Folder(root)
    state = State.load(folder)
    if state is None:
        say(f"there is no bar in {root}")
        return
    if not state.supervisor.alive:
        _clear_up(state, say)
        say("the bar is closed")
        return
    os.kill(state.supervisor.pid, signal.SIGTERM)
    deadline = time.monotonic() + LONGEST_CLOSING
    while state.supervisor.alive and time.monotonic() < deadline:
        time.sleep(0.1)
        state = State.load(folder) or state
        show(state)
    if state.supervisor.alive:
        say("the supervisor does not end; ending everything by force")
        kill_tree(state.supervisor.pid)
    _end(state.left_over())
    say("the bar is closed")


@contextlib.contextmanager
def _alone(folder: Folder) -> Iterator[None]:
    """Two `up` at once: the second waits, and then finds the bar open."""
    with (folder / "up.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _same(folder: Folder, options: Options) -> Native:
    native = Native.opened(folder.root)
    if (opened := native.options) != options:
        raise BarError(
            f"the bar in {folder.root} is open with VIRTUBAR_SPLIT={opened.split:d} VIRTUBAR_NODES={opened.nodes}",
            "ask for the same, or close it first: make down",
        )
    return native


def _clear_up(state: State | None, say: Say) -> None:
    """What a supervisor left behind that did not end in good order."""
    if state is None or state.phase == "closed":
        return
    if stranger := state.supervisor.reused:
        say(f"the last supervisor is gone; its pid {state.supervisor.pid} now belongs to {stranger}, left alone")
    elif state.phase != "failed":
        say(f"the last supervisor (pid {state.supervisor.pid}) is gone without having closed the bar")
    if left := state.left_over():
        say(f"ending {len(left)} processes it left: {', '.join(member.name for member in left)}")
        _end(left)


def _end(members: list[Member]) -> None:
    """End processes of a bar whose supervisor is gone: politely, then by force."""
    still = [member.process for member in members if member.process]
    for process in still:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGTERM)
    deadline = time.monotonic() + 10
    while any(process.alive for process in still) and time.monotonic() < deadline:
        time.sleep(0.1)
    for process in still:
        if process.alive:
            kill_tree(process.pid)


def _spawn(folder: Folder) -> None:
    """Start the supervisor, detached from this terminal."""
    log = folder.log("supervisor")
    log.parent.mkdir(exist_ok=True)
    with log.open("ab") as out:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "deploy.native.supervisor", str(folder.root)],
            cwd=CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    State(Pid.of(supervisor.pid)).save(folder)


def _follow(folder: Folder, show: Show) -> None:
    """Until every process is ready; raises NeverReady with the supervisor's own words."""
    deadline = time.monotonic() + LONGEST_OPENING
    while time.monotonic() < deadline:
        state = State.load(folder)
        if state is not None:
            show(state)
            if state.phase == "ready":
                return
            if not state.supervisor.alive:
                log = folder.log("supervisor")
                raise NeverReady(
                    state.problem or f"the supervisor ended\n{tail(log)}", state.next_step or f"read {log}"
                )
        time.sleep(0.1)
    raise NeverReady(f"the bar did not open within {LONGEST_OPENING:.0f} s", f"read the logs in {folder / 'logs'}")
