"""Seals what happened before a report: at once for the rooms of this node, later for what others were killed over.

Whatever takes long happens in a thread, one report at a time; rooms go on.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from datetime import UTC, datetime
from time import monotonic, time
from typing import Final
from uuid import UUID

import structlog
from prometheus_client import Counter
from redis.asyncio import Redis

from libs.chassis.logs import where
from libs.chassis.transient import is_transient
from libs.contracts.cloudevents import Envelope
from libs.contracts.moderation import ReportUser
from libs.evidence.seal import seal
from libs.evidence.shelf import Shelf
from services.rooms.evidence.document import Document, Due, Kept, Wanted, written
from services.rooms.evidence.positions import needed
from services.rooms.evidence.sealings import RETAINED
from services.rooms.node_door import NodeDoor, NotOwner
from services.rooms.realtime.errands import Errands
from services.rooms.realtime.hall import Hall
from services.rooms.realtime.halls import Halls
from services.rooms.realtime.lease import Lease
from services.rooms.realtime.trail import told, trail
from services.rooms.realtime.witness import Witness, facts_of

TOPICS: Final = (ReportUser.NAME,)
REMEMBERED: Final = 10_000  # reports
SEALED = Counter("virtubar_evidence_sealed", "reports sealed for by this process")
FAILURES = Counter("virtubar_evidence_failures", "attempts to seal that failed; they are made again")
log = structlog.get_logger(__name__)


class Sealer:
    """`seconds` before a report are sealed; the list of what is left to do is looked at `every` so many."""

    def __init__(
        self,
        door: NodeDoor,
        halls: Halls,
        witness: Witness,
        shelf: Shelf,
        redis: Redis,
        lease: Lease,
        errands: Errands,
        *,
        seconds: float,
        every: float,
    ) -> None:
        self._door = door
        self._halls = halls
        self._witness = witness
        self._shelf = shelf
        self._redis = redis
        self._lease = lease
        self._errands = errands
        self._seconds = seconds
        self._every = every
        self._heard: OrderedDict[UUID, None] = OrderedDict()
        self._underway: set[tuple[UUID, UUID]] = set()  # report and room
        self._done: OrderedDict[UUID, None] = OrderedDict()
        self._one_at_a_time = asyncio.Semaphore(1)

    async def hear(self, envelope: Envelope) -> None:
        """A Follower's handler: any report, any number of times."""
        event = envelope.event()
        if not isinstance(event, ReportUser) or event.evidence_key is None or not self._is_news(envelope, event):
            return
        for hall in self._where(event):
            wanted = Wanted(
                event.report_id, hall.room.room_id, event.reported_user_id, envelope.time, event.evidence_key
            )
            kept = self._witness.kept(hall, self._from(wanted))  # now: nobody can shred what is held in hand
            self._errands.go(self._try(wanted, hall.room.fence, kept, self._is_young(hall)))

    async def run(self) -> None:
        """Look for ever at what is left to do."""
        while True:
            await asyncio.sleep(self._every)
            if not self._lease.held(monotonic()):
                continue
            try:
                due = await self._door.seals_due(self._lease.node_id, self._lease.incarnation)
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("sealings put off", error=type(error).__name__)
                continue
            for each in due:
                await self._catch_up(each)

    async def _catch_up(self, due: Due) -> None:
        wanted = due.wanted
        hall = self._halls.by_room.get(wanted.room_id)
        if hall is not None and hall.room.fence == due.fence:
            await self._try(wanted, due.fence, self._witness.kept(hall, self._from(wanted)), self._is_young(hall))
        else:
            await self._try(wanted, due.fence, None, young=True)

    async def _try(self, wanted: Wanted, fence: int | None, kept: Kept | None, young: bool) -> None:
        """Each report once: it is on the list, too, while it waits here for its turn."""
        errand = (wanted.report_id, wanted.room_id)
        if errand in self._underway or wanted.report_id in self._done:
            return
        self._underway.add(errand)
        try:
            async with self._one_at_a_time:
                await self._attempt(wanted, fence, kept, young)
        finally:
            self._underway.discard(errand)

    async def _attempt(self, wanted: Wanted, fence: int | None, kept: Kept | None, young: bool) -> None:
        """What fails here stays on the list."""
        try:
            if young:
                kept = await self._with_the_past(wanted, kept)
            assert kept is not None
            await self._seal(wanted, fence, kept)
        except NotOwner:
            log.info("a report for another owner", report=str(wanted.report_id))
        except Exception as error:
            FAILURES.inc()
            # one report that cannot be sealed must not take a node down, and the next one with it
            say = log.warning if is_transient(error) else log.error
            say("not sealed", error=type(error).__name__, where=where(error), report=str(wanted.report_id))

    async def _seal(self, wanted: Wanted, fence: int | None, kept: Kept) -> None:
        document, sealed = await asyncio.to_thread(_written, wanted, kept, self._seconds)
        if document is None:
            await self._door.nothing_to_seal(wanted.report_id)
            return
        await self._shelf.put(wanted.report_id, document.sha256, sealed)
        at = datetime.now(UTC)
        if await self._door.sealed(wanted, document, at, self._lease.node_id, fence):
            SEALED.inc()
        _remember(self._done, wanted.report_id)

    async def _with_the_past(self, wanted: Wanted, kept: Kept | None) -> Kept:
        """Besides, what the owners before have left in Redis. Raises what Redis raises."""
        since, samples = self._from(wanted), await trail(self._redis, wanted.room_id)
        if kept is not None:
            both = {sample.at: sample for sample in (*samples, *kept.samples)}
            return Kept(kept.since, kept.facts, needed([both[at] for at in sorted(both)], since))
        entries = await told(self._redis, wanted.room_id)
        begins = min((entry.at for entry in entries), default=int(time() * 1000))
        return Kept(begins, facts_of(entry for entry in entries if entry.at >= since), needed(samples, since))

    def _where(self, event: ReportUser) -> Iterable[Hall]:
        """The room that was named, or the one where the reported person sits; none unless it is ours at this moment."""
        if not self._lease.held(monotonic()):
            return []
        if event.room_id is None:
            return [hall for hall, _ in self._halls.of_user(event.reported_user_id)]
        hall = self._halls.by_room.get(event.room_id)
        return [hall] if hall else []

    def _is_news(self, envelope: Envelope, event: ReportUser) -> bool:
        if event.report_id in self._heard or datetime.now(UTC) - envelope.time > RETAINED:
            return False
        _remember(self._heard, event.report_id)
        return True

    def _is_young(self, hall: Hall) -> bool:
        """It may have been another node's within what is to be sealed."""
        return monotonic() - hall.opened < self._seconds + RETAINED.total_seconds()

    def _from(self, wanted: Wanted) -> int:
        return int((wanted.at.timestamp() - self._seconds) * 1000)


def _remember(reports: OrderedDict[UUID, None], report: UUID) -> None:
    reports[report] = None
    if len(reports) > REMEMBERED:
        reports.popitem(last=False)


def _written(wanted: Wanted, kept: Kept, seconds: float) -> tuple[Document | None, bytes]:
    document = written(wanted, kept, seconds)
    return document, seal(document.data, wanted.key, wanted.report_id) if document else b""
