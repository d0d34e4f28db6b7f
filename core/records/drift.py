"""Records of drift: how far what the model is asked, and what it answers, lies from what it learned from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from core.records.base import ColumnKind

DriftOutcome = Literal["drifted", "stable", "not_enough_data"]
SignalKind = Literal["values", "missing", "outside", "new", "age"]
"""What can change in a column: how its values are spread, how many are missing, lie outside all that the model learnt
from, are categories it has never seen; and how old its dates are when they are asked about."""
MeasureName = Literal["psi", "jensen_shannon", "ks", "wasserstein", "cramers_v"]


@dataclass(frozen=True)
class DriftSignal:
    """One thing that can change in a column.

    `before` and `now` are shares of the rows in [0, 1], None for the values and ages as a whole. `effect` >= 0 is the
    PSI of values and ages, and how far the share has risen or fallen otherwise; `floor` is what it must reach to be
    worth a word. `p_value` in [0, 1] is corrected over all signals of all columns and over repeated looks.
    """

    kind: SignalKind
    drifted: bool
    effect: float
    floor: float
    p_value: float | None
    before: float | None = None
    now: float | None = None


@dataclass(frozen=True)
class ColumnDrift:
    """How one column's live rows differ from the reference.

    `psi` >= 0, unitless; above 0.2 is commonly called a large shift. `p_value` in [0, 1] is the smallest of its
    signals', corrected. `measures` are standard ones of the same counts (see `core.monitor.measures`). `difference`
    says how the average has moved, in the column's unit. `importance` in [0, 1] is the column's part of all that the
    model leans on; None when that is not known. `smallest_change` is what would have been seen in 8 of 10 such windows:
    in the column's unit for numbers, in seconds for dates, in characters for texts, as a share of rows for categories.
    """

    name: str
    outcome: DriftOutcome
    psi: float | None
    p_value: float | None
    sentence: str
    reference_share: tuple[float, ...] = ()
    current_share: tuple[float, ...] = ()
    bins: tuple[str, ...] = ()
    kind: ColumnKind = "number"
    n_rows: int = 0
    n_rows_missing: int = 0
    signals: tuple[DriftSignal, ...] = ()
    measures: Mapping[MeasureName, float] = field(default_factory=dict)
    difference: str = ""
    importance: float | None = None
    smallest_change: float | None = None
    smallest_sentence: str = ""


@dataclass(frozen=True)
class DriftReport:
    """Drift of all columns and of the predictions between two moments. `n_rows_missing` more rows allow a verdict.

    `score` is how sure the model was. `importance_drifted` in [0, 1] is how much of all that the model leans on lies on
    columns that drifted. `n_looks` windows of this size went by, this one included; `n_rows_future` rows bear a moment
    that has not come yet and are left out.
    """

    project_id: str
    model_version_id: str
    n_rows: int
    n_rows_missing: int
    columns: tuple[ColumnDrift, ...]
    prediction: ColumnDrift | None
    sentence: str
    started_at: datetime | None = None
    ended_at: datetime | None = None
    score: ColumnDrift | None = None
    importance_drifted: float | None = None
    n_looks: int = 1
    n_rows_future: int = 0

    @property
    def n_drifted(self) -> int:
        """Number of input columns that drifted."""
        return sum(column.outcome == "drifted" for column in self.columns)

    @property
    def drifted(self) -> tuple[ColumnDrift, ...]:
        """Input columns that drifted, those that the model leans on most first, then the most changed."""
        found = [column for column in self.columns if column.outcome == "drifted"]
        return tuple(sorted(found, key=lambda column: (-(column.importance or 0.0), -(column.psi or 0.0))))
