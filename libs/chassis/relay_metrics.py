"""What a relay tells, as metrics."""

from prometheus_client import Counter, Gauge, Histogram

LEADS = Gauge("virtubar_relay_leads", "1 in the process whose relay leads", ["service"])
PUBLISHED = Counter("virtubar_relay_published", "events the broker has acknowledged", ["service"])
LAG = Histogram(
    "virtubar_relay_lag_seconds",
    "from an event's time to the broker's answer, of the oldest in each page",
    ["service"],
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5, 30, 300),
)
BEHIND = Gauge("virtubar_relay_behind", "positions still to be published, told by the leader", ["service"])
AGE = Gauge("virtubar_relay_behind_seconds", "age of the oldest event still to be published", ["service"])
HOLE = Gauge("virtubar_relay_hole_age_seconds", "for how long an open transaction holds the log back", ["service"])


class RelayMetrics:
    """A libs.eventstore.watch.Watch for one service."""

    def __init__(self, service: str) -> None:
        self._leads, self._behind, self._age, self._hole = (g.labels(service) for g in (LEADS, BEHIND, AGE, HOLE))
        self._published, self._lag = PUBLISHED.labels(service), LAG.labels(service)

    def leads(self, leads: bool) -> None:
        self._leads.set(leads)
        if not leads:  # whoever leads now knows
            for gauge in (self._behind, self._age, self._hole):
                gauge.set(0)

    def published(self, events: int, lag: float) -> None:
        self._published.inc(events)
        self._lag.observe(max(lag, 0.0))

    def behind(self, events: int, age: float) -> None:
        self._behind.set(events)
        self._age.set(max(age, 0.0))

    def hole(self, age: float) -> None:
        self._hole.set(age)
