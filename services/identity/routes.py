"""HTTP in."""

from datetime import datetime
from typing import Annotated, Any, TypeAlias
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from libs.chassis.answers import Statuses
from libs.chassis.auth import FULL, Caller, Me, MeOrAppellant, Operator
from libs.chassis.openapi import refuses
from libs.chassis.pagination import Page, Paging
from libs.contracts.vocabulary import Role
from services.identity.codes import BadCode, Locked
from services.identity.commands import GrantRole, RevokeRole
from services.identity.decider import AccountDeleted, AccountSuspended, NotFound
from services.identity.erasures import Erasures, Reauthenticate
from services.identity.keys import SigningKeys
from services.identity.refresh import TokenExpired, TokenReused
from services.identity.schemas import (
    Account,
    AskForCode,
    CodeSent,
    Erasure,
    Jwks,
    Receipt,
    Refresh,
    Session,
    Tokens,
    UseCode,
)
from services.identity.service import Identity, SignedIn

REFUSALS: Statuses = {
    BadCode: 401,
    TokenReused: 401,
    TokenExpired: 401,
    AccountSuspended: 403,
    AccountDeleted: 403,
    Reauthenticate: 403,
    NotFound: 404,
}
LOCKED: dict[int | str, dict[str, Any]] = {423: {"description": f"locked: {Locked.__doc__}"}}


def routes(identity: Identity, keys: SigningKeys, *, token_seconds: int, jwks_seconds: int) -> APIRouter:
    """`token_seconds`: what an access token is good for; `jwks_seconds`: how long others may keep the keys."""
    api = APIRouter(prefix="/v1", tags=["identity"])

    async def at_home(me: Me) -> Caller:
        await identity.must_be_live(me.session_id)
        return me

    Live: TypeAlias = Annotated[Caller, Depends(at_home)]

    def tokens(signed_in: SignedIn, response: Response) -> Tokens:
        response.headers["cache-control"] = "no-store"
        return Tokens.of(signed_in, token_seconds)

    @api.post("/auth/email/codes", status_code=202)
    async def send_code(body: AskForCode, request: Request) -> CodeSent:
        await identity.send_code(body.email, body.locale, client_of(request))
        return CodeSent(expires_in=int(identity.policy.lifetime.total_seconds()))

    @api.post("/auth/email/tokens", responses=refuses(REFUSALS, BadCode, AccountSuspended) | LOCKED)
    async def sign_in(body: UseCode, request: Request, response: Response) -> Tokens:
        return tokens(await identity.sign_in(body.email, body.code, body.device_type, client_of(request)), response)

    @api.post("/auth/refresh", responses=refuses(REFUSALS, TokenReused, TokenExpired, AccountSuspended))
    async def refresh(body: Refresh, response: Response) -> Tokens:
        return tokens(await identity.refresh(body.refresh_token), response)

    @api.post("/auth/logout", status_code=204)
    async def log_out(me: Live) -> None:
        await identity.end_session(me.user_id, me.session_id, "logout")

    @api.get("/auth/jwks.json", response_model=Jwks)
    async def jwks() -> Response:
        return Response(
            keys.jwks, media_type="application/json", headers={"cache-control": f"public, max-age={jwks_seconds}"}
        )

    @api.get("/me")
    async def me(me: Live) -> Account:
        return Account.of(await identity.account(me.user_id))

    @api.get("/me/sessions")
    async def sessions(me: Live, paging: Paging) -> Page[Session]:
        rows = await identity.sessions(me.user_id, paging.after(tuple[datetime, UUID]), paging.fetch)
        return paging.page(rows, lambda row: Session.of(row, me.session_id), lambda row: (row["started_at"], row["id"]))

    @api.delete("/me/sessions", status_code=204)
    async def end_all_sessions(me: Live) -> None:
        await identity.end_all_sessions(me.user_id)

    @api.delete("/me/sessions/{session_id}", status_code=204, responses=refuses(REFUSALS, NotFound))
    async def end_session(session_id: UUID, me: Live) -> None:
        await identity.end_session(me.user_id, session_id, "signed_out")

    return api


def operator_routes(identity: Identity) -> APIRouter:
    """Who may do what."""
    api = APIRouter(prefix="/v1/users/{user_id}/roles", tags=["identity"])

    @api.put("/{role}", status_code=204, responses=refuses(REFUSALS, NotFound))
    async def grant_role(user_id: UUID, role: Role, operator: Operator) -> None:
        await identity.must_be_live(operator.session_id)
        await identity.execute(GrantRole(user_id, role))

    @api.delete("/{role}", status_code=204, responses=refuses(REFUSALS, NotFound))
    async def revoke_role(user_id: UUID, role: Role, operator: Operator) -> None:
        await identity.must_be_live(operator.session_id)
        await identity.execute(RevokeRole(user_id, role))

    return api


def erasure_routes(identity: Identity, erasures: Erasures) -> APIRouter:
    """Being forgotten. A suspended person may ask for that too, with the token that is there for appeals."""
    api = APIRouter(prefix="/v1", tags=["identity"])

    @api.delete("/me", status_code=202, responses=refuses(REFUSALS, Reauthenticate))
    async def erase(me: MeOrAppellant) -> Receipt:
        if me.scope == FULL:
            await identity.must_be_live(me.session_id)
        return Receipt(receipt=await erasures.begin(me.user_id, me.signed_in_at))

    @api.get("/erasures/{receipt}", responses=refuses(REFUSALS, NotFound))
    async def progress(receipt: UUID) -> Erasure:
        return Erasure.of(await erasures.progress(receipt))

    return api


def client_of(request: Request) -> str:
    """The client's address; behind the gateway uvicorn takes it from x-forwarded-for."""
    return request.client.host if request.client else ""
