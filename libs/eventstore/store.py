"""The store: one transaction from a command to its events, its tables and its answer."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

from asyncpg import DeadlockDetectedError, SerializationError

from libs.contracts.catalogue import EVENTS
from libs.contracts.event import Event
from libs.eventstore.db import Pool
from libs.eventstore.decider import Decider
from libs.eventstore.errors import Conflict
from libs.eventstore.idempotency import Answer, Once
from libs.eventstore.keys import Cipher
from libs.eventstore.meta import Meta
from libs.eventstore.recorded import Reader, Recorded
from libs.eventstore.unit import Project, Stream, Unit

__all__ = ["Answer", "Guard", "Meta", "Once", "Outcome", "Project", "Recorded", "Store", "Stream", "Unit"]

S = TypeVar("S")
C = TypeVar("C")
T = TypeVar("T")

ATTEMPTS = 10
TRANSACTION_LIMIT = 5.0  # seconds; what holds guards and a hole in the log for longer is given up
LOST_RACES = (Conflict, DeadlockDetectedError, SerializationError)

Guard = tuple[str, Iterable[UUID | str]]
"""A `select ... = any($1) order by ... for update` and the ids it locks."""


@dataclass(frozen=True, slots=True)
class Outcome(Generic[S]):
    """What came of a command: nothing recorded means it was already so. `answer` only where `once` was given."""

    stream: Stream[S]
    recorded: Sequence[Recorded] = ()
    answer: Answer | None = None
    repeated: bool = False  # the answer is the first request's; nothing was decided


class Store:
    """`project` runs in the append's transaction; `wake` is called after each commit that recorded something."""

    def __init__(
        self,
        pool: Pool,
        *,
        cipher: Cipher,
        project: Project,
        wake: Callable[[], None] = lambda: None,
        catalogue: Mapping[str, type[Event]] = EVENTS,
        limit: float = TRANSACTION_LIMIT,
    ) -> None:
        self._pool = pool
        self._limit = limit
        self._project = project
        self._wake = wake
        self._reader = Reader(cipher, catalogue)

    async def run(self, work: Callable[[Unit], Awaitable[T]], *, at: datetime) -> T:
        """Do `work` in one transaction; on a lost race look again and decide again, so it must be repeatable.

        Raises what `work` raises (the transaction is rolled back), Conflict after ten lost races, TimeoutError when
        one attempt takes longer than `limit` seconds.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await self._attempt(work, at)
            except LOST_RACES as lost:
                if attempt == ATTEMPTS:
                    raise (lost if isinstance(lost, Conflict) else Conflict(str(lost))) from lost
                await asyncio.sleep(random.uniform(0, min(0.2, 0.004 * 2**attempt)))
        raise AssertionError("unreachable")

    async def execute(
        self,
        decider: Decider[S, C],
        stream_id: str,
        command: C,
        *,
        at: datetime,
        guards: Sequence[Guard] = (),
        once: Once | None = None,
        answer: Callable[[S], Answer] | None = None,
        meta: Meta | None = None,
    ) -> Outcome[S]:
        """The plain case: guard, look, decide, append. Raises what the decider refuses with, and what `run` raises.

        `answer` says, from the state afterwards, what a repeat of `once` is to be told.
        """

        async def work(unit: Unit) -> Outcome[S]:
            if once and (before := await unit.once(once)):
                return Outcome(await unit.load(decider, stream_id), answer=before, repeated=True)
            for sql, ids in guards:
                await unit.guard(sql, ids)
            stream = await unit.load(decider, stream_id)
            stream = await unit.append(decider, stream, decider.decide(stream.state, command), meta)
            told = await unit.answer(answer(stream.state)) if once and answer else None
            return Outcome(stream, unit.recorded, told)

        return await self.run(work, at=at)

    async def _attempt(self, work: Callable[[Unit], Awaitable[T]], at: datetime) -> T:
        async with self._pool.acquire() as db, asyncio.timeout(self._limit), db.transaction():
            unit = Unit(db, at, self._project, self._reader)
            done = await work(unit)
        if unit.recorded:
            self._wake()
        return done
