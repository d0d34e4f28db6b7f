"""Records of what answers for a project: what is live, what goes on beside it, what is to come, and the history."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from core.records.base import Label, new_id, utc_now

ReleaseAction = Literal[
    "promote",
    "roll_back",
    "start_canary",
    "stop_canary",
    "start_shadow",
    "stop_shadow",
    "schedule",
    "cancel_schedule",
    "end_watch",
]


@dataclass(frozen=True)
class Rules:
    """What a version that has just begun to answer must keep to, and for how long; None switches a rule off.

    `max_unanswered` in [0, 1] is the share of requests that may be refused or fail, `max_latency_p95_ms` what 95 of 100
    answers must be within, in milliseconds; `keep_objective`: the metric measured by labels that arrive must not lie
    clearly below the least acceptable value of the plan.
    """

    minutes: int = 60
    max_unanswered: float | None = 0.05
    max_latency_p95_ms: float | None = None
    keep_objective: bool = True


@dataclass(frozen=True)
class Watch:
    """A version that is watched: when a rule is broken before `ends_at`, it is taken back by itself.

    `back_to_id` is the version that then becomes live again; None for a canary, which just stops.
    """

    model_version_id: str
    rules: Rules
    started_by: str
    started_at: datetime
    back_to_id: str | None = None

    @property
    def ends_at(self) -> datetime:
        """When the watch is over."""
        return self.started_at + timedelta(minutes=self.rules.minutes)


@dataclass(frozen=True)
class Canary:
    """A version that answers a share of the traffic, `share` in (0, 1); a caller always meets the same version."""

    model_version_id: str
    share: float
    started_by: str
    started_at: datetime


@dataclass(frozen=True)
class Shadow:
    """A version that is asked what the live one is asked, and whose answers nobody gets."""

    model_version_id: str
    started_by: str
    started_at: datetime


@dataclass(frozen=True)
class Schedule:
    """A version that becomes live at `at`, watched by `rules` from then on if there are any."""

    model_version_id: str
    at: datetime
    scheduled_by: str
    rules: Rules | None = None


@dataclass(frozen=True)
class ReleasePlan:
    """What goes on beside the live version, each at most once."""

    canary: Canary | None = None
    shadow: Shadow | None = None
    schedule: Schedule | None = None
    watch: Watch | None = None


@dataclass(frozen=True)
class Deployment:
    """What is live for a project: one row, whose generation goes up by one at each change. `id` is the project's.

    `promoted_by` and `promoted_at` are of the live version; changes of the plan leave them as they are.
    """

    id: str
    model_version_id: str
    generation: int
    promoted_by: str
    promoted_at: datetime = field(default_factory=utc_now)
    plan: ReleasePlan = ReleasePlan()


@dataclass(frozen=True)
class Release:
    """One entry in the history: what was live and planned after a change, who made it (`promoted_by`), and why.

    `model_version_id` is what is live from then on, whatever the change was about.
    """

    project_id: str
    model_version_id: str
    generation: int
    action: ReleaseAction
    promoted_by: str
    reason: str = ""
    plan: ReleasePlan = ReleasePlan()
    id: str = field(default_factory=new_id)
    created_at: datetime = field(default_factory=utc_now)

    def lets_answer(self, model_version_id: str) -> bool:
        """Whether it is by this release that a version answers: everything from then on, or a share."""
        if self.action == "start_canary" and self.plan.canary is not None:
            return self.plan.canary.model_version_id == model_version_id
        return self.action in ("promote", "roll_back") and self.model_version_id == model_version_id


@dataclass(frozen=True)
class ShadowAnswer:
    """What a shadow said to a question that the live version answered. `id` is the prediction's.

    `prediction` is None where it could not answer; `failure` then says why.
    """

    id: str
    project_id: str
    model_version_id: str
    prediction: Label | None
    probabilities: dict[str, float] | None = None
    failure: str = ""
    answered_at: datetime = field(default_factory=utc_now)
