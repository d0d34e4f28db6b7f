"""A stream as a project: a model learnt from its first rows is live, the others are played window by window."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from benchmarks.streams.index import StreamFile
from benchmarks.streams.oracle import without_concept_change
from core import collect, deploy, monitor, plan, prepare
from core.errors import LifecycleError
from core.evaluate import ScoredRows, score_predictions
from core.records import Evaluation, Label, LabelRecord, ModelVersion, Recipe, Split, TrainingRun, new_id
from core.serve.log_entry import LogEntry, count_entries
from core.store import Store
from tests.model_worlds import World, promote, register

START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
STEP = timedelta(hours=1)
"""From window to window: longer than an alert waits before it is called over, so that each false one counts."""
N_LOOKED_AT = 20
"""Newest windows that are estimated, as many as the page of monitoring shows."""
LEARN_SHARE = 0.3
TEST_SHARE = 0.3
MOST_WINDOWS = 40
FEWEST_ROWS = 100
FAMILY = "random_forest"
METRICS = {"binary": "accuracy", "multiclass": "accuracy", "regression": "neg_mean_absolute_error"}
LEAK_CODES = ("FC402",)


@dataclass
class PlayedWindow:
    """One window of a stream: its true metric, what was estimated without its labels, and what alarm was open.

    `chance` is the standard error of the true metric in so few rows; `trusted`: whether the estimate was said to be
    reliable once the window's own labels had come; `alarm` is what was said, empty without an alarm.
    """

    number: int
    n_rows: int
    truth: float
    chance: float
    estimated: float | None = None
    trusted: bool = True
    alarm: str = ""


@dataclass
class Stream:
    """A stream with its live model and the windows played so far."""

    file: StreamFile
    store: Store
    project_id: str
    model: ModelVersion
    metric: str
    tested: float
    rest: pd.DataFrame
    test: pd.DataFrame
    windows: list[PlayedWindow] = field(default_factory=list)

    @property
    def target(self) -> str:
        """The column that is predicted."""
        return deploy.load_prototype(self.store, self.model.id).target

    @property
    def lower_is_better(self) -> bool:
        """Whether the metric is an error."""
        return not plan.metric(self.metric).greater_is_better


def open_stream(store: Store, file: StreamFile, path: Path, *, still: bool = False) -> Stream:
    """Read a file, learn from its first 30 %, test on the newest of those, and make the model live.

    `still`: the truth is drawn anew from one oracle, so that inputs drift but what they say of the truth stays.
    """
    table, _ = collect.read_table(path, file.name)
    table = _in_time_order(table, file)
    if still:
        table = without_concept_change(table, file.target, learn_share=LEARN_SHARE)
    n_learnt = int(len(table) * LEARN_SHARE)
    project = plan.create_project(store, Path(file.name).stem[:60], by="Ada")
    dataset = collect.add_table(
        store, project.id, table.slice(0, n_learnt), filename=file.name, by="Ada", source="upload"
    )
    target = next(name for name in dataset.column_names if name == file.target)
    task = plan.recognise_task(collect.load_frame(store, dataset.id, columns=[target])[target]).task
    metric = METRICS[task]
    plan.change_objective(store, project.id, by="Ada", target=target, task=task, metric=metric)
    recipe = _recipe(store, project.id, dataset.id)
    run = store.add(TrainingRun(project.id, dataset.id, recipe.id, metric, (FAMILY,), status="done"))
    model = register(store, World(project, recipe, run, pd.DataFrame()), FAMILY)
    promote(store, deploy.approve_model(store, model.id, by="Bert"))
    everything = collect.add_table(
        store, project.id, table, filename=file.name, by="Ada", source="upload", role="stream"
    )
    rest = collect.load_frame(store, everything.id, start=n_learnt)
    tested = next(one.value for one in store.get(Evaluation, model.evaluation_id).metrics if one.name == metric)
    rest = rest[rest[target].notna()].reset_index(drop=True)
    return Stream(file, store, project.id, model, metric, tested, rest, prepare.split_rows(store, recipe).test)


def _in_time_order(table: pa.Table, file: StreamFile) -> pa.Table:
    names = [name for name in file.time.split(",") if name in table.column_names]
    return table.sort_by([(name, "ascending") for name in names]) if len(names) == 1 else table


def _recipe(store: Store, project_id: str, dataset_id: str) -> Recipe:
    """Return the proposed recipe without what the checks call a leak, tested on the newest rows."""
    recipe = prepare.propose_recipe(store, project_id, by="Ada")
    report = collect.run_checks(store, dataset_id, target=recipe.target, task=recipe.task)
    for result in report.results:
        for fix in result.fixes:
            if result.code in LEAK_CODES and result.outcome == "problem" and fix.kind == "leave_out":
                with suppress(LifecycleError):
                    recipe = prepare.apply_fix(recipe, fix, code=result.code)
    recipe = prepare.change_split(recipe, Split("time", test_share=TEST_SHARE))
    return prepare.save_recipe(store, recipe)


def play(stream: Stream) -> None:
    """Play the rest of a stream: each window is asked, estimated, then labelled, and monitoring looks."""
    loaded = deploy.load_model(stream.store, stream.model.id)
    n_windows = max(2, min(MOST_WINDOWS, len(stream.rest) // FEWEST_ROWS))
    borders = np.linspace(0, len(stream.rest), n_windows + 1).astype(int)
    for number, (start, end) in enumerate(pairwise(borders)):
        rows = stream.rest.iloc[start:end]
        answers = loaded.predict(rows)
        truth = rows[stream.target]
        at = START + number * STEP
        entries = _ask(stream, loaded, rows, answers, at)
        predictions = [prediction for entry in entries for prediction in entry.to_predictions()]
        stream.store.log.append(predictions, count_entries(entries))
        window = PlayedWindow(number, len(rows), *true_metric(stream, truth, answers))
        window.estimated, _ = _look(stream, at)
        pairs = zip(predictions, truth, strict=True)
        labels = [LabelRecord(one.id, stream.project_id, plain_label(value)) for one, value in pairs]
        stream.store.log.add_labels(labels)
        _, window.trusted = _look(stream, at)
        monitor.check_alerts(stream.store, stream.project_id, now=at + MINUTE)
        alerts = monitor.list_alerts(stream.store, stream.project_id)
        opened = [alert for alert in alerts if alert.kind == "accuracy" and alert.state not in ("pending", "resolved")]
        window.alarm = (opened[0].newest or opened[0]).message if opened else ""
        stream.windows.append(window)


def _ask(
    stream: Stream, loaded: deploy.LoadedModel, rows: pd.DataFrame, answers: deploy.Answers, at: datetime
) -> list[LogEntry]:
    """Return the log's entries of a window, its rows spread over a minute as if they had come one after the other."""
    questions = deploy.request_rows(loaded.prototype, rows)
    return [
        LogEntry(
            stream.project_id,
            stream.model.id,
            loaded.reference,
            "answered",
            1.0,
            new_id(),
            (new_id(),),
            (question,),
            (answers.predictions[place],),
            None if answers.probabilities is None else (answers.probabilities[place],),
            at=at + MINUTE * (place / len(questions)),
        )
        for place, question in enumerate(questions)
    ]


