"""Sealing for a case: whoever seals cannot open again, and whoever destroys the case's key has destroyed all copies.

HPKE (RFC 9180) with X25519, HKDF-SHA256 and AES-256-GCM, bound to the report. The key pair comes of the case's own key
(`SubjectKey.recipient`), so there is one key to keep, and one to destroy.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
PURPOSE: Final = b"virtubar evidence 1 "


class Unopened(Exception):
    """These bytes were not sealed for this case, or are not whole."""


def address_of(key: X25519PrivateKey) -> str:
    """The public half, as `report_user` carries it: 43 characters of base64url."""
    return urlsafe_b64encode(key.public_key().public_bytes_raw()).rstrip(b"=").decode()


def seal(document: bytes, address: str, report_id: UUID) -> bytes:
    """Other bytes each time. Raises ValueError for an address that is none."""
    key = X25519PublicKey.from_public_bytes(urlsafe_b64decode(address + "="))
    return SUITE.encrypt(document, key, PURPOSE + report_id.bytes)


def unseal(sealed: bytes, key: X25519PrivateKey, report_id: UUID) -> bytes:
    """Raises Unopened."""
    try:
        return SUITE.decrypt(sealed, key, PURPOSE + report_id.bytes)
    except InvalidTag:
        raise Unopened from None
