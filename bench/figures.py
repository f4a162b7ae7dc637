"""What every benchmark prints of a run: the rate, how long single calls took, and the CPU of this process."""

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Run:
    """Of `count` things done; `took` in seconds each, where single ones were timed."""

    count: int = 0
    wall: float = 0.0
    cpu: float = 0.0
    took: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        return self.count / self.wall

    @contextmanager
    def running(self) -> Iterator[None]:
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.wall += time.perf_counter() - wall
        self.cpu += time.process_time() - cpu

    @contextmanager
    def one(self) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.took.append(time.perf_counter() - began)
        self.count += 1

    def row(self, name: str) -> str:
        told = f"{name:34} {self.per_second:9,.0f}/s"
        if len(self.took) > 1:
            cuts = [1000 * cut for cut in statistics.quantiles(self.took, n=100)]
            told += f"   p50 {cuts[49]:7.2f} ms   p99 {cuts[98]:7.2f} ms"
        return told + f"   CPU here {1e6 * self.cpu / max(self.count, 1):6.0f} us each"
