"""The data folder of one bar: where everything it keeps lies."""

import contextlib
import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deploy.native import ports
from deploy.native.errors import BarError, HalfMade

MARK = "virtubar.json"
CHECKOUT = Path(__file__).resolve().parents[2]


def default_root() -> Path:
    """VIRTUBAR_DATA, else an ignored folder in the checkout, or as root one that the postgres user can reach."""
    if named := os.environ.get("VIRTUBAR_DATA"):
        return Path(named).expanduser().resolve()
    if os.geteuid() == 0:
        return Path("/var/lib/virtubar") / hashlib.sha256(str(CHECKOUT).encode()).hexdigest()[:10]
    return CHECKOUT / ".data"


def cache() -> Path:
    """Where downloads that all bars share are kept (XDG_CACHE_HOME)."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "virtubar"


def write(path: Path, text: str, mode: int = 0o600) -> None:
    """Write a file so that a reader sees the old text or the new, never half of it."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    draft.write_text(text)
    draft.chmod(mode)
    draft.replace(path)


class Folder:
    """Paths, remembered ports and remembered passwords below one root."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def make(cls, root: Path) -> "Folder":
        """The folder, made when missing; others may pass through it but not list it.

        Raises BarError when it is somebody else's: we would write among their files.
        """
        folder = cls(root)
        if root.exists() and any(root.iterdir()) and not (root / MARK).exists():
            raise HalfMade(
                f"{root} is not empty and is no data folder of a bar (it has no {MARK})",
                f"name another folder in VIRTUBAR_DATA, or empty this one: rm -rf {root}",
            )
        root.mkdir(parents=True, exist_ok=True)
        root.chmod(0o711)
        if not (root / MARK).exists():
            folder.keep(MARK, {"layout": 1, "made": []})
        return folder

    def made(self, part: str) -> bool:
        """Whether the data of a part was completely made here once."""
        return part in self.read(MARK)["made"]

    def mark_made(self, part: str) -> None:
        """Remember that the data of a part is complete."""
        with self._alone():
            mark = self.read(MARK)
            self.keep(MARK, {**mark, "made": sorted({*mark["made"], part})})

    def __truediv__(self, name: str) -> Path:
        return self.root / name

    def log(self, process: str) -> Path:
        """The log file of a process."""
        return self.root / "logs" / f"{process}.log"

    def read(self, name: str) -> Any:
        """A JSON document kept here, or None."""
        path = self.root / name
        return json.loads(path.read_text()) if path.exists() else None

    def keep(self, name: str, document: Any) -> None:
        """Keep a JSON document here, readable by its owner alone."""
        write(self.root / name, json.dumps(document, indent=2) + "\n")

    def ports(self, names: list[str], *, base: int | None = None) -> dict[str, int]:
        """The port of every name: remembered, or chosen now. A `base` other than the remembered one moves them all."""
        with self._alone():
            kept: dict[str, Any] = self.read("ports.json") or {"base": base, "ports": {}}
            known: dict[str, int] = kept["ports"]
            if base is not None and base != kept["base"]:
                known = ports.choose(names, base=base)
            else:
                base = kept["base"]
                missing = [name for name in names if name not in known]
                known = {**known, **ports.choose(missing, base=_after(base, known), taken=list(known.values()))}
            self.keep("ports.json", {"base": base, "ports": known})
        return {name: known[name] for name in names}

    @contextlib.contextmanager
    def undone_on_refusal(self, name: str) -> Iterator[None]:
        """Put a document back as it was where the block raises BarError."""
        before = self.read(name)
        try:
            yield
        except BarError:
            if before is None:
                (self.root / name).unlink(missing_ok=True)
            else:
                self.keep(name, before)
            raise

    @property
    def start_afresh(self) -> str:
        """The next step when what is kept here cannot be used."""
        return f"start afresh, which loses what is in it: make down && rm -rf {self.root} && make up"

    def knows(self, who: str) -> bool:
        """Whether the password of `who` was drawn before."""
        return who in (self.read("secrets.json") or {})

    def password(self, who: str) -> str:
        """The password of `who`, drawn at random when first asked for."""
        with self._alone():
            kept: dict[str, str] = self.read("secrets.json") or {}
            if who not in kept:
                kept[who] = secrets.token_urlsafe(24)
                self.keep("secrets.json", kept)
            return kept[who]

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Read, change and write without another thread or process in between. Not to be nested."""
        with (self.root / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _after(base: int | None, known: dict[str, int]) -> int | None:
    return None if base is None else max(known.values(), default=base - 1) + 1
