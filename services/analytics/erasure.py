"""Forgetting a person: the way from the lake's pseudonym back to them is destroyed, and the fact is told, at once."""

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from libs.eventstore.erasure import ERASURE, Finish, erasure_stream
from libs.eventstore.gone import erase
from libs.eventstore.keys import KeyRing
from libs.eventstore.store import Store, Unit
from services.analytics.pseudonyms import FORGET

SERVICE: Final = "analytics"


class Erasure:
    """By the sink, which hears `user_delete` with everything else. One transaction per person; repeatable."""

    def __init__(self, store: Store, keys: KeyRing) -> None:
        self._store, self._keys = store, keys

    async def forget(self, users: Collection[str], at: datetime) -> None:
        """Their past rows stay, about nobody in particular; later ones hold null. Sorted, against deadlocks."""
        for user in sorted(set(users)):
            await self._forget(UUID(user), at)

    async def _forget(self, user_id: UUID, at: datetime) -> None:
        async def work(unit: Unit) -> None:
            await erase(unit.db, self._keys, user_id)
            await unit.db.execute(FORGET, [str(user_id)], at)
            stream = await unit.load(ERASURE, erasure_stream(user_id))
            await unit.append(ERASURE, stream, ERASURE.decide(stream.state, Finish(user_id, SERVICE)))

        await self._store.run(work, at=at)
