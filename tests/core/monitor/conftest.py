"""Live counts with a known truth: a reference made of rows, and windows counted from other rows."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from core import deploy
from core.monitor.current_window import CurrentWindow
from core.records import (
    Column,
    Evaluation,
    MetricEstimate,
    ModelVersion,
    Objective,
    Prediction,
    Project,
    Prototype,
    Recipe,
    RecipeStep,
    Reference,
    Release,
    Split,
    Verdict,
    Window,
)
from core.store import Store, record_to_json

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
KINDS = {"float64": "number", "int64": "number", "str": "category", "datetime64[us]": "date"}


def make_reference(frame: pd.DataFrame, predictions: list[str] | list[float]) -> Reference:
    """Return the reference of a model that learned from these rows, by the product's own function."""
    columns = tuple(Column(str(name), KINDS[str(kind)], "") for name, kind in frame.dtypes.items())
    encoded = tuple(column.name for column in columns if column.kind == "category")
    task = "binary" if isinstance(predictions[0], str) else "regression"
    target = Column("y", "category" if task == "binary" else "number", "")
    dates = tuple(column.name for column in columns if column.kind == "date")
    steps = (RecipeStep("encode_few", "encode", "", "", encoded), RecipeStep("dates", "dates", "", "", dates))
    recipe = Recipe("p", "d", "y", task, steps, Split(), (*columns, target))
    return deploy.build_reference(recipe, frame, predictions)


def make_window(
    reference: Reference, frame: pd.DataFrame, predictions: list[str] | list[float], minute: int = 0
) -> Window:
    """Return the counts of live rows as the service makes them."""
    return Window(
        project_id="p",
        model_version_id="m",
        started_at=START + timedelta(minutes=minute),
        n_requests=len(frame),
        n_rows=len(frame),
        **deploy.count_table(reference, frame).__dict__,
        predictions=deploy.count_predictions(reference, predictions),
    )


def count_minutes(predictions: Sequence[Prediction]) -> list[Window]:
    """Return the windows that the service would have written with these predictions, without their bins."""
    minutes = Counter(
        (one.project_id, one.model_version_id, one.predicted_at.replace(second=0, microsecond=0)) for one in predictions
    )
    return [Window(*key, n_requests=n_rows, n_rows=n_rows) for key, n_rows in sorted(minutes.items())]


def as_current(window: Window, n_looks: int = 1) -> CurrentWindow:
    return CurrentWindow(window, n_looks, window.started_at, window.started_at + timedelta(minutes=1))


@pytest.fixture
def make_live(store: Store) -> Callable[..., ModelVersion]:
    """A function that makes a model version live that has only what monitoring reads: reference, prototype, test."""

    def make(
        reference: Reference, *, task: str = "binary", metric: str = "accuracy", tested: float = 0.9, number: int = 1
    ) -> ModelVersion:
        if not store.count(Project, id="p"):
            store.add(Project("Live", "live", id="p"))
        estimate = MetricEstimate(metric, metric, tested, tested - 0.03, tested + 0.03)
        evaluation = store.add(Evaluation("p", "r", "c", "d", 500, (estimate,), Verdict("no_objective", "")))
        model = store.add(
            ModelVersion("p", number, f"c{number}", evaluation.id, "d", "r", "linear", "0", "onnx", "", "approved")
        )
        classes = ("no", "yes") if task == "binary" else ()
        folder = store.files.model(model.id)
        folder.mkdir()
        (folder / "reference.json").write_text(record_to_json(reference))
        (folder / "prototype.json").write_text(record_to_json(Prototype("y", task, (), classes)))
        live = store.releases.current("p")
        seen = live.generation if live else 0
        release = Release("p", model.id, seen + 1, "promote", "Bert")
        store.releases.swap(release, seen_generation=seen, now=START)
        store.add(Objective("p", target="y", task=task, metric=metric))
        return model

    return make
