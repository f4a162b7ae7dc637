"""A relay in a process of its own, so that it can be killed or stopped."""

import asyncio
import json
import os
import sys
from dataclasses import asdict, dataclass
from signal import Signals
from typing import Any

from aiokafka import AIOKafkaProducer

from libs.chassis.kafka import Kafka
from libs.eventstore.publisher import DELIVERY
from libs.eventstore.relay import Relay
from tests.faults.naive_relay import NaiveRelay
from tests.libs.eventstore.house import connector
from tests.libs.eventstore.seats import CATALOGUE


@dataclass(frozen=True)
class Orders:
    url: str
    kafka_url: str
    cell: str
    page: int = 50
    naive: str = ""  # "cursor first", "unfenced"; else the relay itself
    signal: str = ""  # what the process does to itself …
    after: int = 0  # … when the broker has acknowledged so often, before anything else happens

    def argv(self) -> list[str]:
        return [sys.executable, "-m", __spec__.name if __spec__ else __name__, json.dumps(asdict(self))]


class Doomed(AIOKafkaProducer):  # type: ignore[misc]
    """Sends a signal to its own process at a chosen acknowledgement."""

    def __init__(self, orders: Orders) -> None:
        super().__init__(**Kafka.parse(orders.kafka_url).options(), **DELIVERY)
        self._orders, self._acknowledged = orders, 0

    async def send_batch(self, *batch: Any, **place: Any) -> Any:
        return self._watched(await super().send_batch(*batch, **place))

    async def send(self, *message: Any, **rest: Any) -> Any:
        return self._watched(await super().send(*message, **rest))

    def _watched(self, sent: Any) -> Any:
        sent.add_done_callback(self._arrived)
        return sent

    def _arrived(self, _: Any) -> None:
        self._acknowledged += 1
        if self._acknowledged == self._orders.after:
            os.kill(os.getpid(), Signals[self._orders.signal])


async def main(orders: Orders) -> None:
    connect = connector(orders.url)
    names: dict[str, Any] = {"cell": orders.cell, "catalogue": CATALOGUE, "page": orders.page}
    relay: Relay | NaiveRelay
    if orders.naive:
        first = orders.naive == "cursor first"
        relay = NaiveRelay(connect, lambda: Doomed(orders), cursor_first=first, **names)
    else:
        relay = Relay(connect, lambda: Doomed(orders), service="rooms", **names)
    await relay.run(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main(Orders(**json.loads(sys.argv[1]))))
