"""What the event store itself must forget about a person, and the fact that its service has forgotten them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from libs.contracts.erasure import ErasureDone
from libs.contracts.event import Event
from libs.contracts.vocabulary import Service
from libs.eventstore import gone
from libs.eventstore.db import Db
from libs.eventstore.decider import Decider
from libs.eventstore.keys import KeyRing

FORGET_ANSWERS = "delete from idempotency where user_id = $1"


async def erase(db: Db, keys: KeyRing, subject: UUID) -> None:
    """Destroy the subject's key, then the traces outside the log. In a transaction; repeatable: if it fails, again.

    The key goes at once and for itself, because no transaction spans both databases: should this one be rolled back,
    the person is as good as erased and the next attempt finds less to do. Personal fields of the subject's events
    read as None from here on (elsewhere within `KeyRing`'s ttl), in the store as in a rebuild.
    """
    await gone.enter(db, subject)
    await keys.destroy(subject)
    await db.execute(FORGET_ANSWERS, subject)


@dataclass(frozen=True, slots=True)
class Person:
    """All that a service other than identity knows in its stream `user-{id}`."""

    erased: bool = False


@dataclass(frozen=True, slots=True)
class Finish:
    """Say that `service` holds nothing of them any more."""

    user_id: UUID
    service: Service


def decide(person: Person, command: Finish) -> Sequence[Event]:
    return [] if person.erased else [ErasureDone(user_id=command.user_id, service=command.service)]


def evolve(person: Person, event: Event) -> Person:
    return Person(erased=True) if isinstance(event, ErasureDone) else person


ERASURE: Final[Decider[Person, Finish]] = Decider("user", Person(), decide, evolve, state_type=Person)


def erasure_stream(user_id: UUID) -> str:
    """As identity names a person's stream: streams are per schema, and the contract says `user`."""
    return f"user-{user_id}"
