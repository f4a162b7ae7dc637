"""One secret of the deployment, and the keys derived from it: one for each purpose, so that none stands for another."""

import hmac
from functools import cached_property
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

PURPOSES: Final = ("address", "ban", "client", "code", "refresh", "refresh-tag", "signing-key")


class Pepper:
    """Keyed hashes and keys. It lies in no database, so a stolen one is not enough to guess a code or an address.

    Another pepper ends every refresh token and every code that is out, and makes a new signing key.
    """

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def __repr__(self) -> str:
        return "Pepper(…)"

    @cached_property
    def _keys(self) -> dict[str, bytes]:
        return {
            purpose: HKDF(SHA256(), 32, salt=None, info=b"virtubar/identity/" + purpose.encode()).derive(self._secret)
            for purpose in PURPOSES
        }

    def key(self, purpose: str) -> bytes:
        """32 bytes."""
        return self._keys[purpose]

    def digest(self, purpose: str, *parts: bytes) -> bytes:
        """HMAC-SHA256 of the parts, 32 bytes; each part counts with its length, so that no two lists look alike."""
        framed = b"".join(len(part).to_bytes(4) + part for part in parts)
        return hmac.digest(self.key(purpose), framed, "sha256")
