"""`python -m bench [NAME ...]`: the benchmarks named, or all of them, one after the other."""

import subprocess
import sys

BENCHES = ("append", "stream_length", "relay", "join", "friends", "cards", "purchase", "sink", "freshness", "safety")


def main(names: list[str]) -> int:
    """The number of benchmarks that could not be run; a goal that was missed is a figure, not a failure."""
    if unknown := set(names) - set(BENCHES):
        sys.exit(f"no benchmark is called {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}")
    failed = 0
    for name in names or BENCHES:
        print(f"\n── {name} " + "─" * (70 - len(name)), flush=True)
        failed += subprocess.run([sys.executable, "-m", f"bench.{name}"]).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
