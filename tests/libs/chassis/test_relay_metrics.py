"""A relay's metrics are those of the leader."""

from prometheus_client import REGISTRY

from libs.chassis.relay_metrics import RelayMetrics
from libs.eventstore.watch import Watch


def value(name: str) -> float | None:
    return REGISTRY.get_sample_value(f"virtubar_relay_{name}", {"service": "cellar"})


def test_what_the_leader_tells_is_measured_and_gone_when_it_no_longer_leads() -> None:
    watch: Watch = RelayMetrics("cellar")
    watch.leads(True)
    watch.behind(7, 3.5)
    watch.hole(0.5)
    watch.published(12, 0.03)
    told = ("leads", "behind", "behind_seconds", "hole_age_seconds", "published_total", "lag_seconds_sum")
    assert [value(name) for name in told] == [1, 7, 3.5, 0.5, 12, 0.03]
    watch.leads(False)
    assert [value(name) for name in told] == [0, 0, 0, 0, 12, 0.03]
