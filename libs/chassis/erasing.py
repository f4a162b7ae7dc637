"""Erasing a person from a service: what every service does alike when it hears `user_delete`.

    erases(bar.consumers, "social", bar.keys, clear)

    async def clear(unit: Unit, user_id: UUID) -> None:
        '''What this service alone knows how to forget.'''

In one transaction, so that either all of it is done or the event comes again:

1. Whoever is just writing about the person finishes; whoever comes later is refused (`gone.must_be_here`, and every
   request with an Idempotency-Key) or finds them gone (`gone.is_erased`).
2. Their key is destroyed, and stays destroyed though the rest should fail.
3. Their remembered answers, with the keys their clients chose, are deleted.
4. `clear`: guards first, then events and rows. What lies outside of Postgres (caches, objects) is deleted here too,
   and a second time where the transaction has to be repeated.
5. `erasure_done`, which a projection may react to: rows that a rebuild would make are deleted there and not in
   `clear`, or the rebuild makes them again. A `Replica` does so on `user_delete`.

What was heard about the person stays, and so do parked records: they hold ids and words of closed lists, as topics do.
"""

from collections.abc import Awaitable, Callable
from uuid import UUID

from libs.chassis.consumers import Consumers
from libs.contracts.cloudevents import Envelope
from libs.contracts.identity import UserDelete
from libs.contracts.vocabulary import Service
from libs.eventstore.erasure import ERASURE, Finish, erasure_stream
from libs.eventstore.gone import erase
from libs.eventstore.keys import KeyRing
from libs.eventstore.meta import Meta
from libs.eventstore.unit import Unit

Clear = Callable[[Unit, UUID], Awaitable[None]]


def erases(consumers: Consumers, service: Service, keys: KeyRing, clear: Clear) -> None:
    """Answer `user_delete` with `erasure_done`. What `clear` appends is caused by the one, too."""

    async def on_user_delete(unit: Unit, envelope: Envelope) -> None:
        user_id = envelope.subject
        unit.meta = Meta.caused_by(envelope)
        await erase(unit.db, keys, user_id)
        await clear(unit, user_id)
        stream = await unit.load(ERASURE, erasure_stream(user_id))
        await unit.append(ERASURE, stream, ERASURE.decide(stream.state, Finish(user_id, service)))

    consumers.command(UserDelete, on_user_delete)
