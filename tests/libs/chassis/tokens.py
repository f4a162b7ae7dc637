"""An issuer of access tokens, for tests."""

from time import time
from typing import Any
from uuid import UUID, uuid4

from joserfc import jwt
from joserfc.jwk import ECKey

from libs.chassis.auth import FULL, Verifier
from libs.chassis.revocations import Revocations

ISSUER, AUDIENCE = "https://issuer.test", "virtubar"


class Issuer:
    """Signs with one key at a time, and is the `Keys` of a verifier."""

    def __init__(self) -> None:
        self.keys: dict[str, ECKey] = {}
        self.rotate()

    def rotate(self) -> None:
        self.kid = uuid4().hex
        self.keys[self.kid] = ECKey.generate_key("P-256", {"kid": self.kid})

    def jwks(self) -> dict[str, Any]:
        return {"keys": [key.as_dict(private=False) for key in self.keys.values()]}

    async def get(self, kid: str) -> ECKey | None:
        return self.keys.get(kid)

    def token(self, *, header: dict[str, Any] | None = None, key: ECKey | None = None, **claims: Any) -> str:
        """A good one, but for what is given; None leaves a claim out."""
        now = int(time())
        good = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(uuid4()),
            "sid": str(uuid4()),
            "roles": [],
            "scope": FULL,
            "iat": now,
            "auth_time": now,
            "exp": now + 300,
        }
        told = {name: str(value) if isinstance(value, UUID) else value for name, value in (good | claims).items()}
        kept = {name: value for name, value in told.items() if value is not None}
        return jwt.encode({"alg": "ES256", "kid": self.kid} | (header or {}), kept, key or self.keys[self.kid])

    def verifier(self, revocations: Revocations | None = None, **parts: Any) -> Verifier:
        return Verifier(self, issuer=ISSUER, audience=AUDIENCE, revocations=revocations, **parts)


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}
