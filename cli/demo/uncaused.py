"""Which events an evening does not cause, and why."""

from collections.abc import Iterable, Mapping
from typing import Final

from libs.contracts.catalogue import published

UNCAUSED: Final[Mapping[str, str]] = {
    "login_link": "people sign in by e-mail alone so far",
    "login_unlink": "people sign in by e-mail alone so far",
    "appeal_open": "a moderator withdraws the ban before anybody appeals",
    "appeal_decide": "a moderator withdraws the ban before anybody appeals",
}


def caused() -> set[str]:
    """Every event an evening does cause."""
    return set(published()) - set(UNCAUSED)


def missing(seen: Iterable[str]) -> list[str]:
    """What an evening should have caused, and did not."""
    return sorted(caused() - set(seen))
