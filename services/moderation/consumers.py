"""Kafka in: who there is and what they may, and who is to be forgotten."""

from libs.chassis.consumers import Consumers
from libs.chassis.erasing import erases
from libs.eventstore.keys import KeyRing
from services.moderation.erasure import Erasure
from services.moderation.replicas import HEARD, OTHERS


def listen(consumers: Consumers, keys: KeyRing, erasure: Erasure) -> None:
    for event in HEARD:
        consumers.replica(event, OTHERS.apply)
    erases(consumers, "moderation", keys, erasure.clear)
