"""Records of how versions stand: challenger against live, a watch so far, the service as a whole, and the history."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from core.records.model import MetricEstimate
from core.records.release import ReleaseAction

ChallengerRole = Literal["canary", "shadow"]
SpanRole = Literal["live", "canary", "shadow"]
StateWord = Literal["healthy", "look", "broken"]
NextStep = Literal["start_service", "roll_back", "monitor", "wait", "none"]


@dataclass(frozen=True)
class Share:
    """A share in [0, 1] with its 95 % interval, of `n` cases."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class CostDifference:
    """What the mistakes of 1,000 answers cost, live and challenger, in the owner's unit, from labelled answers.

    `difference` is challenger minus live with its 95 % interval: below zero, the challenger is cheaper.
    """

    live: float
    challenger: float
    difference: float
    low: float
    high: float


@dataclass(frozen=True)
class ChallengerReport:
    """A challenger beside the live version. `agreement` is None for a canary: no question is put to both.

    `n_asked` are the questions the challenger was asked, `n_failed` of them without an answer; `n_labelled` those with
    an answer and a known truth (`n_labelled_live` for the live version, the same questions for a shadow).
    """

    project_id: str
    role: ChallengerRole
    live_id: str
    challenger_id: str
    metric: str
    n_asked: int
    n_failed: int
    n_labelled: int
    n_labelled_live: int
    sentences: tuple[str, ...]
    agreement: Share | None = None
    live: MetricEstimate | None = None
    challenger: MetricEstimate | None = None
    cost: CostDifference | None = None


@dataclass(frozen=True)
class WatchReport:
    """A watch so far: which rules are broken, and what was measured, in sentences."""

    model_version_id: str
    broken: tuple[str, ...]
    measured: tuple[str, ...]


@dataclass(frozen=True)
class LiveState:
    """How a deployment is, in one word and a reason, and what to do next."""

    state: StateWord
    reason: str
    hint: str = ""
    next_step: NextStep = "none"


@dataclass(frozen=True)
class ReleaseEvent:
    """One change in the history of a deployment, in words. `number` is of the version it was about."""

    generation: int
    at: datetime
    action: ReleaseAction
    number: int
    by: str
    sentence: str
    reason: str = ""


@dataclass(frozen=True)
class ReleaseSpan:
    """A stretch of time in which a version had a role; `ended_at` is None while it still has. `share` in (0, 1]."""

    number: int
    role: SpanRole
    started_at: datetime
    ended_at: datetime | None
    share: float = 1.0


@dataclass(frozen=True)
class ReleaseHistory:
    """What was live and beside it over time: spans to draw, and changes to read, oldest first."""

    spans: tuple[ReleaseSpan, ...]
    events: tuple[ReleaseEvent, ...]
