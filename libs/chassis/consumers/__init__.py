"""From Kafka to this service's tables and commands: each event once, in its key's order, nothing lost, nothing stuck.

A batch is taken in one transaction (batch.py). What fails is classified (policy.py) and retried in place; what will
never succeed goes to `<service>.dlq` (dlq.py) and is parked (parked.py) with everything of its key that comes later,
until somebody retries or discards it (replay.py). Too many in a row stop the consumer instead of draining the topic.
"""

from libs.chassis.consumers.consumers import Consumers
from libs.chassis.consumers.handlers import Command, Replica
from libs.chassis.consumers.parked import DeadLetter, Parked
from libs.chassis.consumers.policy import Policy

__all__ = ["Command", "Consumers", "DeadLetter", "Parked", "Policy", "Replica"]
