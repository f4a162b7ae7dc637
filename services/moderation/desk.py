"""HTTP in, for moderators."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Response

from libs.chassis.auth import Caller, Moderator
from libs.chassis.idempotency import MaybeOnce
from libs.chassis.openapi import refuses
from libs.chassis.pagination import Page, Paging
from libs.eventstore.db import Pool
from services.moderation import audit, queries
from services.moderation.audit import Entry
from services.moderation.deciders import measure
from services.moderation.deciders.refusals import (
    Claimed,
    NotClaimant,
    NotFound,
    NotProposed,
    Outranked,
    Resolved,
    SameModerator,
)
from services.moderation.queries import Sort, Status
from services.moderation.routes import REFUSALS, Clock
from services.moderation.schemas import AuditEntry, NewSanction, Person, Queued, Sanction
from services.moderation.schemas_case import Case, Resolution
from services.moderation.service import Moderation

Answers = dict[int | str, dict[str, Any]]
UNRESOLVED: Final[list[Status]] = ["open", "reviewing"]
IMAGE: Final[Answers] = {200: {"content": {"image/webp": {"schema": {"type": "string", "format": "binary"}}}}}
UNCACHED = {"cache-control": "no-store"}


def case_routes(moderation: Moderation, pool: Pool, clock: Clock) -> APIRouter:
    """Reports: the queue, and one at a time."""
    api = APIRouter(prefix="/v1/moderation/reports", tags=["moderation"])

    async def shown(report_id: UUID, moderator: Caller) -> Case:
        return Case.of(await moderation.cases.view(report_id, moderator.user_id, clock()))

    @api.get("")
    async def report_queue(
        moderator: Moderator, paging: Paging, status: Status | None = None, sort: Sort = "priority"
    ) -> Page[Queued]:
        statuses = [status] if status else UNRESOLVED
        if sort == "priority":
            rows = await queries.queue(
                pool, moderator.user_id, statuses, sort, paging.after(tuple[int, datetime, UUID]), paging.fetch
            )
            return paging.page(rows, Queued.of, lambda row: (row["priority"], row["oldest_at"], row["user_id"]))
        rows = await queries.queue(
            pool, moderator.user_id, statuses, sort, paging.after(tuple[datetime, UUID]), paging.fetch
        )
        return paging.page(rows, Queued.of, lambda row: (row[f"{sort}_at"], row["user_id"]))

    @api.get("/{report_id}", responses=refuses(REFUSALS, NotFound))
    async def get_report(report_id: UUID, moderator: Moderator) -> Case:
        return await shown(report_id, moderator)

    @api.get("/{report_id}/evidence", responses=refuses(REFUSALS, NotFound) | IMAGE, response_class=Response)
    async def get_evidence(report_id: UUID, moderator: Moderator) -> Response:
        picture = await moderation.evidence.view(report_id, moderator.user_id, clock())
        return Response(picture.data, media_type=picture.media_type, headers=UNCACHED)

    @api.post("/{report_id}/claim", responses=refuses(REFUSALS, NotFound, SameModerator, Claimed, Resolved))
    async def claim_report(report_id: UUID, moderator: Moderator) -> Case:
        await moderation.cases.claim(report_id, moderator.user_id, clock())
        return await shown(report_id, moderator)

    @api.post("/{report_id}/release", responses=refuses(REFUSALS, NotFound, NotClaimant, Resolved))
    async def release_report(report_id: UUID, moderator: Moderator) -> Case:
        await moderation.cases.release(report_id, moderator.user_id, clock())
        return await shown(report_id, moderator)

    @api.post("/{report_id}/resolve", responses=refuses(REFUSALS, NotFound, NotClaimant, Resolved))
    async def resolve_report(report_id: UUID, body: Resolution, moderator: Moderator) -> Case:
        said = (body.outcome, body.sanction_id, body.note)
        await moderation.cases.resolve(report_id, moderator.user_id, clock(), *said)
        return await shown(report_id, moderator)

    return api


def sanction_routes(moderation: Moderation, clock: Clock) -> APIRouter:
    """Sanctions: imposed, approved, withdrawn."""
    api = APIRouter(prefix="/v1/moderation/sanctions", tags=["moderation"])
    second: Answers = {
        202: {"model": Sanction, "description": "needs_second_approver: it holds once another moderator says so"}
    }

    @api.post("", status_code=201, responses=refuses(REFUSALS, NotFound, Outranked) | second)
    async def impose_sanction(body: NewSanction, moderator: Moderator, once: MaybeOnce, response: Response) -> Sanction:
        sanction_id, response.status_code = await moderation.sanctions.impose(
            body.order(), acting(moderator), clock(), once
        )
        return Sanction.of(await moderation.sanctions.get(sanction_id))

    @api.post("/{sanction_id}/approve", responses=refuses(REFUSALS, NotFound, Outranked, SameModerator, NotProposed))
    async def approve_sanction(sanction_id: UUID, moderator: Moderator) -> Sanction:
        await moderation.sanctions.approve(sanction_id, acting(moderator), clock())
        return Sanction.of(await moderation.sanctions.get(sanction_id))

    @api.delete("/{sanction_id}", status_code=204, responses=refuses(REFUSALS, NotFound, Outranked))
    async def withdraw_sanction(sanction_id: UUID, moderator: Moderator) -> None:
        await moderation.sanctions.withdraw(sanction_id, acting(moderator), clock())

    return api


def record_routes(moderation: Moderation, pool: Pool, clock: Clock) -> APIRouter:
    """What is known of a person, and who looked."""
    api = APIRouter(prefix="/v1/moderation", tags=["moderation"])

    @api.get("/users/{user_id}", responses=refuses(REFUSALS, NotFound))
    async def get_record(user_id: UUID, moderator: Moderator) -> Person:
        row, sanctions = await moderation.record_of(user_id, moderator.user_id, clock())
        known = {name: value for name, value in row.items() if name in Person.model_fields}
        return Person(user_id=user_id, sanctions=[Sanction.of(each) for each in sanctions], **known)

    @api.get("/audit")
    async def audit_log(moderator: Moderator, paging: Paging, about: UUID | None = None) -> Page[AuditEntry]:
        rows = await queries.audited(pool, about, paging.after(tuple[int]), paging.fetch)
        await audit.enter(pool, clock(), Entry("audit_view", moderator.user_id, moderator.user_id, about))
        return paging.page(rows, AuditEntry.of, lambda row: (row["seq"],))

    return api


def acting(moderator: Caller) -> measure.Moderator:
    return measure.Moderator(moderator.user_id, measure.rank(moderator.roles))
