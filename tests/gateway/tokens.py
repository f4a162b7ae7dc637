"""Access tokens as identity makes them, and as a forger would."""

import time
from typing import Any
from uuid import UUID

from joserfc import jwt
from joserfc.jwk import ECKey

ISSUER, AUDIENCE = "https://virtubar.dev", "virtubar"
DANA, SESSION = UUID("233d6de2-421e-5315-bdeb-7a8586864992"), UUID("4b49a04f-82eb-5b6f-84b6-dd412b1b6b3b")


def new_key(kid: str) -> ECKey:
    return ECKey.generate_key("P-256", {"kid": kid, "use": "sig", "alg": "ES256"})


def token(key: ECKey, kid: str, **changes: Any) -> str:
    """A good token of Dana's for five minutes, but for `changes`; a claim changed to None is left out."""
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(DANA),
        "sid": str(SESSION),
        "roles": ["moderator"],
        "scope": "full",
        "iat": now,
        "auth_time": now,
        "exp": now + 300,
        **changes,
    }
    kept = {name: claim for name, claim in claims.items() if claim is not None}
    return jwt.encode({"alg": "ES256", "kid": kid}, kept, key, algorithms=["ES256"])
