"""What to do about a failure: pass by itself, never, or not even an event."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from libs.chassis.logs import where
from libs.chassis.transient import is_transient
from libs.contracts.cloudevents import ContractError
from libs.eventstore.decider import Refused

Kind = Literal["transient", "permanent", "contract"]


@dataclass(frozen=True, slots=True)
class Policy:
    """The numbers. Times are in seconds."""

    batch: int = 500  # records taken together
    linger: float = 0.02  # how long an idle consumer waits between two looks
    attempts: int = 3  # in place, before a record is given up or the batch is put back
    pause: float = 0.1  # before the second attempt; doubles, jittered
    outage_pause: float = 1.0  # before a batch that was put back is taken again
    in_a_row: int = 20  # dead letters without a success between them; one more stops the consumer
    dlq_timeout: float = 10.0  # for the brokers to have a dead letter
    replay_every: float = 1.0  # how often retries that were asked for are looked for

    def pauses(self) -> Iterator[float]:
        """Between the attempts. Jittered, so that those who failed together do not come back together."""
        for attempt in range(self.attempts - 1):
            yield self.pause * 2**attempt * random.uniform(0.5, 1.5)


def kind_of(error: BaseException) -> Kind:
    """Transient: the record is fine, the world is not, so it waits. The others never go away by waiting."""
    if isinstance(error, ContractError):
        return "contract"
    return "transient" if is_transient(error) else "permanent"


def worth_retrying(error: BaseException) -> bool:
    """False where the same answer is certain: bytes do not change, and a rule that said no says it again."""
    return not isinstance(error, ContractError | Refused)


def reason_of(error: BaseException) -> str:
    """For people, and without people's data: exceptions other than our own may quote a row, so only their place."""
    if isinstance(error, ContractError):
        return str(error)
    places = where(error)
    return f"{type(error).__name__} at {places[-1]}" if places else type(error).__name__
