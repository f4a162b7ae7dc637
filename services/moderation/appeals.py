"""Appeals as people file them and as moderators judge them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from libs.eventstore.db import Pool, Record
from libs.eventstore.gone import must_be_here
from libs.eventstore.store import Store, Unit
from services.moderation import audit
from services.moderation.audit import Entry
from services.moderation.deciders.appeal import Appeal, Judge
from services.moderation.deciders.measure import Moderator
from services.moderation.deciders.refusals import NotFound
from services.moderation.deciders.safety import SAFETY, safety_stream
from services.moderation.queries import Place
from services.moderation.sanctions import Stated, rank_of
from services.moderation.texts import Texts

# Locked before the stream is moved, as everything about a sanction is.
LOCK = "select id, user_id, imposed_at, state from sanctions where id = any($1::uuid[]) order by id for update"
SANCTION_OF = "select sanction_id from appeals where id = $1"
APPEALS = """
select a.id, a.sanction_id, a.user_id, a.text, a.state, a.opened_at, a.decided_by_user_id, a.decided_at,
  a.statement as answer, s.kind, s.room_id, s.reason_code, s.statement as reasons, s.state as sanction_state,
  s.imposed_at, s.until, s.by_user_id, s.approved_by_user_id, s.report_id
from appeals a join sanctions s on s.id = a.sanction_id
"""
OPEN = f"""{APPEALS}
where a.state = 'open' and a.user_id <> $1 and ($2::timestamptz is null or (a.opened_at, a.id) > ($2, $3))
order by a.opened_at, a.id limit $4
"""
ONE = f"{APPEALS} where a.id = $1"
LIFTED = ("withdrawn", "appeal")


@dataclass(frozen=True, slots=True)
class AppealFile:
    """An appeal with its sanction, its texts opened; None where the key of one has been destroyed."""

    row: Record
    text: str | None
    reasons: str | None
    answer: str | None


@dataclass(frozen=True, slots=True)
class Told:
    """A sanction as its person is told of it, and the answer to their appeal; None where there is none, or its key."""

    stated: Stated
    answer: str | None


class Appeals:
    def __init__(self, store: Store, pool: Pool, texts: Texts) -> None:
        self._store = store
        self._pool = pool
        self._texts = texts

    async def open(self, sanction_id: UUID, user_id: UUID, text: str, at: datetime) -> UUID:
        """The new appeal's id. Raises NotFound, AppealExists, AppealWindow; PersonErased."""
        appeal_id = uuid4()
        told = await self._texts.seal(text, sanction_id, user_id, about=appeal_id)

        async def work(unit: Unit) -> None:
            await must_be_here(unit.db, user_id)
            rows = await unit.guard(LOCK, [sanction_id])
            if not rows:
                raise NotFound
            stream = await unit.load(SAFETY, safety_stream(user_id))
            lifted = rows[0]["state"] in LIFTED
            command = Appeal(appeal_id, sanction_id, user_id, told, at, rows[0]["imposed_at"], lifted)
            await unit.append(SAFETY, stream, SAFETY.decide(stream.state, command))

        await self._store.run(work, at=at)
        return appeal_id

    async def judge(self, appeal_id: UUID, by: Moderator, at: datetime, *, upheld: bool, statement: str) -> None:
        """Raises NotFound, also for whoever appeals, Outranked, SameModerator, AppealDecided."""
        sanction_id = await self._pool.fetchval(SANCTION_OF, appeal_id)
        if sanction_id is None:
            raise NotFound
        told = await self._texts.seal(statement, sanction_id, about=appeal_id)

        async def work(unit: Unit) -> None:
            (row,) = await unit.guard(LOCK, [sanction_id])
            command = Judge(appeal_id, by, upheld, told, await rank_of(unit.db, row["user_id"]))
            stream = await unit.load(SAFETY, safety_stream(row["user_id"]))
            await unit.append(SAFETY, stream, SAFETY.decide(stream.state, command))

        await self._store.run(work, at=at)

    async def waiting(self, asking: UUID, after: Place | None, limit: int, at: datetime) -> Sequence[AppealFile]:
        """Those nobody has judged, oldest first, and an entry that somebody looked; not the asker's own."""
        rows = await self._pool.fetch(OPEN, asking, *(after or (None, None)), limit)
        await audit.enter(self._pool, at, Entry("appeal_view", asking, asking))
        return [await self._opened(row) for row in rows]

    async def view(self, appeal_id: UUID) -> AppealFile:
        """As whoever has just judged it sees it. Raises NotFound."""
        row = await self._pool.fetchrow(ONE, appeal_id)
        if row is None:
            raise NotFound
        return await self._opened(row)

    async def told(self, stated: Stated) -> Told:
        """Of a sanction whose row has `appeal_id` and `answer`."""
        row = stated.row
        if row["answer"] is None:
            return Told(stated, None)
        return Told(stated, await self._texts.open(row["answer"], row["id"], about=row["appeal_id"]))

    async def _opened(self, row: Record) -> AppealFile:
        sanction, user = row["sanction_id"], row["user_id"]
        return AppealFile(
            row,
            await self._texts.open(row["text"], user, sanction, about=row["id"]),
            await self._texts.open(row["reasons"], sanction, about=sanction),
            await self._texts.open(row["answer"], sanction, about=row["id"]),
        )
