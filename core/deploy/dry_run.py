"""What a model did on test rows, as far as rules look at it; written into its folder when it is handed in."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from core.deploy.answers import Answers
from core.deploy.prototype import request_rows, unusual_in
from core.deploy.surprise import Surprise
from core.prepare import label_text
from core.records import DryRun, Json, ModelVersion, Prototype, Reference
from core.store import Store, record_from_json, record_to_json

DRY_RUN = "dry_run.json"
MOST_ROWS = 2_000


def choose_test_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """Return at most 2,000 of the test rows, drawn at random but always the same."""
    return frame.sample(min(len(frame), MOST_ROWS), random_state=2)


def run_dry(prototype: Prototype, reference: Reference, rows: pd.DataFrame, answers: Answers) -> DryRun:
    """Return what the model did on rows whose truth is known.

    Parameters
    ----------
    rows : DataFrame of shape (n, at least the prototype's columns and the target)
        Test rows.
    answers : Answers
        What the model says about them.
    """
    asked = request_rows(prototype, rows)
    truth = rows[prototype.target].tolist()
    surprise = Surprise(reference)
    unusual = [(column.name, column.kind, unusual_in(column)) for column in prototype.columns]

    def has_unusual(row: Json, *, category: bool) -> bool:
        return any(
            row[name] is not None and find(row[name])
            for name, kind, find in unusual
            if (kind == "category") == category
        )

    numbers = prototype.task == "regression"
    return DryRun(
        n_rows=len(asked),
        confidence=confidences(answers, len(asked)),
        right=() if numbers else tuple(map(_is_right, truth, answers.predictions)),
        errors=tuple(abs(float(a) - float(b)) for a, b in zip(truth, answers.predictions, strict=True))
        if numbers
        else (),
        surprise=tuple(surprise.of(row) for row in asked),
        unknown_category=tuple(has_unusual(row, category=True) for row in asked),
        out_of_range=tuple(has_unusual(row, category=False) for row in asked),
        missing={column.name: _missing_in(asked, column.name) for column in prototype.columns if not column.required},
    )


def confidences(answers: Answers, n_rows: int) -> tuple[float | None, ...]:
    """Return the probability of what was answered to each row; None where the model gives none."""
    if answers.probabilities is None:
        return (None,) * n_rows
    return tuple(row[str(said)] for row, said in zip(answers.probabilities, answers.predictions, strict=True))


def _is_right(truth: Any, answer: Any) -> bool:
    return label_text(truth) == label_text(answer)


def _missing_in(rows: Sequence[Json], name: str) -> tuple[int, ...]:
    return tuple(position for position, row in enumerate(rows) if row[name] is None)


def write_dry_run(folder: Path, dry_run: DryRun) -> None:
    """Write it beside the model."""
    (folder / DRY_RUN).write_text(record_to_json(dry_run), encoding="utf-8")


def load_dry_run(store: Store, model_version_id: str) -> DryRun | None:
    """Return it; None for a version that was handed in before dry runs were written.

    Raises
    ------
    NotFoundError
        When there is no such version.
    """
    path = store.files.model(store.get(ModelVersion, model_version_id).id) / DRY_RUN
    return record_from_json(DryRun, path.read_text(encoding="utf-8")) if path.exists() else None
