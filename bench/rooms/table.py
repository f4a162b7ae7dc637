"""How figures are printed: a line of columns for each run."""

from bench.rooms.evening import Evening

HEAD = (
    f"{'':10} {'rooms':>5} {'people':>6} {'updates/s':>10} {'per CPU-s':>10} {'CPU':>5} {'p50 ms':>7} {'p99 ms':>7}"
    f" {'reach':>8} {'B/s each':>9} {'stores':>7} {'generator':>9}"
)


def row(name: str, rooms: int, seen: Evening) -> str:
    """CPU columns are shares of one core over the measured time."""
    share = 1 / seen.seconds
    return (
        f"{name:10} {rooms:5} {seen.guests:6} {seen.updates / seen.seconds:10,.0f} {seen.per_cpu_second / 1e6:9.2f}M"
        f" {seen.spent.server * share:5.0%} {1000 * seen.p50:7.1f} {1000 * seen.p99:7.1f} {seen.sample.reach:8.5f}"
        f" {seen.bytes_each:9,.0f} {seen.spent.stores * share:7.0%} {seen.spent.generator * share:9.0%}"
    )
