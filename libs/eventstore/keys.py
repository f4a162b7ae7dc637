"""Personal data at rest: sealed under a key per subject, so that destroying one key erases one person.

Keys live in a database of their own, whose backups are kept for days: a restored log does not bring anybody back.
"""

import hmac
import os
import time
from base64 import b64decode, b64encode
from collections import OrderedDict
from typing import Any
from uuid import UUID

import orjson
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from libs.contracts.cloudevents import SEALED
from libs.contracts.event import Event
from libs.eventstore.db import Pool

FIND = "select key from subject_keys where subject = $1"
# A tombstone conflicts too: a destroyed key is never made again.
MAKE = "insert into subject_keys (subject, key) values ($1, $2) on conflict (subject) do nothing"
DESTROY = """
insert into subject_keys (subject, key, destroyed_at) values ($1, null, now())
on conflict (subject) do update set key = null, destroyed_at = now() where subject_keys.destroyed_at is null
"""

NONCE = 12  # bytes, random: AES-GCM allows 2**32 of them under one key


class SubjectKey:
    """One person's key: seals what is personal, and marks it so that a retry is told from a change."""

    def __init__(self, raw: bytes) -> None:
        self._sealing = AESGCM(raw)
        self._marking = hmac.digest(raw, b"mark", "sha256")  # another purpose, another key
        self._receiving = hmac.digest(raw, b"receive", "sha256")

    def seal(self, plain: bytes, bound_to: bytes) -> bytes:
        nonce = os.urandom(NONCE)
        return nonce + self._sealing.encrypt(nonce, plain, bound_to)

    def open(self, sealed: bytes, bound_to: bytes) -> bytes:
        return self._sealing.decrypt(sealed[:NONCE], sealed[NONCE:], bound_to)

    def recipient(self) -> X25519PrivateKey:
        """Opens what others, who have only its public half, seal for this subject."""
        return X25519PrivateKey.from_private_bytes(self._receiving)

    def mark(self, text: str) -> str:
        """An HMAC, in hexadecimal: equal for equal texts, and saying nothing without the key."""
        return hmac.digest(self._marking, text.encode(), "sha256").hex()


class KeyRing:
    """The subjects' keys, remembered for `ttl` seconds: so long may another process still read after `destroy`."""

    def __init__(self, pool: Pool, *, ttl: float = 15.0, size: int = 10_000) -> None:
        self._pool = pool
        self._ttl = ttl
        self._size = size
        self._known: OrderedDict[UUID, tuple[SubjectKey, float]] = OrderedDict()

    async def find(self, subject: UUID) -> SubjectKey | None:
        """The subject's key; None when there is none yet or it has been destroyed."""
        key, until = self._known.get(subject, (None, 0.0))
        if key is not None and time.monotonic() < until:
            return key
        return self._remember(subject, await self._pool.fetchval(FIND, subject))

    async def obtain(self, subject: UUID) -> SubjectKey | None:
        """The subject's key, made if need be; None when it has been destroyed."""
        if key := await self.find(subject):
            return key
        await self._pool.execute(MAKE, subject, AESGCM.generate_key(256))
        return await self.find(subject)  # whoever won the race, or a tombstone

    async def destroy(self, subject: UUID) -> None:
        """For ever, and again without harm. A subject that never had a key will never get one."""
        await self._pool.execute(DESTROY, subject)
        self._known.pop(subject, None)

    def _remember(self, subject: UUID, raw: bytes | None) -> SubjectKey | None:
        self._known.pop(subject, None)
        if raw is None:
            return None
        self._known[subject] = (key := SubjectKey(raw), time.monotonic() + self._ttl)
        if len(self._known) > self._size:
            self._known.popitem(last=False)
        return key


class Cipher:
    """Moves an event's personal fields into one sealed member of its data, and back."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    async def seal(self, event: Event, event_id: UUID) -> str:
        """The event's data as JSON; personal fields sealed, or left out when the subject's key is destroyed."""
        if not event.PERSONAL:
            return event.model_dump_json()
        data = event.model_dump(mode="json", exclude=set(event.PERSONAL))
        personal = event.model_dump(mode="json", include=set(event.PERSONAL), exclude_none=True)
        if personal and (key := await self._keys.obtain(event.subject)):
            data[SEALED] = b64encode(key.seal(orjson.dumps(personal), event_id.bytes)).decode()
        return orjson.dumps(data).decode()

    async def mark(self, subject: UUID, text: str) -> str | None:
        """By which a personal text is known again where it must not be kept; None when the key is destroyed."""
        key = await self._keys.obtain(subject)
        return key.mark(text) if key else None

    async def open(self, data: dict[str, Any], subject: UUID, event_id: UUID) -> dict[str, Any]:
        """The data with its personal fields; without them when the subject's key is destroyed.

        Raises cryptography's InvalidTag when the sealed member was tampered with or belongs to another event.
        """
        if SEALED not in data:
            return data
        sealed = b64decode(data[SEALED])
        data = {field: value for field, value in data.items() if field != SEALED}
        if key := await self._keys.find(subject):
            data |= orjson.loads(key.open(sealed, event_id.bytes))
        return data
