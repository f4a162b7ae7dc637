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

    def access_token(
        self,
        user_id: UUID,
        session_id: UUID,
        roles: Sequence[Role],
        at: datetime,
        signed_in_at: datetime,
        scope: str = FULL,
    ) -> str:
        """A JWT with iss, aud, sub, sid, roles, scope, iat, exp, auth_time, and kid in its header."""
        kid, key = self.keys.signer()
        issued_at = at.timestamp()
        claims = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": str(user_id),
            "sid": str(session_id),
            "roles": list(roles),
            "scope": scope,
            "iat": issued_at,
            "exp": int(issued_at) + self.lifetime,
            "auth_time": signed_in_at.timestamp(),  # to the microsecond: a revocation ends what began before it
        }
        return jwt.encode({"alg": "ES256", "typ": "JWT", "kid": kid}, claims, key)
