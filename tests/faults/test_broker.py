"""Fault 8: the broker dies, or falls silent for longer than the producer waits. Commits go on, everything arrives."""

import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial

import pytest

from deploy.native.kafka import Kafka
from deploy.native.part import launch, wait_ready
from deploy.native.process import Started, stop
from tests.faults.load import LONG, Effort
from tests.libs.eventstore.house import House
from tests.libs.eventstore.outlet import Outlet, outlet_of, running
from tests.libs.eventstore.test_relay import Watching
from tests.libs.eventstore.topics import producer
from tests.stack import session_folder
from tests.waiting import until


@dataclass
class Mortal:
    """A broker of its own, which may be killed and stopped."""

    part: Kafka
    started: Started

    async def kill(self) -> None:
        self.started.kill()
        await until(lambda: self.started.poll() is not None)

    async def rise(self) -> None:
        self.started = launch(self.part, self.part.folder.log("kafka"))
        await wait_ready(self.part, self.started, self.part.folder.log("kafka"))


@pytest.fixture
async def mortal() -> AsyncIterator[Mortal]:
    with session_folder() as folder:
        ports = folder.ports(["kafka", "kafka-controller"])
        part = Kafka(folder, ports["kafka"], ports["kafka-controller"])
        broker = Mortal(part, launch(part, folder.log("kafka")))
        try:
            await wait_ready(part, broker.started, folder.log("kafka"))
            yield broker
        finally:
            broker.started.send_signal(signal.SIGCONT)
            await stop(broker.started)


async def test_a_relay_stops_though_the_broker_is_away(house: House, mortal: Mortal) -> None:
    outlet, watching = await outlet_of(house, mortal.part.url()), Watching()
    await mortal.kill()
    async with running(outlet.relay(watch=watching)):
        await outlet.some_evenings(1)
        await until(lambda: watching.terms)


async def told_in_the_end(outlet: Outlet, watching: Watching, terms: int) -> None:
    await until(outlet.caught_up, within=90)
    told = await outlet.verdict()
    assert told.clean, str(told)
    assert watching.terms > terms, "nothing went wrong, so nothing was proved"


async def test_everything_arrives_when_a_killed_broker_is_back(house: House, mortal: Mortal, effort: Effort) -> None:
    outlet, watching = await outlet_of(house, mortal.part.url()), Watching()
    make = partial(producer, mortal.part.url(), request_timeout_ms=2000)
    async with running(outlet.relay(watch=watching, page=20, patience=4, producer=make)):
        for terms in range(effort.times // 2):
            await outlet.some_evenings(20)
            await mortal.kill()
            await outlet.some_evenings(20)
            await until(lambda: watching.left >= 20)
            await mortal.rise()
            await outlet.some_evenings(20)
            await told_in_the_end(outlet, watching, terms)


@pytest.mark.skipif(not LONG, reason="part of the long form")
async def test_everything_arrives_when_a_silent_broker_speaks_again(house: House, mortal: Mortal) -> None:
    outlet, watching = await outlet_of(house, mortal.part.url()), Watching()
    make = partial(producer, mortal.part.url(), request_timeout_ms=1000)
    async with running(outlet.relay(watch=watching, page=20, patience=4, producer=make)):
        for terms in range(3):
            await outlet.some_evenings(5)
            await until(outlet.caught_up)
            mortal.started.send_signal(signal.SIGSTOP)
            await outlet.some_evenings(20)
            await until(lambda terms=terms: watching.terms > terms + 1)  # type: ignore[misc]
            mortal.started.send_signal(signal.SIGCONT)
            await outlet.some_evenings(5)
            await told_in_the_end(outlet, watching, terms)
