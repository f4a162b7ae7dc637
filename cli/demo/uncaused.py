"""Which events an evening does not cause, and why."""

from collections.abc import Iterable, Mapping
from typing import Final

from libs.contracts.catalogue import published

UNCAUSED: Final[Mapping[str, str]] = {
    "login_link": "needs an account at Google or Facebook",
    "login_unlink": "needs an account at Google or Facebook",
    "appeal_open": "a moderator withdraws the ban before anybody appeals",
    "appeal_decide": "a moderator withdraws the ban before anybody appeals",
}


def caused() -> set[str]:
    """Every event an evening does cause."""
    return set(published()) - set(UNCAUSED)


def missing(seen: Iterable[str]) -> list[str]:
    """What an evening should have caused, and did not."""
    return sorted(caused() - set(seen))
