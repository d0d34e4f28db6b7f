"""Records of learning: runs, candidates, evaluations, model versions, challenges."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Literal

from core.records.base import ColumnKind, Json, Label, Task, new_id, utc_now
from core.records.project import Verdict
from core.records.threshold import DecisionThreshold, OutOfFold

CandidateStatus = Literal["waiting", "running", "done", "stopped", "failed", "left_out"]
RunStatus = Literal["queued", "running", "done", "stopped", "failed"]
ModelStatus = Literal["registered", "approved", "rejected"]
Engine = Literal["onnx", "pipeline"]


@dataclass(frozen=True)
class TrainingRun:
    """One go at training: several candidates on the same data, recipe, folds and metric.

    `budget_s` is the time in seconds the person allows for the whole run.
    """

    project_id: str
    dataset_id: str
    recipe_id: str
    metric: str
    families: tuple[str, ...]
    n_splits: int = 5
    budget_s: float = 120.0
    random_state: int = 0
    status: RunStatus = "queued"
    job_id: str | None = None
    n_rows_train: int = 0
    mlflow_experiment: str | None = None
    created_by: str = "someone"
    id: str = field(default_factory=new_id)
    created_at: datetime = field(default_factory=utc_now)
    ended_at: datetime | None = None


@dataclass(frozen=True)
class Candidate:
    """One model family tried in a run. Scores are of the run's metric, one a fold, greater or smaller as it says.

    `note` says in words what the table's size made necessary (a sample, left out) or what went wrong. `out_of_fold`:
    of two classes only, where the model gives probabilities.
    """

    run_id: str
    project_id: str
    family: str
    params: Json = field(default_factory=dict)
    status: CandidateStatus = "waiting"
    progress: float = 0.0
    fold_scores: tuple[float, ...] = ()
    score_mean: float | None = None
    score_sd: float | None = None
    fit_seconds: float | None = None
    n_rows_used: int = 0
    note: str = ""
    out_of_fold: OutOfFold | None = None
    mlflow_run_id: str | None = None
    id: str = field(default_factory=new_id)
    created_at: datetime = field(default_factory=utc_now)
    started_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True)
class MetricEstimate:
    """A metric on the test part with its 95 % bootstrap interval."""

    name: str
    label: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class ConfusionMatrix:
    """`counts[i][j]`: rows whose true class is `labels[i]` and predicted class `labels[j]`."""

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Curve:
    """A line to draw: ROC or precision-recall; `x` and `y` have the same length."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    area: float | None = None


@dataclass(frozen=True)
class ColumnImportance:
    """How much the metric suffers when one column is shuffled: mean and standard deviation over repeats."""

    column: str
    mean: float
    sd: float


@dataclass(frozen=True)
class Evaluation:
    """How one candidate did on the untouched test part. `actual` and `predicted` are a sample, regression only.

    `threshold` is the one it answered with; None but for two classes with probabilities, and for evaluations from
    before there were thresholds: they gave the likelier class.
    """

    project_id: str
    run_id: str
    candidate_id: str
    dataset_id: str
    n_rows_test: int
    metrics: tuple[MetricEstimate, ...]
    verdict: Verdict
    sentences: tuple[str, ...] = ()
    confusion: ConfusionMatrix | None = None
    roc: Curve | None = None
    precision_recall: Curve | None = None
    actual: tuple[float, ...] = ()
    predicted: tuple[float, ...] = ()
    importance: tuple[ColumnImportance, ...] = ()
    threshold: DecisionThreshold | None = None
    id: str = field(default_factory=new_id)
    created_at: datetime = field(default_factory=utc_now)


@dataclass(frozen=True)
class PrototypeColumn:
    """What the service expects in one input column, read off the training rows.

    `categories` (most frequent first, at most 100) for categories and booleans; `minimum`/`maximum` for numbers;
    `example` is a typical value, None when the training rows have none.
    """

    name: str
    kind: ColumnKind
    required: bool
    minimum: float | None = None
    maximum: float | None = None
    categories: tuple[str, ...] = ()
    example: Label | None = None


@dataclass(frozen=True)
class Prototype:
    """The input schema of a model version, and from which chance on it gives which class (see `Evaluation`)."""

    target: str
    task: Task
    columns: tuple[PrototypeColumn, ...]
    classes: tuple[Label, ...] = ()
    threshold: DecisionThreshold | None = None


@dataclass(frozen=True)
class ReferenceColumn:
    """How one column was distributed in the training rows, as counts in bins that live rows are counted into.

    Numbers and dates (as seconds since 1970): `edges` are quantile borders, ends included, so there are len(edges) + 1
    bins. Categories: one bin for each of `categories`, then one for all others. In both cases one more bin, the
    last, for missing values. `counts` therefore has len(edges) + 2 or len(categories) + 2 entries.

    `known` are all categories seen when the model learnt, `n_unknown` how many of the counted rows had another one;
    None where that is not known. `mean` and `sd` are of the values behind numeric bins, `middles` the means within the
    bins, in the unit of the edges.
    """

    name: str
    kind: ColumnKind
    edges: tuple[float, ...] = ()
    categories: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    known: tuple[str, ...] | None = None
    n_unknown: int | None = None
    mean: float | None = None
    sd: float | None = None
    middles: tuple[float, ...] = ()

    @cached_property
    def known_set(self) -> frozenset[str]:
        """The categories that are known."""
        return frozenset(self.known or ())


@dataclass(frozen=True)
class Reference:
    """What live traffic is compared with: every input column and the model's own predictions on test rows.

    `score` is how sure it was of them: the probability of `score_class`, or of whatever it answered when that is empty.
    None for models that give no probabilities, and for versions registered before scores were counted.

    `surprise`: how unlike the training rows a row must be to count as such, for each share that an owner can choose
    (see `core/deploy/surprise.py`); None where there were too few test rows. Empty for versions from before that.
    """

    columns: tuple[ReferenceColumn, ...]
    prediction: ReferenceColumn
    n_rows: int
    score: ReferenceColumn | None = None
    score_class: str = ""
    surprise: tuple[float | None, ...] = ()


@dataclass(frozen=True)
class ModelVersion:
    """A registered model: a folder in the store, proved by hashes, with who asked and who approved.

    `digest` is the sha256 of the folder's manifest; the approval is for exactly that digest.
    """

    project_id: str
    number: int
    candidate_id: str
    evaluation_id: str
    dataset_id: str
    recipe_id: str
    family: str
    digest: str
    engine: Engine
    engine_reason: str
    status: ModelStatus = "registered"
    requested_by: str = "someone"
    approved_by: str | None = None
    approved_at: datetime | None = None
    mlflow_name: str | None = None
    mlflow_version: str | None = None
    id: str = field(default_factory=new_id)
    created_at: datetime = field(default_factory=utc_now)


@dataclass(frozen=True)
class Challenge:
    """A challenger measured against the champion on the newest labelled rows, which neither learned from.

    `difference` is challenger minus champion, turned so that more is better, with its 95 % interval.
    """

    project_id: str
    job_id: str
    champion_id: str
    challenger_id: str
    dataset_id: str
    n_rows: int
    metric: str
    champion_value: float
    challenger_value: float
    difference: float
    low: float
    high: float
    recommendation: str
    better: bool
    reason: str = ""
    id: str = field(default_factory=new_id)
    created_at: datetime = field(default_factory=utc_now)
