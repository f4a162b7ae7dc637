"""Access tokens: ES256, five minutes, checked by everybody with the published keys and by nobody with a look-up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from joserfc import jwt

from libs.chassis.auth import FULL
from libs.contracts.vocabulary import Role
from services.identity.keys import SigningKeys


@dataclass(frozen=True, slots=True)
class Mint:
    """Makes access tokens."""

    keys: SigningKeys
    issuer: str
    audience: str
    lifetime: int  # seconds

    def access_token(self, user_id: UUID, session_id: UUID, roles: Sequence[Role], at: datetime) -> str:
        """A JWT with iss, aud, sub, sid, roles, scope, iat, exp, and kid in its header."""
        kid, key = self.keys.signer()
        issued_at = at.timestamp()  # to the microsecond: a revocation tells tokens of before from tokens of after
        claims = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": str(user_id),
            "sid": str(session_id),
            "roles": list(roles),
            "scope": FULL,
            "iat": issued_at,
            "exp": int(issued_at) + self.lifetime,
        }
        return jwt.encode({"alg": "ES256", "typ": "JWT", "kid": kid}, claims, key)
