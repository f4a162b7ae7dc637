"""What is kept from events as tables, and so can be rebuilt from them.

Two kinds, by where the events come from. Whatever has an outside effect (sends, calls, commands) is neither of them:
it is a plain function of a consumer, has no place in these types, and no rebuild can run it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from libs.contracts.cloudevents import Envelope
from libs.eventstore.db import Db
from libs.eventstore.recorded import Recorded
from libs.eventstore.unit import Project


@dataclass(frozen=True, slots=True)
class Table:
    """A table kept from events. Columns not named here are operational: a rebuild neither compares nor writes them.

    Rows are told apart by `key`, which has a unique index. Ids and times come from the events, or two folds would
    differ; what hangs on a row by a foreign key is deleted by name, not by cascade.
    """

    name: str
    key: tuple[str, ...]
    columns: tuple[str, ...] = ()  # besides the key


@dataclass(frozen=True, slots=True)
class Projection:
    """Tables from the service's own events. `apply` writes by unqualified names and reads only these tables."""

    tables: tuple[Table, ...]  # those that others refer to first
    apply: Callable[[Db, Recorded], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Replica:
    """Tables from heard events, whatever order they came in. `apply` writes and reads as a projection's does."""

    tables: tuple[Table, ...]
    apply: Callable[[Db, Envelope], Awaitable[None]]


def project_all(*projections: Projection) -> Project:
    """The projections as the one function the store calls, in this order."""

    async def project(db: Db, recorded: Recorded) -> None:
        for projection in projections:
            await projection.apply(db, recorded)

    return project
