"""How accounts stand, heard from identity: whoever is suspended is not there for others."""

from typing import Final

from libs.contracts.cloudevents import Envelope
from libs.contracts.event import Event
from libs.contracts.identity import UserReinstate, UserSuspend
from libs.eventstore.db import Db
from libs.eventstore.projections import Replica, Table
from libs.safety.pairs import place_of

HEARD: Final[tuple[type[Event], ...]] = (UserSuspend, UserReinstate)

# Suspensions and their ends come by two topics: what stands later in the user's stream counts.
STAND = """
insert into standings as s (user_id, suspended, place) values ($1, $2, $3)
on conflict (user_id) do update set suspended = excluded.suspended, place = excluded.place
where excluded.place > s.place
"""


async def apply(db: Db, envelope: Envelope) -> None:
    if envelope.name in (UserSuspend.NAME, UserReinstate.NAME):  # a rebuild shows everything that was heard
        await db.execute(STAND, envelope.subject, envelope.name == UserSuspend.NAME, place_of(envelope))


STANDINGS: Final = Replica(tables=(Table("standings", ("user_id",), ("suspended", "place")),), apply=apply)
