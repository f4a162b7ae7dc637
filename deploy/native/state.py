"""What the supervisor writes down about its processes, so that others can see, wait, and clean up after it."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import psutil

from deploy.native.folder import Folder

FILE = "state.json"
Phase = Literal["starting", "ready", "failed", "stopping", "closed"]
Condition = Literal["waiting", "preparing", "starting", "ready", "unready", "done", "failed", "stopped"]


def born(pid: int) -> int | None:
    """When a process started, in kernel ticks since boot; None when there is none. With its pid it names a process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] == "Z" else int(fields[19])


@dataclass
class Pid:
    """A process that is not mistaken for another one that got its number later."""

    pid: int
    born: int | None

    @classmethod
    def of(cls, pid: int) -> "Pid":
        return cls(pid, born(pid))

    @property
    def alive(self) -> bool:
        return self.born is not None and born(self.pid) == self.born

    @property
    def reused(self) -> str | None:
        """The name of the other process that has this number now, if any."""
        if self.alive or born(self.pid) is None:
            return None
        try:
            return psutil.Process(self.pid).name()
        except psutil.NoSuchProcess:
            return None


@dataclass
class Member:
    """One process as the supervisor sees it."""

    name: str
    roles: list[str]
    condition: Condition = "waiting"
    process: Pid | None = None
    restarts: int = 0


@dataclass
class State:
    """The whole bar. `problem` and `next_step` say why it failed."""

    supervisor: Pid
    phase: Phase = "starting"
    members: list[Member] = field(default_factory=list)
    problem: str | None = None
    next_step: str | None = None

    def save(self, folder: Folder) -> None:
        folder.keep(FILE, asdict(self))

    @classmethod
    def load(cls, folder: Folder) -> "State | None":
        kept = folder.read(FILE)
        return None if kept is None else cls.parse(kept)

    @classmethod
    def parse(cls, kept: dict[str, Any]) -> "State":
        members = [
            Member(**{**member, "process": Pid(**member["process"]) if member["process"] else None})
            for member in kept["members"]
        ]
        return cls(**{**kept, "supervisor": Pid(**kept["supervisor"]), "members": members})

    def left_over(self) -> list[Member]:
        """Processes that still run."""
        return [member for member in self.members if member.process and member.process.alive]
