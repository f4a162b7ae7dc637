"""The Secrets a cluster needs, and passwords for those of a bar that is only being tried.

`python -m deploy.kubernetes.secrets` draws them into components/stores/secrets, a file for each Secret; what is there
stays. In earnest they come from wherever passwords are kept; `virtubar` never sees them.
"""

import secrets
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from deploy.secrets import NAMED

FOLDER: Final = Path(__file__).parent / "components" / "stores" / "secrets"


def needed(objects: Iterable[Mapping[str, Any]]) -> dict[str, set[str]]:
    """The variables of each Secret that objects refer to."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for reference in _references(list(objects)):
        found[reference["name"]].add(reference["key"])
    return {name: found[name] for name in sorted(found)}


def draw(wanted: Mapping[str, set[str]], folder: Path) -> None:
    """A file for each Secret. A variable that several have is the same in all."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    words = {name: word for file in folder.glob("*.env") for name, word in NAMED.findall(file.read_text())}
    for secret, names in wanted.items():
        lines = [f"{name}={words.setdefault(name, secrets.token_urlsafe(32))}\n" for name in sorted(names)]
        file = folder / f"{secret}.env"
        file.touch(mode=0o600)
        file.write_text("".join(lines))


def _references(part: Any) -> Iterator[Mapping[str, str]]:
    if isinstance(part, Mapping):
        if "secretKeyRef" in part:
            yield part["secretKeyRef"]
        for inner in part.values():
            yield from _references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _references(inner)


if __name__ == "__main__":
    from deploy.kubernetes.files import everything

    draw(needed(everything()), FOLDER)
