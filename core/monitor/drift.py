"""Do live rows still look like the rows the model learned from?

In: the reference of a model version (counts in bins) and the live counts in the same bins. Out: a verdict a column
that needs significance AND size, or says how many rows are still missing.
"""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from core import deploy
from core.errors import NotReadyError
from core.monitor.current_window import CurrentWindow, live_counts, read_current_window
from core.monitor.shift import shares, stability_index
from core.monitor.significance import (
    CountPair,
    column_p_values,
    correct_over_columns,
    correct_over_looks,
    rows_needed,
)
from core.monitor.wording import name_bins, say_rows, say_shift
from core.records import ColumnDrift, DriftReport, Reference, ReferenceColumn
from core.records.live import DriftOutcome
from core.store import Store

ALPHA = 0.005
"""Chance that any column of a model version is ever called drifted although nothing moved."""
PSI_FLOOR = 0.02
"""A smaller shift is not worth a word however sure it is: about a seventh of a standard deviation."""
FEWEST_ROWS = 50
"""No verdict on fewer rows: the chi-square test's far tail is not to be trusted there."""
MOST_NAMED = 3


def drift(
    store: Store, project_id: str, *, since: datetime | None = None, model_version_id: str | None = None
) -> DriftReport:
    """Return how live rows and predictions differ from what the model learned from.

    Parameters
    ----------
    since : datetime, optional
        Beginning of the live rows to look at; default: the newest minutes of traffic with at least 2,000 rows.
    model_version_id : str, optional
        Default: the model version that is live.

    Raises
    ------
    NotReadyError
        When no model is live.
    """
    version_id = model_version_id or live_version_id(store, project_id)
    reference = deploy.load_reference(store, version_id)
    current = read_current_window(store, project_id, version_id, since)
    columns, prediction, n_missing = compare_counts(reference, current)
    n_rows = current.total.n_rows if current.total else 0
    return DriftReport(
        project_id=project_id,
        model_version_id=version_id,
        n_rows=n_rows,
        n_rows_missing=n_missing,
        columns=columns,
        prediction=prediction,
        sentence=_summarise(columns, prediction, n_rows, n_missing),
        started_at=current.started_at,
        ended_at=current.ended_at,
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


def compare_counts(reference: Reference, current: CurrentWindow) -> tuple[tuple[ColumnDrift, ...], ColumnDrift, int]:
    """Return the verdict on each input column and on the predictions, and how many more rows allow all verdicts."""
    columns = (*reference.columns, reference.prediction)
    live = [live_counts(current.total, column) for column in reference.columns]
    live.append(live_counts(current.total, reference.prediction, prediction=True))
    pairs = [
        CountPair(np.array(column.counts, np.int64), np.array(counts, np.int64), bool(column.edges))
        for column, counts in zip(columns, live, strict=True)
    ]
    alpha_each = ALPHA / len(pairs) / (current.n_looks * (current.n_looks + 1))
    needed = [max(rows_needed(pair, alpha_each), FEWEST_ROWS) for pair in pairs]
    p_values = _honest_p_values(pairs, current.n_looks)
    found = [
        _judge_column(column, pair, p_value, n_needed)
        for column, pair, p_value, n_needed in zip(columns, pairs, p_values, needed, strict=True)
    ]
    n_missing = max(n_needed - pair.n_current for pair, n_needed in zip(pairs, needed, strict=True))
    return tuple(found[:-1]), found[-1], max(n_missing, 0)


def _honest_p_values(pairs: Sequence[CountPair], n_looks: int) -> list[float | None]:
    """Return p-values corrected over columns and looks; None for columns with too few rows to test."""
    tested = [pair.n_current >= FEWEST_ROWS and pair.n_reference > 0 for pair in pairs]
    usable = [pair for pair, ready in zip(pairs, tested, strict=True) if ready]
    if not usable:
        return [None] * len(pairs)
    corrected = iter(correct_over_looks(correct_over_columns(column_p_values(usable)), n_looks).tolist())
    return [next(corrected) if ready else None for ready in tested]


def _judge_column(column: ReferenceColumn, pair: CountPair, p_value: float | None, n_needed: int) -> ColumnDrift:
    bins = name_bins(column)
    reference_share, current_share = (tuple(shares(counts).tolist()) for counts in (pair.reference, pair.current))
    psi = None if p_value is None else stability_index(pair)
    outcome: DriftOutcome = "stable"
    sentence = f"{column.name}: as it was when the model learnt."
    if p_value is not None and psi is not None and p_value < ALPHA and psi >= PSI_FLOOR:
        outcome, sentence = "drifted", say_shift(column, pair)
    elif pair.n_current < n_needed:
        outcome, sentence = "not_enough_data", _say_missing(column.name, n_needed - pair.n_current)
    return ColumnDrift(column.name, outcome, psi, p_value, sentence, reference_share, current_share, bins)


def _say_missing(name: str, n_missing: int) -> str:
    return f"{name}: {say_rows(n_missing)} more are needed before a change can be told from chance."


def _summarise(columns: Sequence[ColumnDrift], prediction: ColumnDrift, n_rows: int, n_missing: int) -> str:
    drifted = [column for column in columns if column.outcome == "drifted"]
    told = ""
    if drifted:
        most = sorted(drifted, key=lambda column: column.psi or 0.0, reverse=True)
        names = ", ".join(f"'{column.name}'" for column in most[:MOST_NAMED])
        more = f" and {len(most) - MOST_NAMED} more" if len(most) > MOST_NAMED else ""
        told = f"{len(drifted)} of {len(columns)} columns changed since the model learnt: {names}{more}."
    if prediction.outcome == "drifted":
        told = f"{told} The predictions changed: {prediction.sentence}".strip()
    if told:
        return told
    if n_missing:
        return f"Not enough data yet: {say_rows(n_rows)} so far, {n_missing:,} more are needed for a verdict."
    return f"The newest {say_rows(n_rows)} look like those the model learned from."
