"""Passwords of a bar in containers: one variable for each, drawn by chance.

`python -m deploy.secrets .env` draws what `.env.example` names and `.env` has not got yet. Needs nothing installed.
"""

import re
import secrets
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[1] / ".env.example"
NAMED = re.compile(r"^([A-Z0-9_]+)=(.*)$", re.MULTILINE)


def variable(secret: str) -> str:
    """The variable that holds a secret: VIRTUBAR_REDIS_PASSWORD_ROOMS has `redis/rooms`, VIRTUBAR_SECRET_X `x`."""
    kind, _, who = secret.rpartition("/")
    return (f"VIRTUBAR_{kind}_PASSWORD_{who}" if kind else f"VIRTUBAR_SECRET_{who}").upper()


def drawn(example: str, kept: str) -> str:
    """`kept` and after it a line for each variable of the example that it lacks; an empty one is drawn."""
    known = dict(NAMED.findall(kept))
    missing = {name: value for name, value in NAMED.findall(example) if name not in known}
    lines = [f"{name}={value or secrets.token_urlsafe(32)}" for name, value in missing.items()]
    return kept + "".join(f"{line}\n" for line in lines)


def main(target: Path) -> None:
    """Complete the file, readable by its owner alone; what is in it stays."""
    kept = target.read_text() if target.exists() else ""
    target.touch(mode=0o600)
    target.write_text(drawn(EXAMPLE.read_text(), kept))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else ".env"))
