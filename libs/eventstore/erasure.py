"""The fact that a service has forgotten somebody. Pure; what the store forgets is in gone.py."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from libs.contracts.erasure import ErasureDone
from libs.contracts.event import Event
from libs.contracts.vocabulary import Service
from libs.eventstore.decider import Decider


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
