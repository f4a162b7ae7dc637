"""Tickets and resume tokens: opaque, naming their visit, kept as digests only."""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Self
from uuid import UUID

SECRET = 24  # bytes
WHOLE = 16 + SECRET


@dataclass(frozen=True, slots=True)
class Token:
    """`text` is for the client, `digest` for the table, `visit_id` to find the row by."""

    visit_id: UUID
    text: str
    digest: bytes

    @classmethod
    def mint(cls, visit_id: UUID) -> Self:
        text = urlsafe_b64encode(visit_id.bytes + secrets.token_bytes(SECRET)).rstrip(b"=").decode()
        return cls(visit_id, text, _digest(text))

    @classmethod
    def read(cls, text: str) -> Self | None:
        """None for what was never a token."""
        try:
            raw = urlsafe_b64decode(text.encode("ascii") + b"==")
        except ValueError:
            return None
        if len(raw) != WHOLE:
            return None
        return cls(UUID(bytes=raw[:16]), text, _digest(text))


def _digest(text: str) -> bytes:
    return sha256(text.encode()).digest()
