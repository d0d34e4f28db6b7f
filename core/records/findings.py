"""Records of what a closer look at a table found: how columns tell the target, and each other."""

from dataclasses import dataclass
from typing import Literal

from core.records.base import ColumnKind, Task
from core.records.data import DatasetRole, Distribution


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


@dataclass(frozen=True)
class ColumnDifference:
    """How one column differs between two dataset versions.

    `size` is the population stability index of what it holds (0: nothing moved; above 0.1 is commonly called a
    moderate, above 0.2 a large shift). `labels` name the bins, the last one being "missing"; `before` and `after` are
    their shares. `values_new` and `values_gone` are words that only one of the versions has, the first few of
    `n_values_new` and `n_values_gone`.
    """

    name: str
    kind: ColumnKind
    size: float
    sentence: str
    labels: tuple[str, ...] = ()
    before: tuple[float, ...] = ()
    after: tuple[float, ...] = ()
    values_new: tuple[str, ...] = ()
    values_gone: tuple[str, ...] = ()
    n_values_new: int = 0
    n_values_gone: int = 0


@dataclass(frozen=True)
class VersionDifference:
    """What is different in a dataset version against another, in sentences and column by column, the largest first.

    `n_rows_same` rows are equal in all columns that both have. `renamed` are pairs of a column that is gone and a new
    one that holds the same; `kind_changed` are names with the kind before and now.
    """

    dataset_id: str
    with_id: str
    n_rows: int
    n_rows_before: int
    n_rows_same: int
    sentences: tuple[str, ...]
    columns: tuple[ColumnDifference, ...]
    columns_new: tuple[str, ...] = ()
    columns_gone: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    kind_changed: tuple[tuple[str, ColumnKind, ColumnKind], ...] = ()
    revision: int = 0


@dataclass(frozen=True)
class LineageNode:
    """A dataset version in the picture of where versions come from.

    `row` counts versions from the oldest, from 0; `lane` is the line it lies on, 0 for the first one. `made` says in
    words how it came about. `parent_row` is None for a version without a parent.
    """

    dataset_id: str
    number: int
    role: DatasetRole
    made: str
    n_rows: int
    n_columns: int
    row: int
    lane: int
    parent_row: int | None = None
    is_current: bool = False


@dataclass(frozen=True)
class Lineage:
    """All dataset versions of a project, oldest first, and which came from which."""

    nodes: tuple[LineageNode, ...]

    @property
    def n_lanes(self) -> int:
        """Number of lines side by side."""
        return 1 + max((node.lane for node in self.nodes), default=0)
