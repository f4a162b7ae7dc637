"""Which emotes somebody may show: the house's, and their own."""

import re
from collections import OrderedDict
from typing import Final
from uuid import UUID

from services.rooms.realtime.room import Guest

EMOTES: Final = frozenset(
    {
        "applaud", "bow", "cheer", "cry", "dance", "drink", "facepalm", "flex", "heart", "high-five", "hug", "kiss",
        "laugh", "nod", "point", "salute", "shake-head", "shrug", "sit", "sleep", "think", "thumbs-down", "thumbs-up",
        "toast", "wave", "wink", "yawn",
    }
)  # fmt: skip
"""They come with the house."""
REMEMBERED: Final = 10_000  # people who have got something lately
_SKU: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST: Final = 64


def is_sku(word: str) -> bool:
    """Whether anything could be called so."""
    return len(word) <= _LONGEST and _SKU.fullmatch(word) is not None


class Emotes:
    """What a guest had at their hello the guest says; what they get meanwhile is heard here.

    Kept also of people who are not here: the service's tables may hear of it later than their next hello asks them.
    """

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._lately: OrderedDict[UUID, set[str]] = OrderedDict()  # by user, the newest last

    def has(self, guest: Guest, emote: str) -> bool:
        return emote in EMOTES or emote in guest.emotes or emote in self._lately.get(guest.user, ())

    def learn(self, user: UUID, sku: str) -> None:
        """Somebody has got an emote. Any number of times."""
        self._lately.setdefault(user, set()).add(sku)
        self._lately.move_to_end(user)
        if len(self._lately) > self._remembered:
            self._lately.popitem(last=False)

    def forget(self, user: UUID) -> None:
        self._lately.pop(user, None)
