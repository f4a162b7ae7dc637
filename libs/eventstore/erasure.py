"""What the event store itself must forget about a person; the service clears its own rows, caches and objects."""

from uuid import UUID

from libs.eventstore.db import Db
from libs.eventstore.keys import KeyRing

FORGET_ANSWERS = "delete from idempotency where user_id = $1"


async def erase(db: Db, keys: KeyRing, subject: UUID) -> None:
    """Destroy the subject's key, then the traces outside the log. Repeatable: until both are done, do it again.

    The key goes first and for itself, because no transaction spans both databases. Personal fields of the subject's
    events read as None from here on (elsewhere within `KeyRing`'s ttl), in the store as in a rebuild.
    """
    await keys.destroy(subject)
    await db.execute(FORGET_ANSWERS, subject)
