"""Forgetting a person: asked for here, done by every service, watched until the last of them has answered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

import structlog
from asyncpg import Record
from prometheus_client import Gauge

from libs.contracts.cloudevents import Envelope
from libs.contracts.erasure import ErasureDone
from libs.contracts.vocabulary import SERVICES, Service
from libs.eventstore.db import Db, Pool
from libs.eventstore.decider import Refused
from libs.eventstore.projections import Replica, Table
from libs.eventstore.store import Store, Unit
from services.identity import banlist, codes
from services.identity.accounts import hold
from services.identity.commands import Delete
from services.identity.decider import USER, NotFound, Suspended, stream_of
from services.identity.families import FORGET
from services.identity.pepper import Pepper

Progress = Literal["pending", "done"]

EMAIL = "select email from users where id = $1 and email is not null"
RECEIPT = "select receipt from erasures where user_id = $1"
ANSWERED = """
select array(select service from erasure_answers a where a.user_id = e.user_id) as answered
from erasures e where receipt = $1"""
ANSWER = """
insert into erasure_answers as a (user_id, service, answered_at) values ($1, $2, $3)
on conflict (user_id, service) do update set answered_at = least(a.answered_at, excluded.answered_at)"""
OVERDUE = """
select receipt, requested_at, array(select service from unnest($2::text[]) as service where not exists (
    select from erasure_answers a where a.user_id = e.user_id and a.service = service.service)) as missing
from erasures e where requested_at < $1
  and (select count(*) from erasure_answers a where a.user_id = e.user_id) < cardinality($2::text[])
order by requested_at"""

OVERDUE_NOW = Gauge("virtubar_erasures_overdue", "erasures some service has not answered within the deadline")
log = structlog.get_logger(__name__)


class Reauthenticate(Refused):
    """Sign in again first: this login is too old for that."""


async def answered(db: Db, envelope: Envelope) -> None:
    match envelope.event():
        case ErasureDone(user_id=user, service=service):
            await db.execute(ANSWER, user, service, envelope.time)


ANSWERS: Final = Replica((Table("erasure_answers", ("user_id", "service"), ("answered_at",)),), answered)
"""From every service's `erasure_done`, identity's own among them: it comes back as the others come."""


@dataclass(frozen=True, slots=True)
class Erasures:
    """`fresh`: how old a login may be that asks; `deadline`: how long services may take."""

    pool: Pool
    store: Store
    pepper: Pepper
    fresh: timedelta
    deadline: timedelta
    now: Callable[[], datetime]

    async def begin(self, user_id: UUID, signed_in_at: datetime) -> UUID:
        """The receipt; the same one for whoever asks twice. The account is closed and its rows cleared at once.

        Raises Reauthenticate, NotFound.
        """
        at = self.now()
        if at - signed_in_at > self.fresh:
            raise Reauthenticate

        async def work(unit: Unit) -> UUID:
            await hold(unit, user_id)
            stream = await unit.load(USER, stream_of(user_id))
            events = USER.decide(stream.state, Delete(user_id))
            if isinstance(stream.state, Suspended):
                await banlist.put(unit.db, self.pepper, user_id, stream.state.sanctions)
            if email := await unit.db.fetchval(EMAIL, user_id):
                await unit.db.execute(codes.FORGET, codes.address_mark(self.pepper, email))
            await unit.db.execute(FORGET, user_id)
            await unit.append(USER, stream, events)
            receipt: UUID = await unit.db.fetchval(RECEIPT, user_id)
            return receipt

        return await self.store.run(work, at=at)

    async def progress(self, receipt: UUID) -> Mapping[Service, Progress]:
        """Of every service. Raises NotFound."""
        row = await self.pool.fetchrow(ANSWERED, receipt)
        if row is None:
            raise NotFound
        return {service: "done" if service in row["answered"] else "pending" for service in SERVICES}

    async def watch(self) -> list[Record]:
        """Measure and log what takes too long: receipts with the services that are missing."""
        overdue = await self.pool.fetch(OVERDUE, self.now() - self.deadline, SERVICES)
        OVERDUE_NOW.set(len(overdue))
        for each in overdue:
            log.error("erasure overdue", receipt=str(each["receipt"]), missing=each["missing"])
        return overdue
