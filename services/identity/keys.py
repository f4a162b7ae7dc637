"""Signing keys: who signs now, who may be asked about older tokens, and when the next one is due."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from asyncpg import Record
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from joserfc.jwk import ECKey

from libs.eventstore.db import Db, Pool
from services.identity.pepper import Pepper

# One process at a time decides that a key is missing; readers are not kept waiting.
ALONE = "lock table signing_keys in share row exclusive mode"
ALL = "select kid, public_jwk, sealed, signs_from from signing_keys order by signs_from, kid"
ADD = "insert into signing_keys (kid, public_jwk, sealed, signs_from) values ($1, $2, $3, $4)"
DROP = "delete from signing_keys where kid = any($1)"

NONCE: Final = 12
CURVE: Final = "P-256"


@dataclass(frozen=True, slots=True)
class SigningKey:
    kid: str
    public_jwk: dict[str, Any]
    private: ECKey | None  # None where another pepper sealed it: still good for checking
    signs_from: datetime


@dataclass(frozen=True, slots=True)
class Schedule:
    """`lead` is how long a key is published before it signs: more than any verifier keeps an old list."""

    period: timedelta
    lead: timedelta
    token_lifetime: timedelta  # clock skew included

    def signer(self, keys: Sequence[SigningKey], at: datetime) -> SigningKey | None:
        """The newest key that may sign already."""
        return max(
            (key for key in keys if key.private and key.signs_from <= at), key=lambda key: key.signs_from, default=None
        )

    def next_from(self, keys: Sequence[SigningKey], at: datetime) -> datetime | None:
        """When the key that has to be made now begins to sign; None while none is due."""
        usable = [key.signs_from for key in keys if key.private]
        if not any(signs_from <= at for signs_from in usable):
            return at
        due = max(usable) + self.period
        return max(due, at + self.lead) if due - self.lead <= at else None

    def over(self, keys: Sequence[SigningKey], at: datetime) -> list[SigningKey]:
        """Keys whose last token has ended: another one has been signing for longer than a token lives."""
        signer = self.signer(keys, at - self.token_lifetime)
        return [key for key in keys if signer and key.signs_from < signer.signs_from]


class SigningKeys:
    """The keys in Postgres, remembered; `refresh` now and then, well within the schedule's lead."""

    def __init__(self, pool: Pool, pepper: Pepper, schedule: Schedule, now: Callable[[], datetime]) -> None:
        self._pool, self._schedule, self._now = pool, schedule, now
        self._seal = AESGCM(pepper.key("signing-key"))
        self._keys: Sequence[SigningKey] = ()
        self._public: dict[str, ECKey] = {}
        self._jwks = b'{"keys":[]}'

    async def refresh(self) -> None:
        """Read the keys; make the next one when it is due, drop those that are over."""
        keys: Sequence[SigningKey] = [self._open(row) for row in await self._pool.fetch(ALL)]
        if self._schedule.next_from(keys, self._now()) or self._schedule.over(keys, self._now()):
            async with self._pool.acquire() as db, db.transaction():
                keys = await self._move_on(db)
        self._keys = keys
        self._public = {key.kid: ECKey.import_key(key.public_jwk) for key in keys}
        self._jwks = orjson.dumps({"keys": [key.public_jwk for key in keys]})

    @property
    def jwks(self) -> bytes:
        """The published document (RFC 7517): what signs, has signed and is about to."""
        return self._jwks

    async def get(self, kid: str) -> ECKey | None:
        """For this service's own verifier."""
        return self._public.get(kid)

    def signer(self) -> tuple[str, ECKey]:
        """The kid and key to sign with now. Raises LookupError before the first `refresh`."""
        key = self._schedule.signer(self._keys, self._now())
        if key is None or key.private is None:
            raise LookupError("no signing key has been read yet")
        return key.kid, key.private

    async def _move_on(self, db: Db) -> Sequence[SigningKey]:
        await db.execute(ALONE)
        keys, at = [self._open(row) for row in await db.fetch(ALL)], self._now()
        over = [key.kid for key in self._schedule.over(keys, at)]
        if over:
            await db.execute(DROP, over)
        if signs_from := self._schedule.next_from(keys, at):
            made, sealed = self._make(signs_from)
            await db.execute(ADD, made.kid, made.public_jwk, sealed, signs_from)
            keys.append(made)
        return [key for key in keys if key.kid not in over]

    def _make(self, signs_from: datetime) -> tuple[SigningKey, bytes]:
        private = ECKey.generate_key(CURVE, auto_kid=True)
        kid = private.kid
        assert kid
        public = {**private.as_dict(private=False), "kid": kid, "alg": "ES256", "use": "sig"}
        nonce = os.urandom(NONCE)
        sealed = nonce + self._seal.encrypt(nonce, private.as_der(private=True), kid.encode())
        return SigningKey(kid, public, private, signs_from), sealed

    def _open(self, row: Record) -> SigningKey:
        kid, sealed = row["kid"], row["sealed"]
        try:
            der = self._seal.decrypt(sealed[:NONCE], sealed[NONCE:], kid.encode())
        except InvalidTag:
            return SigningKey(kid, row["public_jwk"], None, row["signs_from"])
        return SigningKey(kid, row["public_jwk"], ECKey.import_key(der), row["signs_from"])
