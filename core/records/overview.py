"""The answer to "is it still working, and is it still worth it?" in one record."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from core.records.drift import DriftReport
from core.records.estimates import EstimateReport, Worth
from core.records.live import PerformanceReport, TrafficReport

OverviewState = Literal["good", "look", "bad", "unknown"]
EventKind = Literal["release", "alert", "fault"]


@dataclass(frozen=True)
class LiveEvent:
    """Something that happened at a moment, to be marked in charts over time; `ended_at` None: a moment, or still on."""

    kind: EventKind
    words: str
    started_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True)
class DriftPoint:
    """How many of the columns differed from what the model learnt from in one stretch; None with too few rows."""

    started_at: datetime
    ended_at: datetime
    n_rows: int
    n_drifted: int | None
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Overview:
    """How the live model stands: a state, a headline without figures, the reasons, and everything it was made from.

    `detail` gives the headline's figures; `hint` says what to do next. Both are empty where all is well.
    """

    project_id: str
    state: OverviewState
    headline: str
    detail: str
    reasons: tuple[str, ...]
    hint: str
    performance: PerformanceReport
    estimate: EstimateReport
    worth: Worth | None
    drift: DriftReport
    traffic: TrafficReport
