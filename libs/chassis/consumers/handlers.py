"""Which events a service listens to, and what it does about them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from libs.chassis.consumers.letter import Letter
from libs.contracts.cloudevents import Envelope
from libs.contracts.event import Event
from libs.eventstore.db import Db
from libs.eventstore.unit import Unit

H = TypeVar("H")

Replica = Callable[[Db, Envelope], Awaitable[None]]
"""Writes what was heard into tables: SQL only, whatever order events of different streams come in."""
Command = Callable[[Unit, Envelope], Awaitable[None]]
"""Decides about what was heard: guards, looks and appends, in a transaction of its own."""


@dataclass(slots=True)
class Handlers:
    """By event name. Where an event has both, the replica goes first, in the command's transaction."""

    replicas: dict[str, Replica] = field(default_factory=dict)
    commands: dict[str, Command] = field(default_factory=dict)

    def add_replica(self, event: type[Event], handler: Replica) -> None:
        _add(self.replicas, event, handler)

    def add_command(self, event: type[Event], handler: Command) -> None:
        _add(self.commands, event, handler)

    @property
    def topics(self) -> list[str]:
        return sorted(self.replicas.keys() | self.commands.keys())

    def together(self, letter: Letter) -> bool:
        """True for what may share a transaction with its neighbours: readable, and without a command."""
        return letter.error is None and letter.topic not in self.commands


def _add(handlers: dict[str, H], event: type[Event], handler: H) -> None:
    if event.TOPIC is None:
        raise ValueError(f"{event.NAME} is not published")
    if event.NAME in handlers:
        raise ValueError(f"{event.NAME} has a handler already")
    handlers[event.NAME] = handler
