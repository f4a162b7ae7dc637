"""Who is asking: access tokens verified here again, whatever the gateway did, and who of them is no longer welcome."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import time
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Request, Security
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jws import extract_compact

from libs.chassis.jwks import Keys
from libs.chassis.problems import Forbidden, Unauthenticated
from libs.chassis.revocations import Revocations

ALGORITHM: Final = "ES256"
FULL: Final = "full"  # what a token is good for: everything its roles allow,
APPEAL: Final = "appeal"  # or nothing but reading and appealing one's sanctions
LEEWAY: Final = 5  # seconds that two machines' clocks may differ
REMEMBERED: Final = 20_000  # tokens


@dataclass(frozen=True, slots=True)
class Caller:
    """The claims of a token that was accepted."""

    user_id: UUID
    session_id: UUID
    roles: frozenset[str]
    scope: str
    expires_at: datetime
    signed_in_at: datetime
    """When the session began: what revocations compare, for a token may be issued while one is being decided."""


class Verifier:
    """ES256 tokens of one issuer for one audience. A token is verified once and remembered until it expires.

    `informed` returns once `revocations` may be believed to know what was revoked before this process began.
    """

    def __init__(
        self,
        keys: Keys,
        *,
        issuer: str,
        audience: str,
        revocations: Revocations | None = None,
        informed: Callable[[], Awaitable[object]] | None = None,
        clock: Callable[[], float] = time,
    ) -> None:
        self._keys = keys
        self._issuer, self._audience = issuer, audience
        self._revocations, self._informed = revocations, informed
        self._clock = clock
        self._known: dict[str, Caller] = {}

    async def verify(self, token: str) -> Caller:
        """The caller. Raises Unauthenticated; Unavailable where the keys cannot be had."""
        caller = self._known.get(token)
        if caller is None or caller.expires_at.timestamp() + LEEWAY < self._clock():
            self._known.pop(token, None)
            caller = await self._read(token)
            self._remember(token, caller)
        if self._informed:
            await self._informed()
        if self._revocations and self._revocations.refuse(caller.user_id, caller.session_id, caller.signed_in_at):
            raise Unauthenticated("This session has ended.")
        return caller

    async def _read(self, token: str) -> Caller:
        try:
            header = extract_compact(token.encode()).headers()
            if header.get("alg") != ALGORITHM:
                raise Unauthenticated
            key = await self._keys.get(str(header.get("kid")))
            if key is None:
                raise Unauthenticated
            claims = jwt.decode(token, key, algorithms=[ALGORITHM]).claims
            self._rules().validate(claims)
            return _caller(claims)
        except (JoseError, ValueError, TypeError, OverflowError):
            raise Unauthenticated from None  # why is nobody's business

    def _rules(self) -> jwt.JWTClaimsRegistry:
        return jwt.JWTClaimsRegistry(
            now=int(self._clock()),
            leeway=LEEWAY,
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": self._audience},
            sub={"essential": True},
            sid={"essential": True},
            scope={"essential": True, "values": [FULL, APPEAL]},
            exp={"essential": True},
            iat={"essential": True},
            auth_time={"essential": True},
            roles={"essential": True, "allow_blank": True},
        )

    def _remember(self, token: str, caller: Caller) -> None:
        if len(self._known) >= REMEMBERED:
            now = datetime.fromtimestamp(self._clock(), UTC)
            fresh = {known: each for known, each in self._known.items() if each.expires_at > now}
            self._known = fresh if len(fresh) < REMEMBERED else {}
        self._known[token] = caller


def _caller(claims: dict[str, Any]) -> Caller:
    roles = claims["roles"]
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise ValueError("roles")
    return Caller(
        user_id=UUID(claims["sub"]),
        session_id=UUID(claims["sid"]),
        roles=frozenset(roles),
        scope=claims["scope"],
        expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        signed_in_at=datetime.fromtimestamp(claims["auth_time"], UTC),
    )


class AccessToken(SecurityBase):
    """The dependency behind `Me`: a bearer token of one of `scopes`, with one of `roles` where any are named."""

    def __init__(self, *, roles: frozenset[str] = frozenset(), scopes: frozenset[str] = frozenset({FULL})) -> None:
        self.model = HTTPBearer(bearerFormat="JWT", description="the access token of `POST /v1/auth/email/tokens`")
        self.scheme_name = "access_token"
        self._roles, self._scopes = roles, scopes

    async def __call__(self, request: Request) -> Caller:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated
        verifier: Verifier = request.app.state.verifier
        caller = await verifier.verify(token.strip())
        if caller.scope not in self._scopes:
            raise Forbidden("This token allows appealing and nothing else.")
        if self._roles and not self._roles & caller.roles:
            raise Forbidden
        return caller


def having(*roles: str) -> AccessToken:
    """For `Annotated[Caller, Security(having("moderator"))]`: one of these roles is needed."""
    return AccessToken(roles=frozenset(roles))


Me = Annotated[Caller, Security(AccessToken())]
MeOrAppellant = Annotated[Caller, Security(AccessToken(scopes=frozenset({FULL, APPEAL})))]
Moderator = Annotated[Caller, Security(having("moderator"))]
Analyst = Annotated[Caller, Security(having("analyst"))]
Operator = Annotated[Caller, Security(having("operator"))]
