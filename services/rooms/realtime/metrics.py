"""The node's figures for /metrics, read when asked for: the hot path counts plain integers."""

from collections.abc import Iterator
from time import monotonic, process_time

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from services.rooms.realtime.crowd import Crowd
from services.rooms.realtime.limits import Limits
from services.rooms.realtime.node import Node
from services.rooms.realtime.presence import Presence
from services.rooms.realtime.reconciler import KINDS


class Figures(Collector):
    """Registered while the node runs."""

    def __init__(self, node: Node, crowd: Crowd, presence: Presence, limits: Limits) -> None:
        self._node, self._crowd = node, crowd
        self._presence, self._limits = presence, limits

    def collect(self) -> Iterator[Metric]:
        halls = self._node.halls.by_room.values()
        members = [member for hall in halls for member in hall.room.members.values()]
        gauges = {
            "connections": ("accepted TCP connections", len(self._crowd)),
            "connections_silent": ("connections that have not said hello", self._crowd.silent),
            "sockets": ("open sockets", len(self._node.sockets)),
            "rooms": ("rooms this node holds", len(halls)),
            "members": ("people with a seat in them", len(members)),
            "away": ("of those, out of view", sum(member.away for member in members)),
            "lease_held": ("1 while the node's lease runs", int(self._node.lease.held(monotonic()))),
        }
        counters = {
            "frames_dropped": ("stale transforms not sent to slow readers", self._node.dropped),
            "ticks_without_lease": ("ticks skipped for want of a lease", self._node.late),
            "presence_failures": ("batches Redis did not take", self._presence.failures),
            "limits_failures": ("batches of counts Redis did not take", self._limits.failures),
        }
        if lanes := self._node.halls.lanes:
            counters["lane_failures"] = ("batches of what rooms were told that Redis did not take", lanes.failures)
            counters["lane_restarts"] = ("lanes gone from Redis, begun under a new epoch", lanes.restarts)
        node = self._node.lease.node_id
        for kind, figures in ((GaugeMetricFamily, gauges), (CounterMetricFamily, counters)):
            for name, (what, value) in figures.items():
                family = kind(f"virtubar_realtime_{name}", what, labels=["node"])
                family.add_metric([node], value)
                yield family
        closed = CounterMetricFamily("virtubar_realtime_closed", "sockets closed, by code", labels=["node", "code"])
        for code, times in self._node.closed_by_code.items():
            closed.add_metric([node, str(code)], times)
        yield closed
        resumed = CounterMetricFamily("virtubar_realtime_resumes", "of those who asked", labels=["node", "resumed"])
        for replayed, times in self._node.resumes.items():
            resumed.add_metric([node, str(replayed).lower()], times)
        yield resumed
        drift = CounterMetricFamily(
            "virtubar_presence_drift", "keys and seats unlike the sockets", labels=["node", "kind"]
        )
        for kind_of_drift in KINDS:
            drift.add_metric([node, kind_of_drift], self._presence.drift[kind_of_drift])
        yield drift

    def describe(self) -> list[Metric]:
        """Nothing, so that several nodes may run in one process."""
        return []


class Load:
    """How busy this process is: 0 idle, 1 one core full; smoothed over a few calls."""

    def __init__(self) -> None:
        self._at, self._spent = monotonic(), process_time()
        self._load = 0.0

    def __call__(self) -> float:
        now, spent = monotonic(), process_time()
        if now > self._at:
            busy = (spent - self._spent) / (now - self._at)
            self._load += 0.3 * (busy - self._load)
        self._at, self._spent = now, spent
        return min(1.0, self._load)
