"""`python -m bench [--short] [NAME ...]`: the benchmarks named, or all of them, one after the other.

`--short` is for trying those of the rooms: fewer people and seconds, figures of little worth.
"""

import subprocess
import sys

SERVICES = ("append", "stream_length", "relay", "join", "friends", "cards", "purchase", "sink", "freshness", "safety")
ROOMS = ("avatars", "floor", "growth", "idle", "arrivals", "resume", "silence", "hostile")
BENCHES = (*SERVICES, *ROOMS)
SHORT = "--short"


def main(words: list[str]) -> int:
    """The number of benchmarks that could not be run; a goal that was missed is a figure, not a failure."""
    names = [word for word in words if word != SHORT]
    short = [SHORT] if SHORT in words else []
    if unknown := set(names) - set(BENCHES):
        sys.exit(f"no benchmark is called {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}")
    failed = 0
    for name in names or BENCHES:
        print(f"\n── {name} " + "─" * (70 - len(name)), flush=True)
        told = short if name in ROOMS else []
        failed += subprocess.run([sys.executable, "-m", f"bench.{name}", *told]).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
