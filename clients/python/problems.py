"""What the bar says no with.

ClientError
├── Refused     a problem document (RFC 9457): of an HTTP answer, or an `error` frame on the socket
├── Closed      the visit is over; `code` is the socket's close code, docs/realtime.md says what it means
└── Unreachable nobody answered, or not in a way we understand
"""

from collections.abc import Mapping
from typing import Any


class ClientError(Exception):
    """Anything this client raises by itself."""


class Refused(ClientError):
    """`slug` is stable; `status` is 0 on the socket; `retry_after` in seconds, where it is worth trying again.

    `place`: in the line before a full room, 1 being the next.
    """

    place: int | None = None

    def __init__(self, slug: str, status: int, detail: str = "", retry_after: float | None = None) -> None:
        super().__init__(f"{slug}: {detail}" if detail else slug)
        self.slug, self.status, self.detail, self.retry_after = slug, status, detail, retry_after

    @classmethod
    def of(cls, status: int, document: Mapping[str, Any], retry_after: str | None) -> "Refused":
        slug = str(document.get("type", "")).rpartition("/")[2] or "unknown"
        seconds = float(retry_after) if retry_after and retry_after.isdigit() else None
        refused = cls(slug, status, str(document.get("detail", "")), seconds)
        refused.place = (document.get("waitlist") or {}).get("position")
        return refused


class Closed(ClientError):
    """The visit is over."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(f"closed with {code} {reason}".rstrip())
        self.code, self.reason = code, reason


class Unreachable(ClientError):
    """Nobody answered."""
