"""What the service counts, for Prometheus: over all its worker processes, which share the counts through files."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from core.records import LATENCY_EDGES_MS

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable by which prometheus_client learns where processes share their counts; without it each counts alone."""
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
MODEL = ["deployment", "model_version"]


@dataclass(frozen=True)
class LiveVersion:
    """What answers for a deployment, and by which engine."""

    deployment: str
    number: int
    engine: str


class ModelMetrics:
    """The counts of one model version, looked up once rather than for each request."""

    def __init__(self, asked: Any, rows: Any, abstained: Any, latency: Any, labels: tuple[str, str]) -> None:
        self._asked = {outcome: asked.labels(*labels, outcome) for outcome in ("answered", "refused", "failed")}
        self._rows = rows.labels(*labels)
        self._abstained = abstained.labels(*labels)
        self._latency = latency.labels(*labels)

    def count(self, outcome: str, n_rows: int, latency_ms: float) -> None:
        """Count one request to predict."""
        self._asked[outcome].inc()
        self._rows.inc(n_rows)
        self._latency.observe(latency_ms / 1000)

    def count_abstained(self, n_rows: int) -> None:
        """Count rows that the model did not answer; they are among those of `count`."""
        self._abstained.inc(n_rows)


class Metrics:
    """All counts of this process; rendered together with those of the others."""

    def __init__(self) -> None:
        # Imported here, because it decides while it is imported whether processes share their counts.
        from prometheus_client import CollectorRegistry, Counter, Histogram

        self._own = CollectorRegistry()
        edges = [edge / 1000 for edge in LATENCY_EDGES_MS]
        self._asked = Counter("full_circle_requests", "Requests to predict.", [*MODEL, "outcome"], registry=self._own)
        self._rows = Counter("full_circle_rows", "Rows answered.", MODEL, registry=self._own)
        self._abstained = Counter(
            "full_circle_abstained_rows", "Rows that wait for a person.", MODEL, registry=self._own
        )
        self._latency = Histogram(
            "full_circle_latency_seconds",
            "From the first byte of a request to its answer.",
            MODEL,
            buckets=edges,
            registry=self._own,
        )
        self._dropped = Counter(
            "full_circle_log_dropped_rows", "Rows answered but not logged: too many waited.", registry=self._own
        )
        self._models: dict[tuple[str, str], ModelMetrics] = {}

    def of(self, deployment: str, number: int) -> ModelMetrics:
        """Return the counts of a model version."""
        labels = (deployment, str(number))
        if labels not in self._models:
            self._models[labels] = ModelMetrics(self._asked, self._rows, self._abstained, self._latency, labels)
        return self._models[labels]

    def count_dropped(self, n_rows: int) -> None:
        """Count rows that were not logged."""
        self._dropped.inc(n_rows)

    def render(self, live: Sequence[LiveVersion]) -> bytes:
        """Return the counts of all processes and what is live in this one, in Prometheus' text format."""
        from prometheus_client import CollectorRegistry, generate_latest
        from prometheus_client.multiprocess import MultiProcessCollector

        registry = CollectorRegistry()
        if os.environ.get(SHARED_FOLDER):
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        else:
            registry.register(self._own)
        registry.register(_Live(live))
        text: bytes = generate_latest(registry)
        return text


class _Live:
    """Tells prometheus_client what is live."""

    def __init__(self, live: Sequence[LiveVersion]) -> None:
        self._live = live

    def collect(self) -> Iterable[Any]:
        from prometheus_client.core import GaugeMetricFamily

        family = GaugeMetricFamily("full_circle_live_model", "1 for what is live.", labels=[*MODEL, "engine"])
        for one in self._live:
            family.add_metric([one.deployment, str(one.number), one.engine], 1)
        yield family
