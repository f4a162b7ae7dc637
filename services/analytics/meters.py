"""What the sink tells whoever watches it."""

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram

COMMIT_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Meters:
    """One set per process; tests bring a registry of their own."""

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self.rows = Counter("virtubar_sink_rows", "Rows landed in the lake", ["topic"], registry=registry)
        self.repeats = Counter("virtubar_sink_repeats", "Rows left out: their event had landed", registry=registry)
        self.dead = Counter("virtubar_sink_dead_letters", "Records set aside as bad", ["topic"], registry=registry)
        self.lost = Counter("virtubar_sink_lost", "Records expired before they landed", ["topic"], registry=registry)
        self.failures = Counter(
            "virtubar_sink_failures", "Steps that failed and were repeated", ["step"], registry=registry
        )
        self.lag = Gauge("virtubar_sink_lag", "Records that have not landed", ["topic"], registry=registry)
        self.commit = Histogram(
            "virtubar_sink_commit_seconds", "From a full batch to its commit", buckets=COMMIT_SECONDS, registry=registry
        )
        self.newest = Gauge("virtubar_lake_newest_seconds", "Time of the newest event in the lake", registry=registry)
        self.files = Gauge("virtubar_lake_files", "Live files of the lake", registry=registry)
