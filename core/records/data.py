"""Records of tables: immutable dataset versions, how they were read, and what is in them."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from core.records.base import ColumnKind, Json, Task, new_id, utc_now
from core.records.reading import Reading

DatasetRole = Literal["table", "stream"]
DatasetSource = Literal["upload", "sample", "keep_back", "retrain", "edit", "database", "web", "api", "sensor"]
SourceKind = Literal["database", "web", "api", "sensor"]
StepKind = Literal[
    "look_back", "drop", "dates", "cap", "combine", "bin", "impute", "scale", "encode", "text", "remove_rows"
]
PriceOutcome = Literal["helps", "costs", "unclear"]
SplitKind = Literal["random", "stratified", "time", "group", "newest"]


@dataclass(frozen=True)
class Column:
    """A column of a stored table: its name, what it holds in our words, and its stored (arrow) type."""

    name: str
    kind: ColumnKind
    dtype: str


@dataclass(frozen=True)
class Edit:
    """A change to the rows or values of a table that made a new version of it: what, by which check, how much.

    `kind` names the change, `options` hold what it needs besides the columns; `n_changed` counts rows or cells.
    """

    kind: str
    sentence: str
    columns: tuple[str, ...] = ()
    options: Json = field(default_factory=dict)
    n_changed: int = 0
    check_code: str = ""


@dataclass(frozen=True)
class DatasetVersion:
    """An immutable table in the store: a Parquet file named by its id, with the hash of its bytes.

    A `table` is learned from; a `stream` is kept back to be played as live traffic later. `edit` says what was changed
    in the parent to make this version, where that is how it came about.
    """

    project_id: str
    number: int
    source: DatasetSource
    filename: str
    sha256: str
    n_rows: int
    columns: tuple[Column, ...]
    role: DatasetRole = "table"
    parent_id: str | None = None
    reading: Reading | None = None
    edit: Edit | None = None
    note: str = ""
    created_by: str = "someone"
    id: str = field(default_factory=new_id)
    created_at: datetime = field(default_factory=utc_now)

    @property
    def n_columns(self) -> int:
        """Number of columns."""
        return len(self.columns)

    @property
    def column_names(self) -> tuple[str, ...]:
        """The column names, in order."""
        return tuple(column.name for column in self.columns)


@dataclass(frozen=True)
class Source:
    """Where a table is read from again and again. Its secret is kept apart, never in here.

    `dataset_id` is the newest version read from it, `last_change` says what that reading changed. `problem` says why
    the last try failed, empty when it did not; `every_minutes` is how often it is read without being asked.
    """

    project_id: str
    kind: SourceKind
    name: str
    settings: Json
    dataset_id: str | None = None
    last_read_at: datetime | None = None
    last_change: str = ""
    every_minutes: int | None = None
    last_tried_at: datetime | None = None
    problem: str = ""
    created_by: str = "someone"
    id: str = field(default_factory=new_id)
    created_at: datetime = field(default_factory=utc_now)


@dataclass(frozen=True)
class Message:
    """A message of a sensor feed as it is shown: when it arrived, on which topic, how its content begins."""

    arrived_at: datetime
    topic: str
    content: str


@dataclass(frozen=True)
class Arrival:
    """What has arrived from a sensor feed so far.

    `per_slot[i]` messages arrived in the i-th stretch of `slot_s` seconds since `started_at`; `last` are the newest.
    """

    started_at: datetime
    n_messages: int = 0
    n_rows: int = 0
    n_malformed: int = 0
    slot_s: float = 1.0
    per_slot: tuple[int, ...] = ()
    last: tuple[Message, ...] = ()
    connected: bool = True


@dataclass(frozen=True)
class Distribution:
    """A histogram or bar list: `labels[i]` was seen `counts[i]` times. For numbers, `edges` has one more entry."""

    labels: tuple[str, ...]
    counts: tuple[int, ...]
    edges: tuple[float, ...] = ()


@dataclass(frozen=True)
class ColumnProfile:
    """What one column holds. `minimum`, `maximum`, `mean` only for numbers; `first`/`last` (ISO) for dates."""

    name: str
    kind: ColumnKind
    n_rows: int
    n_missing: int
    n_distinct: int
    distribution: Distribution
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    median: float | None = None
    sd: float | None = None
    first: str | None = None
    last: str | None = None
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Profile:
    """What a dataset version holds, column by column, by which revision of our code."""

    dataset_id: str
    n_rows: int
    columns: tuple[ColumnProfile, ...]
    revision: int = 0

    def column(self, name: str) -> ColumnProfile:
        """Return the profile of one column; KeyError when there is none of that name."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)


@dataclass(frozen=True)
class TaskGuess:
    """Which kind of question a target column asks, and how that was seen."""

    task: Task
    reason: str
    classes: tuple[str, ...] = ()


@dataclass(frozen=True)
class RecipeStep:
    """One readable step of a recipe: what it does to which columns, why, and whether it is switched on."""

    key: str
    kind: StepKind
    title: str
    reason: str
    columns: tuple[str, ...]
    enabled: bool = True
    options: Json = field(default_factory=dict)


@dataclass(frozen=True)
class Split:
    """How rows are divided into training and test part.

    `test_share` lies in (0, 1). `time`: the last share by `time_column`, or by
    the order of the rows in the file where it is None; `group`: rows alike in `group_column` stay
    together, and the share is one of groups; `newest`: the last `n_newest` rows.
    """

    kind: SplitKind = "random"
    test_share: float = 0.2
    time_column: str | None = None
    n_newest: int | None = None
    random_state: int = 0
    group_column: str | None = None


@dataclass(frozen=True)
class Recipe:
    """How a table is made ready for learning: ordered steps and the split. Immutable once saved."""

    project_id: str
    dataset_id: str
    target: str
    task: Task
    steps: tuple[RecipeStep, ...]
    split: Split
    columns: tuple[Column, ...] = ()
    created_by: str = "someone"
    id: str = field(default_factory=new_id)
    created_at: datetime = field(default_factory=utc_now)


@dataclass(frozen=True)
class StepPrice:
    """What one step of a recipe is worth: the score with it less the score without it, fold by fold.

    `differences` are turned so that above 0 the step helps; `low` and `high` are the 95 % range of their mean.
    `outcome` and `sentence` say what that means; both are empty while the step is still being tried. `problem` says why
    it has no price, if so.
    """

    key: str
    title: str
    differences: tuple[float, ...] = ()
    mean: float | None = None
    sd: float | None = None
    low: float | None = None
    high: float | None = None
    outcome: PriceOutcome | None = None
    sentence: str = ""
    problem: str = ""


@dataclass(frozen=True)
class PriceList:
    """The price of each switched-on step of a recipe: cross-validated with one family, leaving one step out at a time.

    `fold_scores` are those of the whole recipe, in the metric's natural sign. `n_rows` of the `n_rows_train` training
    rows are learned from at most; `note` says why not from all.
    """

    project_id: str
    dataset_id: str
    recipe_id: str
    family: str
    metric: str
    n_rows: int
    fold_scores: tuple[float, ...]
    prices: tuple[StepPrice, ...]
    n_rows_train: int = 0
    note: str = ""
    job_id: str | None = None
    created_by: str = "someone"
    id: str = field(default_factory=new_id)
    created_at: datetime = field(default_factory=utc_now)
