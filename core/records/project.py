"""Records of a project, its objective, its laps round the circle and the long work done for it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from core.records.base import Json, Task, new_id, utc_now

JobKind = Literal["train", "evaluate", "replay", "retrain", "collect", "register", "price", "refresh", "batch"]
JobStatus = Literal["queued", "running", "done", "stopped", "failed"]
Outcome = Literal["met", "not_met", "not_enough_data", "no_objective"]


@dataclass(frozen=True)
class Project:
    """One question being answered with machine learning; everything else belongs to one project."""

    name: str
    slug: str
    created_by: str = "someone"
    sample: str | None = None
    id: str = field(default_factory=new_id)
    created_at: datetime = field(default_factory=utc_now)


@dataclass(frozen=True)
class Objective:
    """What the project is for and when it is good enough. Saved anew at each change; the newest one counts.

    `minimum` is the least acceptable value of `metric` (for errors such as MAE: the largest acceptable one).
    Costs are in the owner's own unit: per false positive, per false negative, and per wrong answer (multiclass)
    or per unit of absolute error (regression). `latency_limit_ms`: 95 of 100 answers should take no longer.
    """

    project_id: str
    question: str = ""
    target: str | None = None
    task: Task | None = None
    metric: str | None = None
    minimum: float | None = None
    positive_label: str | None = None
    cost_false_positive: float | None = None
    cost_false_negative: float | None = None
    cost_error: float | None = None
    latency_limit_ms: float | None = None
    owner: str = ""
    created_by: str = "someone"
    id: str = field(default_factory=new_id)
    created_at: datetime = field(default_factory=utc_now)


@dataclass(frozen=True)
class Metric:
    """A way to measure how good predictions are, with the words to say it in.

    `name` is scikit-learn's scoring name; `sentence` has a `{value}` place and reads without statistics.
    """

    name: str
    label: str
    sentence: str
    tasks: tuple[Task, ...]
    greater_is_better: bool = True
    lowest: float | None = 0.0
    highest: float | None = 1.0


@dataclass(frozen=True)
class Verdict:
    """Whether an objective is met by a measured value and its interval, in words and figures."""

    outcome: Outcome
    sentence: str
    metric: str | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    minimum: float | None = None


@dataclass(frozen=True)
class Lap:
    """One completed lap round the circle: written when a model version is promoted for the first time."""

    project_id: str
    number: int
    reason: str
    dataset_id: str
    model_version_id: str
    metric: str | None = None
    value: float | None = None
    promoted_by: str = "someone"
    id: str = field(default_factory=new_id)
    created_at: datetime = field(default_factory=utc_now)


@dataclass(frozen=True)
class Job:
    """A piece of long work, done by the job runner in its own process, visible to everyone and stoppable.

    `progress` runs from 0 to 1; `message` says in words what is going on; `result` holds ids of what came out;
    `error` and `hint` say what went wrong. `heartbeat_at` is refreshed while the work is alive.
    """

    project_id: str
    kind: JobKind
    params: Json = field(default_factory=dict)
    status: JobStatus = "queued"
    progress: float = 0.0
    message: str = ""
    result: Json = field(default_factory=dict)
    error: str | None = None
    hint: str | None = None
    stop_requested: bool = False
    created_by: str = "someone"
    n_attempts: int = 0
    id: str = field(default_factory=new_id)
    created_at: datetime = field(default_factory=utc_now)
    started_at: datetime | None = None
    ended_at: datetime | None = None
    heartbeat_at: datetime | None = None

    @property
    def active(self) -> bool:
        """Whether the job still waits or works."""
        return self.status in ("queued", "running")


@dataclass(frozen=True)
class ProcessInfo:
    """Where a long-running process of Full Circle can be reached. `name`: dashboard, jobs or serve."""

    name: str
    pid: int
    address: str
    started_by: str = "launch"
    id: str = field(default_factory=new_id)
    started_at: datetime = field(default_factory=utc_now)
    heartbeat_at: datetime = field(default_factory=utc_now)
