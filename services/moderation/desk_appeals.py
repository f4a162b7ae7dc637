"""HTTP in: appeals, filed by whoever was sanctioned, judged by another moderator than the one who did it."""

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter

from libs.chassis.auth import MeOrAppellant, Moderator
from libs.chassis.openapi import refuses
from libs.chassis.pagination import Page, Paging
from services.moderation.deciders.refusals import (
    AppealDecided,
    AppealExists,
    AppealWindow,
    NotFound,
    Outranked,
    SameModerator,
)
from services.moderation.desk import acting
from services.moderation.routes import REFUSALS, Clock
from services.moderation.schemas_appeal import Appeal, Appealed, Decision, NewAppeal
from services.moderation.service import Moderation


def appeal_routes(moderation: Moderation, clock: Clock) -> APIRouter:
    api = APIRouter(prefix="/v1", tags=["moderation"])
    appeals = moderation.appeals

    @api.post(
        "/sanctions/{sanction_id}/appeals",
        status_code=201,
        responses=refuses(REFUSALS, NotFound, AppealExists, AppealWindow),
    )
    async def appeal(sanction_id: UUID, body: NewAppeal, me: MeOrAppellant) -> Appealed:
        return Appealed(id=await appeals.open(sanction_id, me.user_id, body.text, clock()))

    @api.get("/moderation/appeals")
    async def appeal_queue(moderator: Moderator, paging: Paging) -> Page[Appeal]:
        """Those nobody has judged, oldest first."""
        found = await appeals.waiting(moderator.user_id, paging.after(tuple[datetime, UUID]), paging.fetch, clock())
        return paging.page(found, Appeal.of, lambda each: (each.row["opened_at"], each.row["id"]))

    @api.post(
        "/moderation/appeals/{appeal_id}/decision",
        responses=refuses(REFUSALS, NotFound, Outranked, SameModerator, AppealDecided),
    )
    async def decide_appeal(appeal_id: UUID, body: Decision, moderator: Moderator) -> Appeal:
        await appeals.judge(appeal_id, acting(moderator), clock(), upheld=body.upheld, statement=body.statement)
        return Appeal.of(await appeals.view(appeal_id))

    return api
