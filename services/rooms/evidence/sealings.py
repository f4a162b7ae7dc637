"""What is still to be sealed, and the one door by which it is: a list in Postgres that no death of a node shortens.

A node hears of reports itself and is done before anybody looks here. What it was killed in the middle of is found here
by the room's next owner, or by any node where the room has none.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from libs.contracts.cloudevents import Envelope
from libs.contracts.moderation import ReportUser
from libs.eventstore.db import Pool
from libs.eventstore.store import Store, Unit
from services.rooms.deciders.evidence import EVIDENCE, Seal, evidence_stream
from services.rooms.evidence.document import Document, Due, Wanted
from services.rooms.guards import lock
from services.rooms.node_door import NotOwner

RETAINED: Final = timedelta(minutes=10)
"""What is older than that nobody knows any more."""

SITS_IN: Final = "select room_id from seats where user_id = $1 and state = 'seated'"
WANT: Final = """
insert into sealings (report_id, room_id, reported_user_id, evidence_key, wanted_at) values ($1, $2, $3, $4, $5)
on conflict do nothing
"""
# An owner's at once; what has no live owner after `wait`, by whoever comes first, for `lease`.
DUE: Final = """
with due as (
  select s.report_id, case when g.owner_node = $1 and g.owner_incarnation = $2 then g.fence end as fence
  from sealings s join room_guards g on g.room_id = s.room_id
  left join nodes n on n.node_id = g.owner_node and n.incarnation = g.owner_incarnation
    and n.lease_until > clock_timestamp()
  where (s.taken_until is null or s.taken_until < clock_timestamp())
    and (g.owner_node = $1 and g.owner_incarnation = $2
      or n.node_id is null and s.heard_at < clock_timestamp() - $3::interval)
  order by s.report_id limit 10 for update of s skip locked
)
update sealings s set taken_until = clock_timestamp() + $4::interval from due where s.report_id = due.report_id
returning s.report_id, s.room_id, s.reported_user_id, s.wanted_at, s.evidence_key, due.fence
"""
# Sealed while it was written down; or so long ago that nobody knows anything any more.
TIDY: Final = """
delete from sealings s where s.heard_at < clock_timestamp() - $1::interval
  or exists (select from streams e where e.stream_id = 'evidence-' || s.report_id)
"""
DONE: Final = "delete from sealings where report_id = $1"

ORPHANED: Final = timedelta(seconds=3)  # a room without an owner is likely to have one soon
TAKEN: Final = timedelta(seconds=20)


async def on_report_user(unit: Unit, envelope: Envelope) -> None:
    """Write down what is to be sealed: of the room that was named, or of the one where the reported person sits."""
    match envelope.event():
        case ReportUser(report_id=report, reported_user_id=reported, room_id=room, evidence_key=str() as key):
            room = room or await unit.db.fetchval(SITS_IN, reported)
            evidence = await unit.load(EVIDENCE, evidence_stream(report))
            if room and evidence.state.sha256 is None and unit.at - envelope.time < RETAINED:
                await unit.db.execute(WANT, report, room, reported, key, envelope.time)


class Sealings:
    def __init__(self, store: Store, pool: Pool) -> None:
        self._store = store
        self._pool = pool

    async def due(self, node_id: str, incarnation: int) -> Sequence[Due]:
        """What this node should seal now; nobody else is given it for a while."""
        await self._pool.execute(TIDY, RETAINED)
        rows = await self._pool.fetch(DUE, node_id, incarnation, ORPHANED, TAKEN)
        return [Due(Wanted(*row[:5]), row["fence"]) for row in rows]

    async def sealed(self, wanted: Wanted, document: Document, at: datetime, node_id: str, fence: int | None) -> bool:
        """It lies on the shelf: say so (`evidence_seal`). False where that was said before.

        Raises NotOwner where `fence` is not that of this node's room, or None and the room has a live owner.
        """

        async def work(unit: Unit) -> bool:
            guard = (await lock(unit, [wanted.room_id]))[wanted.room_id]
            if guard.owner_url is not None if fence is None else not guard.owned_by(node_id, fence):
                raise NotOwner
            stream = await unit.load(EVIDENCE, evidence_stream(wanted.report_id))
            command = Seal(wanted.report_id, wanted.room_id, document.sha256, document.begins, wanted.at)
            events = EVIDENCE.decide(stream.state, command)
            await unit.append(EVIDENCE, stream, events)
            await unit.db.execute(DONE, wanted.report_id)
            return bool(events)

        return await self._store.run(work, at=at)

    async def nothing(self, report_id: UUID) -> None:
        """There is nothing to seal: whoever was reported was not seen there."""
        await self._pool.execute(DONE, report_id)
