"""Records of the quality of what the live model is asked: findings with the data checks' codes, and refusals."""

from dataclasses import dataclass
from datetime import datetime

from core.records.checks import CheckOutcome


@dataclass(frozen=True)
class QualityFinding:
    """One thing looked for in one column of the live rows, or in what was asked altogether.

    `code` is that of the data check that looks for the same in a table. Shares are of the rows, in [0, 1].
    """

    code: str
    title: str
    outcome: CheckOutcome
    sentence: str
    column: str = ""
    n_rows: int = 0
    share: float = 0.0
    reference_share: float | None = None


@dataclass(frozen=True)
class RefusedRequests:
    """Requests refused for one reason; `key` is the name of the key they were sent with, empty without one."""

    reason: str
    sentence: str
    column: str
    key: str
    n_requests: int


@dataclass(frozen=True)
class QualityReport:
    """What is wrong, or worth knowing, with live rows between two moments, the worst first; and what was refused."""

    project_id: str
    model_version_id: str
    n_rows: int
    n_requests: int
    findings: tuple[QualityFinding, ...]
    refusals: tuple[RefusedRequests, ...]
    sentence: str
    started_at: datetime | None = None
    ended_at: datetime | None = None

    def ended(self, outcome: CheckOutcome) -> tuple[QualityFinding, ...]:
        """Return the findings with this outcome."""
        return tuple(finding for finding in self.findings if finding.outcome == outcome)
