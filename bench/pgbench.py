"""pgbench: what PostgreSQL alone does with the same SQL, prepared, from C."""

import re
import subprocess
import tempfile
from dataclasses import dataclass

from deploy.native.postgres import binaries

TPS = re.compile(r"tps = ([\d.]+) \(without")
LATENCY = re.compile(r"latency average = ([\d.]+) ms")


@dataclass(frozen=True)
class Rate:
    per_second: float
    mean_ms: float


def line(sql: str, *arguments: str) -> str:
    """One statement of a script: `$n` replaced by SQL expressions, which may use pgbench's `:variables`."""
    filled = re.sub(r"\$(\d+)", lambda found: f"({arguments[int(found[1]) - 1]})", sql)
    return " ".join(filled.split()).rstrip(";") + ";"


def pgbench(url: str, script: str, *, clients: int, seconds: int) -> Rate:
    """Transactions per second of `script` on an open cluster. Raises CalledProcessError."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        words = [str(binaries() / "pgbench"), "-n", "-M", "prepared", "-c", str(clients), "-j", "2", "-T", str(seconds)]
        try:
            told = subprocess.run([*words, "-f", file.name, url], capture_output=True, text=True, check=True).stdout
        except subprocess.CalledProcessError as failed:
            failed.add_note(failed.stderr)
            raise
    (rate,), (mean,) = TPS.findall(told), LATENCY.findall(told)
    return Rate(float(rate), float(mean))
