"""What can go wrong in the store.

Refused (decider.py)           a rule says no; deciding again says no again
├── IdempotencyInFlight        the same key is being answered right now
├── IdempotencyMismatch        the same key came before with another request
└── PersonErased               who asks is gone (gone.py)
EventStoreError
├── Conflict                   a race was lost, as often as `Store.run` looks again; the caller may
├── Deposed                    another relay leads: stop writing
├── Unreplayable               the tables cannot be folded from the log: an event in it is damaged or out of place
└── Misuse                     a programming error: fix the caller
"""

from libs.eventstore.decider import Refused


class IdempotencyInFlight(Refused):
    """A request with this Idempotency-Key is still being worked on."""


class IdempotencyMismatch(Refused):
    """This Idempotency-Key was used for another request."""


class EventStoreError(Exception):
    """The root of what the store itself has to say."""


class Conflict(EventStoreError):
    """Somebody else moved the stream on between the look and the append."""


class Deposed(EventStoreError):
    """A newer epoch stands on the cursor row."""


class Unreplayable(EventStoreError):
    """Says which event or hearing, and what kind of failure; never what was in it."""


class Misuse(EventStoreError):
    """The store's rules were not kept."""
