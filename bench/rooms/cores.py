"""One core for the server that is measured, the others for everything else; and what each side spends."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

CORES: Final = sorted(os.sched_getaffinity(0))
SERVER, OTHERS = CORES[0], CORES[1:] or CORES


def keep_off() -> None:
    """From here on this process and all it starts leave the server's core alone; first thing in `main`."""
    os.sched_setaffinity(0, OTHERS)


def on_its_core(argv: Sequence[str]) -> list[str]:
    """The command, with all its threads on the server's core."""
    return ["taskset", "--cpu-list", str(SERVER), *argv]


@dataclass(frozen=True)
class Spent:
    """CPU seconds."""

    server: float
    stores: float
    generator: float

    def __sub__(self, before: "Spent") -> "Spent":
        return Spent(self.server - before.server, self.stores - before.stores, self.generator - before.generator)


@dataclass(frozen=True)
class Meter:
    """`servers` are what is measured; `stores` what they keep things in, with their children."""

    servers: Sequence[psutil.Process]
    stores: Sequence[psutil.Process] = ()

    def read(self) -> Spent:
        return Spent(
            sum(map(_seconds, self.servers)),
            sum(_seconds(each) for store in self.stores for each in (store, *store.children(recursive=True))),
            _seconds(psutil.Process()),
        )


def _seconds(process: psutil.Process) -> float:
    try:
        user, system, *_ = process.cpu_times()
    except psutil.NoSuchProcess:  # a connection's process that has ended
        return 0.0
    return float(user + system)


def hardware() -> str:
    """What all this ran on."""
    told = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in told if line.startswith("model name")), "?")
    return f"{model}, {len(CORES)} cores; the server on one, everything else on {len(OTHERS)} other"
