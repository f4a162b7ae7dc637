"""Who is not here to be given anything: suspended people, as identity told it last."""

from typing import Final
from uuid import UUID

from libs.contracts.cloudevents import Envelope
from libs.contracts.identity import UserDelete, UserReinstate, UserSuspend
from libs.eventstore import gone
from libs.eventstore.db import Db
from libs.eventstore.projections import Replica, Table
from libs.safety.pairs import place_of
from libs.safety.relation import GOOD, Standing

# The two come by topics of their own: what is further on in the person's stream counts, whatever came last.
SUSPEND = """
insert into suspensions as s (user_id, suspended, version) values ($1, $2, $3)
on conflict (user_id) do update set suspended = excluded.suspended, version = excluded.version
where s.version < excluded.version
"""
FORGET = "delete from suspensions where user_id = $1"
SUSPENDED = "select suspended from suspensions where user_id = $1"


async def standing(db: Db, user_id: UUID) -> Standing:
    """How somebody who has a wallet stands with the house."""
    return Standing(barred=True) if await db.fetchval(SUSPENDED, user_id) else GOOD


async def apply(db: Db, envelope: Envelope) -> None:
    """Any order, any number of times."""
    match envelope.event():
        case UserSuspend(user_id=user):
            await _say(db, user, True, envelope)
        case UserReinstate(user_id=user):
            await _say(db, user, False, envelope)
        case UserDelete(user_id=user):
            await gone.enter(db, user)  # or a row that is just being written would stay
            await db.execute(FORGET, user)
        case _:
            pass


async def _say(db: Db, user: UUID, suspended: bool, envelope: Envelope) -> None:
    if not await gone.is_erased(db, user):
        await db.execute(SUSPEND, user, suspended, place_of(envelope))


SUSPENSIONS: Final = Replica(tables=(Table("suspensions", ("user_id",), ("suspended", "version")),), apply=apply)
