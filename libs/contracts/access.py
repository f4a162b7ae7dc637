"""Who may write and read which topic. The brokers' rules are made from this, and so no service can do otherwise.

A service writes the topics of its own events and its dead letters, and nothing else. It reads those it listens to and
what it wrote. The sink reads everything, analysts the topics whose audience is public.
"""

from collections.abc import Mapping
from typing import Final

from libs.contracts.catalogue import dlq_of, published, topics, topics_of
from libs.contracts.vocabulary import SERVICES

ANALYST: Final = "analyst"
SINK: Final = "analytics"

ENDS_SESSIONS: Final = ("session_revoke", "user_suspend", "user_delete")
"""Followed by every process that takes access tokens."""

LISTENS: Final[Mapping[str, tuple[str, ...]]] = {
    "identity": ("sanction_user", "sanction_lift", "erasure_done"),
    "social": ("user_register", "user_reinstate"),
    "rooms": (
        *("block_user", "unblock_user", "mute_user", "unmute_user", "friend_accept", "friend_remove"),
        *("sanction_user", "sanction_lift", "item_gift", "item_acquire", "profile_create", "profile_update"),
        "report_user",
    ),
    "moderation": ("user_register", "role_grant", "role_revoke", "room_create", "evidence_seal"),
    "inventory": ("user_register", "user_reinstate", "block_user", "unblock_user"),
}
"""What each service hears of besides ENDS_SESSIONS."""


def writes(service: str) -> frozenset[str]:
    """The topics that `service` may write."""
    return frozenset({*topics_of(service), dlq_of(service)})


def reads(user: str) -> frozenset[str]:
    """The topics that a service, or the analyst, may read."""
    if user == ANALYST:
        return frozenset(name for name, topic in topics().items() if topic.audience == "public")
    if user == SINK:
        return writes(user) | published().keys()
    return writes(user) | {*LISTENS[user], *ENDS_SESSIONS}


USERS: Final = (*SERVICES, ANALYST)
"""Everybody the brokers know besides their administrator."""
