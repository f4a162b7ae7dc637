"""How accounts stand, heard from identity, in a service's own table `standings`: whoever is suspended is not there.

    for event in HEARD:
        consumers.replica(event, STANDINGS.apply)

The row of an erased person goes with `user_delete`, and none comes back.
"""

from typing import Final
from uuid import UUID

from libs.contracts.cloudevents import Envelope
from libs.contracts.event import Event
from libs.contracts.identity import UserDelete, UserReinstate, UserSuspend
from libs.eventstore import gone
from libs.eventstore.db import Db, Pool
from libs.eventstore.projections import Replica, Table
from libs.safety.pairs import place_of

HEARD: Final[tuple[type[Event], ...]] = (UserSuspend, UserReinstate, UserDelete)

# Suspensions and their ends come by two topics: what stands later in the user's stream counts.
STAND = """
insert into standings as s (user_id, suspended, place) values ($1, $2, $3)
on conflict (user_id) do update set suspended = excluded.suspended, place = excluded.place
where excluded.place > s.place
"""
FORGET = "delete from standings where user_id = $1"
SUSPENDED = "select exists (select from standings where user_id = $1 and suspended)"


async def is_suspended(db: "Db | Pool", user: UUID) -> bool:
    """At this moment, as far as has been heard."""
    return bool(await db.fetchval(SUSPENDED, user))


async def apply(db: Db, envelope: Envelope) -> None:
    """Any order, any number of times. What is heard about an erased person is left out."""
    user = envelope.subject
    if envelope.name == UserDelete.NAME:
        await gone.enter(db, user)  # or a row that is just being written would stay
        await db.execute(FORGET, user)
    elif envelope.name in (UserSuspend.NAME, UserReinstate.NAME) and not await gone.is_erased(db, user):
        await db.execute(STAND, user, envelope.name == UserSuspend.NAME, place_of(envelope))


STANDINGS: Final = Replica(tables=(Table("standings", ("user_id",), ("suspended", "place")),), apply=apply)
