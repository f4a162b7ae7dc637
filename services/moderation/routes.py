"""HTTP in, for everybody: reports, evidence, and what stands against oneself."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request

from libs.chassis.answers import Statuses
from libs.chassis.auth import Me, MeOrAppellant
from libs.chassis.idempotency import MaybeOnce
from libs.chassis.openapi import refuses
from libs.chassis.pagination import Page, Paging
from services.moderation.deciders.refusals import (
    AppealDecided,
    AppealExists,
    AppealWindow,
    Claimed,
    NotClaimant,
    NotFound,
    NotProposed,
    Outranked,
    ReportExists,
    Resolved,
    SameModerator,
    Self,
)
from services.moderation.schemas import Filed, HandedIn, MyReport, MySanction, NewReport
from services.moderation.service import Moderation

REFUSALS: Statuses = {
    NotFound: 404,
    Self: 409,
    ReportExists: 409,
    Claimed: 409,
    NotClaimant: 409,
    Resolved: 409,
    Outranked: 403,
    SameModerator: 403,
    NotProposed: 409,
    AppealExists: 409,
    AppealWindow: 410,
    AppealDecided: 409,
}
PICTURE = {
    "requestBody": {
        "required": True,
        "content": {
            each: {"schema": {"type": "string", "format": "binary"}}
            for each in ("image/jpeg", "image/png", "image/webp")
        },
    }
}
Clock = Callable[[], datetime]


def routes(moderation: Moderation, clock: Clock) -> APIRouter:
    """`clock` is the wall clock, aware."""
    api = APIRouter(prefix="/v1", tags=["moderation"])

    @api.post("/reports", status_code=201, responses=refuses(REFUSALS, Self, ReportExists, NotFound))
    async def file_report(body: NewReport, me: Me, once: MaybeOnce) -> Filed:
        return Filed(id=await moderation.filing.file(me.user_id, body.complaint(), clock(), once))

    @api.post("/reports/evidence", status_code=201, openapi_extra=PICTURE)
    async def hand_in_evidence(request: Request, me: Me) -> HandedIn:
        """A picture as it is, as the body. What it is, its bytes say."""
        return HandedIn(evidence_id=await moderation.evidence.hand_in(me.user_id, await request.body(), clock()))

    @api.get("/reports/mine")
    async def my_reports(me: Me, paging: Paging) -> Page[MyReport]:
        found = await moderation.reports_of(me.user_id, paging.after(tuple[datetime, UUID]), paging.fetch)
        return paging.page(
            found,
            lambda each: MyReport(**{**each.row, "description": each.description}),
            lambda each: (each.row["created_at"], each.row["id"]),
        )

    @api.get("/sanctions/mine")
    async def my_sanctions(me: MeOrAppellant, paging: Paging) -> Page[MySanction]:
        found = await moderation.sanctions_of(me.user_id, paging.after(tuple[datetime, UUID]), paging.fetch)
        return paging.page(found, MySanction.told, lambda each: (each.stated.row["imposed_at"], each.stated.row["id"]))

    return api