def _look(stream: Stream, at: datetime) -> tuple[float | None, bool]:
    """Return what is estimated for the newest window, and whether the report says it may be believed."""
    report = monitor.estimate(stream.store, stream.project_id, n_points=N_LOOKED_AT * 2, newest=N_LOOKED_AT)
    newest = next((point for point in reversed(report.points) if point.started_at == at), None)
    return (newest.value if newest else None), report.trust != "unreliable"


def true_metric(stream: Stream, truth: "pd.Series[Any]", answers: deploy.Answers) -> tuple[float, float]:
    """Return the metric over all rows of a window, their labels known, and its standard error."""
    if stream.lower_is_better:
        rows = ScoredRows(truth.to_numpy(dtype=float), np.array(answers.predictions, dtype=float))
        of_rows = np.abs(rows.truth - rows.answers)
    else:
        texts = np.array([prepare.label_text(plain_label(value)) for value in truth], dtype=object)
        rows = ScoredRows(texts, np.array([prepare.label_text(one) for one in answers.predictions], dtype=object))
        of_rows = (rows.truth == rows.answers).astype(float)
    return score_predictions(stream.metric, rows), float(of_rows.std() / np.sqrt(len(of_rows)))


def plain_label(value: Any) -> Label:
    """Return a value of a table as a label."""
    plain: Label = value.item() if hasattr(value, "item") else value
    return plain
