"""The emotes people have, bought or given: a replica of what inventory tells. Nothing once had is ever taken away."""

from typing import Final

from libs.contracts.cloudevents import Envelope
from libs.contracts.event import Event
from libs.contracts.identity import UserDelete
from libs.contracts.inventory import ItemAcquire
from libs.eventstore import gone
from libs.eventstore.db import Db
from libs.eventstore.projections import Replica, Table

HEARD: Final[tuple[type[Event], ...]] = (ItemAcquire, UserDelete)

HAVE = "insert into owned_emotes (user_id, sku) values ($1, $2) on conflict do nothing"
FORGET = "delete from owned_emotes where user_id = $1"
EMOTES: Final = "array(select e.sku from owned_emotes e where e.user_id = s.user_id)"
"""Of whoever has a seat `s`."""


async def apply(db: Db, envelope: Envelope) -> None:
    """Any order, any number of times. What is heard about an erased person is left out."""
    match envelope.event():
        case ItemAcquire(user_id=user, sku=sku, type="emote"):
            if not await gone.is_erased(db, user):
                await db.execute(HAVE, user, sku)
        case UserDelete(user_id=user):
            await gone.enter(db, user)  # or a row that is just being written would stay
            await db.execute(FORGET, user)


BELONGINGS: Final = Replica(tables=(Table("owned_emotes", ("user_id", "sku"), ()),), apply=apply)
