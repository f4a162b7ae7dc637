"""Refresh tokens: opaque, one use each, every one derived from the one before it; the database knows only hashes.

A token is its session, its generation, a secret and a tag, in base64url. The tag proves that we made it, so an old
token is told from an invented one without a row for each: an invented one may end nobody's session. The secret follows
from the secret before it, so racing tabs that present the same token get the same successor although only its hash is
kept; and from the hash, even with the pepper, no token follows.
"""

import secrets
from base64 import b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from hashlib import sha256
from hmac import compare_digest
from typing import Final
from uuid import UUID

from libs.eventstore.decider import Refused
from services.identity.pepper import Pepper

SECRET: Final = 32
TAG: Final = 17  # so that the whole is 69 bytes, which base64 spells without padding
LENGTH: Final = 16 + 4 + SECRET + TAG


@dataclass(frozen=True, slots=True)
class RefreshToken:
    session_id: UUID
    generation: int
    secret: bytes

    def __repr__(self) -> str:
        return f"RefreshToken({self.session_id}, {self.generation})"

    @property
    def hash(self) -> bytes:
        """What is kept of it. The secret has 256 bits: there is nothing to salt or slow down."""
        return sha256(self.secret).digest()

    def successor(self, pepper: Pepper) -> "RefreshToken":
        secret = pepper.digest("refresh", self.session_id.bytes, self.generation.to_bytes(4), self.secret)
        return RefreshToken(self.session_id, self.generation + 1, secret)

    def text(self, pepper: Pepper) -> str:
        body = _body(self)
        return urlsafe_b64encode(body + _tag(pepper, body)).decode()

    @classmethod
    def first(cls, session_id: UUID) -> "RefreshToken":
        return cls(session_id, 1, secrets.token_bytes(SECRET))

    @classmethod
    def read(cls, text: str, pepper: Pepper) -> "RefreshToken | None":
        """None for anything we did not make."""
        try:
            raw = b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
        except ValueError:
            return None
        body, tag = raw[:-TAG], raw[-TAG:]
        if len(raw) != LENGTH or not compare_digest(tag, _tag(pepper, body)):
            return None
        return cls(UUID(bytes=body[:16]), int.from_bytes(body[16:20]), body[20:])


def _body(token: RefreshToken) -> bytes:
    return token.session_id.bytes + token.generation.to_bytes(4) + token.secret


def _tag(pepper: Pepper, body: bytes) -> bytes:
    return pepper.digest("refresh-tag", body)[:TAG]


class TokenReused(Refused):
    """This refresh token has been used before: somebody has a copy, so its session has been ended. Sign in again."""


class TokenExpired(Refused):
    """This refresh token is no longer good. Sign in again."""


@dataclass(frozen=True, slots=True)
class Family:
    """What is kept of a session's tokens, and how the session fares."""

    user_id: UUID
    generation: int  # of the one token that may still be used
    token_hash: bytes
    started_at: datetime
    rotated_at: datetime
    expires_at: datetime
    suspended: bool
    end_reason: str | None


class Verdict(Enum):
    CURRENT = "current"  # the one that may be used
    REPEATED = "repeated"  # the one before it, just now: the same successor once more
    REUSED = "reused"  # an older one: somebody has a copy
    BURNT = "burnt"  # its session was ended because somebody had a copy
    SUSPENDED = "suspended"
    OVER = "over"  # logged out, expired, or of a time that was restored away


def judge(token: RefreshToken, family: Family | None, at: datetime, grace: timedelta) -> Verdict:
    """What a presented token is worth."""
    match family:
        case None:
            return Verdict.OVER
        case Family(end_reason="token_reused"):
            return Verdict.BURNT
        case Family(suspended=True):
            return Verdict.SUSPENDED
        case Family(end_reason=str()):
            return Verdict.OVER
    if family.expires_at <= at or token.generation > family.generation:
        return Verdict.OVER
    if token.generation == family.generation:
        return Verdict.CURRENT if compare_digest(token.hash, family.token_hash) else Verdict.OVER
    if token.generation == family.generation - 1 and at - family.rotated_at <= grace:
        return Verdict.REPEATED
    return Verdict.REUSED
