"""Apache Kafka's jars, resolved by Maven once and shared by every data folder of this user."""

import fcntl
import hashlib
import shutil
import subprocess
from pathlib import Path

from deploy.native.errors import BarError
from deploy.native.folder import cache
from deploy.native.process import Command, run

POM = Path(__file__).with_name("pom.xml")


def jars() -> Path:
    """The folder with the jars of the pom as it is now, resolved when it is not there yet."""
    pom = POM.read_bytes()
    shared = cache()
    shared.mkdir(parents=True, exist_ok=True)
    home = shared / f"kafka-{hashlib.sha256(pom).hexdigest()[:12]}"
    with (shared / "kafka.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two bars may come here at the same time
        if not home.exists():
            _resolve(home)
    return home


def _resolve(home: Path) -> None:
    draft = home.with_name(f"{home.name}.making")
    shutil.rmtree(draft, ignore_errors=True)
    goal = ["dependency:copy-dependencies", f"-DoutputDirectory={draft}", "-DincludeScope=runtime"]
    try:
        run(Command(["mvn", "-B", "-q", "-f", str(POM), *goal], cwd=POM.parent), within=900)
    except subprocess.CalledProcessError as error:
        raise BarError(
            f"Maven could not resolve Apache Kafka:\n{error.output.strip()}",
            "check the network, or the mirror in ~/.m2/settings.xml, and try again",
        ) from error
    draft.rename(home)
