"""Records of what a closer look at a table found: how columns tell the target, and each other."""

from dataclasses import dataclass
from typing import Literal

from core.records.base import ColumnKind, Task
from core.records.data import Distribution


@dataclass(frozen=True)
class TargetGroup:
    """What the target is like in some of the rows: those with one value, or with a range of values, of a column.

    `shares` are those of the classes named in `TargetRelations.classes`, in that order. For a target that is an
    amount, `low`, `middle` and `high` are its quartiles. An empty group has none of them.
    """

    label: str
    n_rows: int
    shares: tuple[float, ...] = ()
    low: float | None = None
    middle: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Relation:
    """How strongly one column, alone, tells the target.

    `strength` lies in [0, 1]: 0 no better than guessing, 1 tells it all. `by` says what of the column tells it: its
    value, its length, its weekday ... `score` and `guessing` are what the sentence says: rows of 100 that are right, or
    for an amount how far off a guess is on average, with the column and without.
    """

    name: str
    kind: ColumnKind
    strength: float
    by: str
    score: float
    guessing: float
    sentence: str
    groups: tuple[TargetGroup, ...] = ()


@dataclass(frozen=True)
class TargetRelations:
    """How strongly each column of a dataset version, alone, tells the target; the strongest first.

    `classes` are the most frequent ones, with "all others" last where there are more. `n_rows` of the `n_rows_known`
    rows whose target is known were looked at: all, or a sample at random.
    """

    dataset_id: str
    target: str
    task: Task
    n_rows: int
    n_rows_known: int
    relations: tuple[Relation, ...]
    classes: tuple[str, ...] = ()
    revision: int = 0

    def relation(self, name: str) -> Relation | None:
        """Return the relation of one column; None for the target itself and for names that are not in the table."""
        return next((relation for relation in self.relations if relation.name == name), None)


@dataclass(frozen=True)
class Extreme:
    """A value at the end of a column's range, as it is shown, and the row it stands in (from 1)."""

    row: int
    value: str


@dataclass(frozen=True)
class Gap:
    """A stretch of time without a row: from one moment (ISO) to the next."""

    start: str
    end: str
    seconds: float


@dataclass(frozen=True)
class ColumnDetail:
    """One column looked at closely, the sentences first.

    `quantiles` are (share of the values below, value), for numbers. `lowest` and `highest` are values of numbers and
    dates; for words and texts they are the shortest and the longest. `lengths` counts words and texts by their number
    of characters. `gaps` are the longest stretches without a row that are far longer than usual, for dates.
    """

    name: str
    kind: ColumnKind
    n_rows: int
    n_missing: int
    sentences: tuple[str, ...]
    quantiles: tuple[tuple[float, float], ...] = ()
    lowest: tuple[Extreme, ...] = ()
    highest: tuple[Extreme, ...] = ()
    lengths: Distribution | None = None
    gaps: tuple[Gap, ...] = ()


TwinKind = Literal["values", "names", "scale", "order", "gaps"]


@dataclass(frozen=True)
class Twins:
    """Columns that say the same thing, the first one standing for all.

    `kind`: equal `values`; one-to-one other `names`; another `scale` (straight line) or the same `order` of numbers;
    values missing (`gaps`) in the same rows. `agreement` in [0, 1] is the smallest share of agreement with the first
    column, for `order` the rank correlation without its sign. `n_rows` were looked at.
    """

    kind: TwinKind
    columns: tuple[str, ...]
    sentence: str
    agreement: float
    n_rows: int
