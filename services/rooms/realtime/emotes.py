"""Emotes that come with the house."""

from typing import Final

EMOTES: Final = frozenset(
    {
        "applaud", "bow", "cheer", "cry", "dance", "drink", "facepalm", "flex", "heart", "high-five", "hug", "kiss",
        "laugh", "nod", "point", "salute", "shake-head", "shrug", "sit", "sleep", "think", "thumbs-down", "thumbs-up",
        "toast", "wave", "wink", "yawn",
    }
)  # fmt: skip
