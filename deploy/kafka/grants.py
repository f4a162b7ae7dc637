"""What each user may do at the brokers, made from the contracts. Nothing here reads or writes anything."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from libs.contracts.access import ANALYST, USERS, reads, writes

Operation = Literal["READ", "WRITE", "CREATE", "DESCRIBE"]


class Grant(NamedTuple):
    """One right of one user. READ and WRITE let a topic be described, too."""

    user: str
    resource: Literal["TOPIC", "GROUP"]
    name: str  # of a topic; the beginning of a group's
    operation: Operation


def grants() -> frozenset[Grant]:
    """Every right of every user."""
    return frozenset(grant for user in USERS for grant in _of(user))


def _of(user: str) -> Iterator[Grant]:
    for topic in reads(user):
        yield Grant(user, "TOPIC", topic, "READ")
    yield Grant(user, "GROUP", user, "READ")
    if user != ANALYST:
        for topic in writes(user):
            yield Grant(user, "TOPIC", topic, "WRITE")
            yield Grant(user, "TOPIC", topic, "CREATE")  # by its migrate step
