"""Debian packages the native stack needs: what is missing, and how to get it."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Mapping
from pathlib import Path

from deploy.native import postgres
from deploy.native.errors import BarError, PackagesMissing
from deploy.native.jars import jars

SCRIPT = Path(__file__).with_name("install.sh")
OLDEST_JAVA = 17


def has_postgres() -> bool:
    try:
        postgres.binaries()
    except BarError:
        return False
    return True


def has_java() -> bool:
    java = shutil.which("java")
    if java is None:
        return False
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', told)
    return found is not None and int(found[1]) >= OLDEST_JAVA


def has(program: str) -> Callable[[], bool]:
    return lambda: shutil.which(program) is not None


def has_headers(name: str, folder: str = "/usr/include") -> Callable[[], bool]:
    return lambda: Path(folder, name).exists()


Needed = Mapping[str, Callable[[], bool]]
NEEDED: Needed = {
    "postgresql": has_postgres,
    "redis-server": has("redis-server"),
    "default-jre-headless": has_java,
    "maven": has("mvn"),
    "util-linux": has("setpriv"),
    "gcc": has("gcc"),
    "libc6-dev": has_headers("stdlib.h"),
    "python3-dev": has_headers("Python.h", sysconfig.get_path("include")),
}


def missing(needed: Needed = NEEDED) -> list[str]:
    """The packages whose programs are not there (or too old)."""
    return [package for package, present in needed.items() if not present()]


def as_root() -> list[str] | None:
    """What to put before a command that needs root, or None when we cannot become root."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        return None
    quiet = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0
    return ["sudo"] if quiet or sys.stdin.isatty() else None


def install(
    say: Callable[[str], None], needed: Needed = NEEDED, become: Callable[[], list[str] | None] = as_root
) -> None:
    """Install what is missing, as root or through sudo; raises PackagesMissing when we may not or cannot."""
    packages = missing(needed)
    if not packages:
        return
    by_hand = f"sudo apt-get install {' '.join(packages)}"
    prefix = become()
    if prefix is None or shutil.which("apt-get") is None:
        raise PackagesMissing(f"these packages are missing: {', '.join(packages)}", by_hand)
    say(f"installing {', '.join(packages)}")
    done = subprocess.run([*prefix, "sh", str(SCRIPT), *packages], stdout=sys.stderr, check=False)
    if done.returncode or (still := missing(needed)):
        left = packages if done.returncode else still
        raise PackagesMissing(f"apt-get did not bring {', '.join(left)}", by_hand)


if __name__ == "__main__":
    try:
        install(lambda text: print(text, file=sys.stderr))
        jars()
    except BarError as error:
        sys.exit(str(error))
