"""One operating-system process: how it is started, watched and stopped."""

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

Started = subprocess.Popen[bytes]


@dataclass(frozen=True)
class Command:
    """What to run. `user` is another account to run as, `stop` the signal that ends it in good order."""

    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    user: str | None = None
    stop: signal.Signals = signal.SIGTERM

    def wrapped(self) -> list[str]:
        """The argv under setpriv, which drops to `user` and lets the kernel end the process with its parent."""
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            raise FileNotFoundError("setpriv (Debian package util-linux)")
        become = ["--reuid", self.user, "--regid", self.user, "--init-groups"] if self.user else []
        return [setpriv, *become, "--pdeathsig", self.stop.name.removeprefix("SIG"), "--", *self.argv]


def start(command: Command, log: Path) -> Started:
    """Start `command`, its output appended to `log`.

    Call it from a thread that lives as long as the process may: the kernel ends the process when that thread ends.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        return subprocess.Popen(
            command.wrapped(),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=command.cwd,
            env={**os.environ, **command.env},
            start_new_session=True,
        )


async def stop(started: Started, how: signal.Signals = signal.SIGTERM, *, within: float = 20) -> None:
    """Ask the process to end, and end it together with its children after `within` seconds."""
    if started.poll() is None:
        started.send_signal(how)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    while started.poll() is None:
        if loop.time() > deadline:
            kill_tree(started.pid)
        await asyncio.sleep(0.05)


def kill_tree(pid: int) -> None:
    """Kill a process and everything below it."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for member in family:
        try:
            member.kill()
        except psutil.NoSuchProcess:
            continue


def run(command: Command, *, within: float = 120) -> str:
    """Run a short command to its end and return its output; raises CalledProcessError, TimeoutExpired."""
    done = subprocess.run(
        command.wrapped(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=command.cwd,
        env={**os.environ, **command.env},
        timeout=within,
        check=True,
        text=True,
    )
    return done.stdout
