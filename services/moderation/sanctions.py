"""Sanctions as moderators impose, approve and withdraw them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from libs.chassis.problems import FieldError, Invalid
from libs.contracts.vocabulary import ReasonCode, SanctionKind
from libs.eventstore.db import Db, Pool, Record
from libs.eventstore.gone import is_erased
from libs.eventstore.idempotency import resource_id
from libs.eventstore.store import Answer, Once, Store, Unit
from services.moderation.deciders.measure import Measure, Moderator, rank
from services.moderation.deciders.refusals import NotFound
from services.moderation.deciders.safety import SAFETY, Approve, Impose, Withdraw, safety_stream
from services.moderation.filing import KNOWN
from services.moderation.texts import Texts

ROLES = "select role from roles where user_id = $1 and held"
# Locked before the stream is moved, as the timer does: in one order, nobody waits for one another.
LOCK = "select id, user_id from sanctions where id = any($1::uuid[]) order by id for update"
SANCTION = "select * from sanctions where id = $1"
ABOUT_THEM = "select exists (select from reports where id = $1 and reported_user_id = $2)"

CREATED: Final = 201
ACCEPTED: Final = 202


@dataclass(frozen=True, slots=True)
class Order:
    """A sanction as it is asked for. `seconds` None: for good."""

    user_id: UUID
    kind: SanctionKind
    reason_code: ReasonCode
    statement: str
    room_id: UUID | None = None
    seconds: int | None = None
    report_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Stated:
    """A sanction and its reasons; None once the sanction's key is destroyed."""

    row: Record
    statement: str | None


class Sanctions:
    """One stream per person: what stands against them is decided in one order."""

    def __init__(self, store: Store, pool: Pool, texts: Texts) -> None:
        self._store = store
        self._pool = pool
        self._texts = texts

    async def impose(self, order: Order, by: Moderator, at: datetime, once: Once | None = None) -> tuple[UUID, int]:
        """The sanction's id and the status to answer with: 202 where a second moderator has to approve it.

        Raises NotFound, Outranked; Invalid for a report about somebody else.
        """
        sanction_id = resource_id(once)
        told = await self._texts.seal(order.statement, sanction_id, about=sanction_id)
        measure = Measure(
            sanction_id=sanction_id,
            user_id=order.user_id,
            kind=order.kind,
            reason_code=order.reason_code,
            room_id=order.room_id,
            until=at + timedelta(seconds=order.seconds) if order.seconds else None,
            report_id=order.report_id,
        )
        status = ACCEPTED if measure.needs_two else CREATED

        async def work(unit: Unit) -> tuple[UUID, int]:
            if once and (before := await unit.once(once)):
                return UUID(before.resource), before.status
            await _must_fit(unit.db, measure)
            stream = await unit.load(SAFETY, safety_stream(order.user_id))
            command = Impose(measure, told, by, await rank_of(unit.db, order.user_id))
            await unit.append(SAFETY, stream, SAFETY.decide(stream.state, command))
            if once:
                await unit.answer(Answer(status, str(sanction_id)))
            return sanction_id, status

        return await self._store.run(work, at=at)

    async def approve(self, sanction_id: UUID, by: Moderator, at: datetime) -> None:
        """Raises NotFound, SameModerator, Outranked, NotProposed."""
        await self._decide(sanction_id, Approve(sanction_id, by), at)

    async def withdraw(self, sanction_id: UUID, by: Moderator, at: datetime) -> None:
        """Lift it, or take the proposal back; nothing happens where it is over. Raises NotFound, Outranked."""
        await self._decide(sanction_id, Withdraw(sanction_id, by), at)

    async def get(self, sanction_id: UUID) -> Stated:
        """Raises NotFound."""
        row = await self._pool.fetchrow(SANCTION, sanction_id)
        if row is None:
            raise NotFound
        return (await self.stated([row]))[0]

    async def stated(self, rows: Sequence[Record]) -> list[Stated]:
        """Rows of `sanctions` with their reasons opened."""
        return [Stated(row, await self._texts.open(row["statement"], row["id"], about=row["id"])) for row in rows]

    async def _decide(self, sanction_id: UUID, command: Approve | Withdraw, at: datetime) -> None:
        async def work(unit: Unit) -> None:
            locked = await unit.guard(LOCK, [sanction_id])
            if not locked:
                raise NotFound
            user_id = locked[0]["user_id"]
            known = replace(command, target_rank=await rank_of(unit.db, user_id))
            stream = await unit.load(SAFETY, safety_stream(user_id))
            await unit.append(SAFETY, stream, SAFETY.decide(stream.state, known))

        await self._store.run(work, at=at)


async def rank_of(db: Db, user_id: UUID) -> int:
    """How high they stand, by the roles they have now."""
    return rank(row["role"] for row in await db.fetch(ROLES, user_id))


async def _must_fit(db: Db, measure: Measure) -> None:
    """There are such a person and such a room, and the report is about that person."""
    if await is_erased(db, measure.user_id) or not await db.fetchval(KNOWN, measure.user_id, measure.room_id):
        raise NotFound
    if measure.report_id and not await db.fetchval(ABOUT_THEM, measure.report_id, measure.user_id):
        raise Invalid(errors=[FieldError(pointer="#/body/report_id", detail="no report about this person")])
