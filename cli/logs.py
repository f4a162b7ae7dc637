"""`virtubar logs SERVICE`: what a process has said."""

import time
from pathlib import Path
from typing import Annotated

import typer

from deploy.native.errors import BarError
from deploy.native.native import Native


def logs(
    service: Annotated[str, typer.Argument(help="A process as in `virtubar status`, or `supervisor`.")],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as it says more.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many of the last lines.")] = 100,
) -> None:
    """Print the log of a process."""
    folder = Native.opened().folder
    log = folder.log(service)
    known = sorted(path.stem for path in (folder / "logs").glob("*.log"))
    if service not in known:
        raise BarError(f"there is no log of {service}", f"name one of: {', '.join(known)}")
    for line in log.read_text(errors="replace").splitlines()[-lines or None :] if lines else []:
        print(line)
    if follow:
        _follow(log)


def _follow(log: Path) -> None:
    with log.open(errors="replace") as source:
        source.seek(0, 2)
        try:
            while True:
                print(source.read(), end="", flush=True)
                time.sleep(0.2)
        except KeyboardInterrupt:
            return
