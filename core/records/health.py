"""How the service does, told apart by model version and by key."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class HealthPart:
    """The counts of one model version, of one key, or of all together. Latencies in milliseconds, None without traffic.

    `n_abstained` rows were left to a person, `n_dropped` were answered and not logged (not known by key).
    """

    name: str
    n_requests: int
    n_rows: int
    n_refused: int
    n_errors: int
    n_abstained: int
    n_dropped: int
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    latency_p99_ms: float | None


@dataclass(frozen=True)
class KeyHealth:
    """What was asked with one key, or without any, and why requests were refused, the most frequent reason first."""

    part: HealthPart
    reasons: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class HealthPoint:
    """One stretch of one version's traffic."""

    started_at: datetime
    version: str
    latency_p95_ms: float | None


@dataclass(frozen=True)
class HealthReport:
    """How the service did over a stretch of time: in all, by version (newest first), by key, and over time."""

    project_id: str
    total: HealthPart
    versions: tuple[HealthPart, ...]
    keys: tuple[KeyHealth, ...]
    points: tuple[HealthPoint, ...]
    sentence: str
