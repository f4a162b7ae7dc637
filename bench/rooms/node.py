"""Node.js, and what package-lock.json names: installed when first asked for."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parents[1] / "peers" / "colyseus"
READY: Final = FOLDER / "node_modules" / ".package-lock.json"


def node() -> str:
    """The environment's own, else the system's."""
    own = Path(sys.executable).parent / "node"
    found = str(own) if own.exists() else shutil.which("node")
    if found is None:
        raise FileNotFoundError("node")
    return found


def install() -> None:
    """What package-lock.json names, beside it. Raises CalledProcessError."""
    if not READY.exists() or READY.stat().st_mtime < (FOLDER / "package-lock.json").stat().st_mtime:
        npm = Path(node()).with_name("npm")
        quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        subprocess.run([str(npm), "ci", *quiet], cwd=FOLDER, check=True)
        READY.touch()
