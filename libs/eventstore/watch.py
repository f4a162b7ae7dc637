"""What a relay tells whoever keeps the metrics."""

from typing import Protocol


class Watch(Protocol):
    """Called often: must be quick and must not raise. Ages and lags are seconds."""

    def leads(self, leads: bool) -> None: ...

    def published(self, events: int, lag: float) -> None:
        """A page arrived; `lag` is from its oldest event's time to the broker's answer."""

    def behind(self, events: int, age: float) -> None:
        """How many positions are still to be published, and how old the first of them is."""

    def hole(self, age: float) -> None:
        """For how long a transaction has been holding everything behind it back."""


class Unwatched:
    """For tests and tools."""

    def leads(self, leads: bool) -> None: ...

    def published(self, events: int, lag: float) -> None: ...

    def behind(self, events: int, age: float) -> None: ...

    def hole(self, age: float) -> None: ...
