"""Do live rows still look like the rows the model learned from?

In: the reference of a model version (counts in bins) and the live counts in the same bins. Out: a verdict a column
that needs significance AND size, or says how many rows are still missing, weighted by how much the model leans on it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from core import deploy
from core.errors import NotReadyError
from core.monitor.current_window import CurrentWindow, live_counts, read_current_window
from core.monitor.judging import Watched, judge
from core.monitor.significance import CountPair
from core.monitor.wording import say_rows, say_share
from core.records import (
    ColumnDrift,
    DriftReport,
    Evaluation,
    ModelVersion,
    Reference,
    ReferenceColumn,
    Window,
    utc_now,
)
from core.store import Store

FEWEST_EARLIER = 500
"""Earlier rows of the same version that ages of dates are compared with."""
MOST_NAMED = 3


@dataclass(frozen=True)
class Comparison:
    """The verdicts on all columns, on the predictions and on how sure the model was; how many rows allow all."""

    columns: tuple[ColumnDrift, ...]
    prediction: ColumnDrift
    score: ColumnDrift | None
    n_missing: int


def drift(
    store: Store,
    project_id: str,
    *,
    since: datetime | None = None,
    model_version_id: str | None = None,
    now: datetime | None = None,
) -> DriftReport:
    """Return how live rows and predictions differ from what the model learned from.

    Parameters
    ----------
    since : datetime, optional
        Beginning of the live rows to look at; default: the newest minutes of traffic with at least 2,000 rows.
    model_version_id : str, optional
        Default: the model version that is live.
    now : datetime, optional
        Rows that bear a later moment are left out and counted; default: the present.

    Raises
    ------
    NotReadyError
        When no model is live.
    """
    version_id = model_version_id or live_version_id(store, project_id)
    reference = deploy.load_reference(store, version_id)
    current = read_current_window(store, project_id, version_id, since, now or utc_now())
    found = compare_counts(reference, current, model_importance(store, version_id))
    n_rows = current.total.n_rows if current.total else 0
    weight = _importance_drifted(found.columns)
    return DriftReport(
        project_id=project_id,
        model_version_id=version_id,
        n_rows=n_rows,
        n_rows_missing=found.n_missing,
        columns=found.columns,
        prediction=found.prediction,
        sentence=_summarise(found, n_rows, weight),
        started_at=current.started_at,
        ended_at=current.ended_at,
        score=found.score,
        importance_drifted=weight,
        n_looks=current.n_looks,
        n_rows_future=current.n_rows_future,
    )


def live_version_id(store: Store, project_id: str) -> str:
    """Return the id of the live model version.

    Raises
    ------
    NotReadyError
        When no model is live.
    """
    deployment = store.releases.current(project_id)
    if deployment is None:
        raise NotReadyError("No model is live, so there is nothing to watch.", "Promote a model on Deploy first.")
    return deployment.model_version_id


def model_importance(store: Store, model_version_id: str) -> dict[str, float]:
    """Return each column's part of all that a model leans on, in [0, 1], adding up to 1; empty when not measured.

    From the permutation importance on the test rows; a column whose shuffling did no harm has no part.
    """
    evaluation = store.get(Evaluation, store.get(ModelVersion, model_version_id).evaluation_id)
    losses = {one.column: max(one.mean, 0.0) for one in evaluation.importance}
    total = sum(losses.values())
    return {name: loss / total for name, loss in losses.items()} if total > 0 else {}


def compare_counts(
    reference: Reference, current: CurrentWindow, importance: Mapping[str, float] | None = None
) -> Comparison:
    """Return the verdict on each input column, on the predictions and on the scores."""
    total = current.total
    watched = watch_columns(reference, current, importance)
    watched.append(_watch_answers(reference.prediction, live_counts(total, reference.prediction, prediction=True)))
    n_columns = len(reference.columns)
    if reference.score is not None and total is not None and any(total.scores):
        watched.append(_watch_answers(reference.score, total.scores))
    found = judge(watched, current.n_looks)
    n_missing = max(one.n_rows_missing for one in found)
    score = found[n_columns + 1] if len(found) > n_columns + 1 else None
    return Comparison(tuple(found[:n_columns]), found[n_columns], score, n_missing)


def watch_columns(
    reference: Reference, current: CurrentWindow, importance: Mapping[str, float] | None = None
) -> list[Watched]:
    """Return each input column with all that is counted of it."""
    return [_watch(column, current, importance or {}) for column in reference.columns]


def _watch(column: ReferenceColumn, current: CurrentWindow, importance: Mapping[str, float]) -> Watched:
    total, counts = current.total, np.array(live_counts(current.total, column), np.int64)
    n_newer = 0
    if column.kind == "date" and column.edges:
        n_newer, counts[-2] = int(counts[-2]), 0
    return Watched(
        column,
        CountPair(np.array(column.counts, np.int64), counts, bool(column.edges)),
        n_unknown=None if column.n_unknown is None or total is None else total.unknown.get(column.name, 0),
        ages=_ages(column, total, current.earlier),
        moments=total.moments.get(column.name, ()) if total else (),
        n_newer=n_newer,
        importance=importance.get(column.name, 0.0) if importance else None,
    )


def _watch_answers(column: ReferenceColumn, counts: Sequence[int]) -> Watched:
    return Watched(column, CountPair(np.array(column.counts, np.int64), np.array(counts, np.int64), bool(column.edges)))


def _ages(column: ReferenceColumn, total: Window | None, earlier: Window | None) -> CountPair | None:
    """Return the ages of a column's dates in earlier rows and now, where there are enough of both."""
    before, now = (part.ages.get(column.name, ()) if part else () for part in (earlier, total))
    if sum(before) < FEWEST_EARLIER or not sum(now):
        return None
    return CountPair(np.array((*before, 0), np.int64), np.array((*now, 0), np.int64), ordered=True)


def _importance_drifted(columns: Sequence[ColumnDrift]) -> float | None:
    if not any(column.importance for column in columns):
        return None
    return min(sum(column.importance or 0.0 for column in columns if column.outcome == "drifted"), 1.0)


def _summarise(found: Comparison, n_rows: int, weight: float | None) -> str:
    drifted = [column for column in found.columns if column.outcome == "drifted"]
    told = []
    if drifted:
        most = sorted(drifted, key=lambda column: (column.importance or 0.0, column.psi or 0.0), reverse=True)
        names = ", ".join(f"'{column.name}'" for column in most[:MOST_NAMED])
        more = f" and {len(most) - MOST_NAMED} more" if len(most) > MOST_NAMED else ""
        told.append(f"{len(drifted)} of {len(found.columns)} columns changed since the model learnt: {names}{more}.")
    if drifted and weight is not None:
        which = "It carries" if len(drifted) == 1 else "Together they carry"
        told.append(f"{which} {say_share(weight)} of what the model leans on.")
    if found.prediction.outcome == "drifted":
        told.append(f"The predictions changed: {found.prediction.sentence}")
    if found.score is not None and found.score.outcome == "drifted":
        told.append(f"How sure the model is changed: {found.score.sentence}")
    if told:
        return " ".join(told)
    if found.n_missing:
        return f"Not enough data yet: {say_rows(n_rows)} so far, {found.n_missing:,} more are needed for a verdict."
    return f"The newest {say_rows(n_rows)} look like those the model learned from."
