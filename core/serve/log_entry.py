"""What is remembered of one request, and how entries become predictions and windows of counts."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import numpy as np
import pydantic_core

from core.deploy import RowCounts, count_live_rows, count_predictions, count_scores
from core.records import (
    KEY_COUNTS,
    LATENCY_EDGES_MS,
    Json,
    Label,
    Prediction,
    Reference,
    ReferenceColumn,
    Referral,
    Window,
    utc_now,
)
from core.serve.rules import Abstained

WindowKey = tuple[str, str, datetime]
"""Project, model version, minute."""


@dataclass(frozen=True)
class LogEntry:
    """One request to predict: what was asked and answered, or that it was refused or failed.

    The outcome "dropped" stands for rows of several requests that were answered but not logged.
    """

    project_id: str
    model_version_id: str
    reference: Reference
    outcome: Literal["answered", "refused", "failed", "dropped"]
    latency_ms: float
    request_id: str = ""
    ids: tuple[str, ...] = ()
    rows: tuple[Json, ...] = ()
    predictions: tuple[Label, ...] = ()
    probabilities: tuple[dict[str, float], ...] | None = None
    simulated: bool = False
    at: datetime = field(default_factory=utc_now)
    refusal: str = ""
    """Why a request was refused, by `refusal_key`."""
    n_dropped: int = 0
    abstained: Abstained = field(default_factory=dict)
    rules_id: str = ""
    """By which rules abstained rows wait for a person; empty where none is there to answer them."""
    key_id: str = ""
    """By which key it was asked, empty where none was needed."""

    @property
    def window_key(self) -> WindowKey:
        """The window the entry is counted in: project, model version, minute."""
        return self.project_id, self.model_version_id, self.at.replace(second=0, microsecond=0)

    def to_predictions(self) -> list[Prediction]:
        """Return a record for each answered row."""
        return [
            Prediction(
                project_id=self.project_id,
                model_version_id=self.model_version_id,
                request_id=self.request_id,
                inputs=self.rows[position],
                prediction=self.predictions[position],
                probabilities=self.probabilities[position] if self.probabilities else None,
                latency_ms=self.latency_ms,
                simulated=self.simulated,
                abstained=position in self.abstained,
                id=prediction_id,
                predicted_at=self.at,
            )
            for position, prediction_id in enumerate(self.ids)
        ]

    def to_referrals(self) -> list[Referral]:
        """Return a record for each row that a person shall answer."""
        if not self.rules_id:
            return []
        return [
            Referral(
                self.ids[position], self.project_id, self.model_version_id, self.rules_id, reasons, referred_at=self.at
            )
            for position, reasons in self.abstained.items()
        ]


ENDING: tuple[Any, ...] = ("", 0, {}, "", "")
"""What earlier versions did not write at the end of a line."""


def entry_to_line(entry: LogEntry) -> bytes:
    """Return an entry as a line of the journal: everything but the reference, which lies beside the model."""
    content = (
        entry.project_id,
        entry.model_version_id,
        entry.outcome,
        entry.latency_ms,
        entry.request_id,
        entry.ids,
        entry.rows,
        entry.predictions,
        entry.probabilities,
        entry.simulated,
        entry.at.isoformat(),
        entry.refusal,
        entry.n_dropped,
        dict(entry.abstained),
        entry.rules_id,
        entry.key_id,
    )
    return pydantic_core.to_json(content, inf_nan_mode="null") + b"\n"


def entry_from_line(line: bytes, find_reference: Callable[[str], Reference]) -> LogEntry:
    """Read an entry back; `find_reference` gives the reference of a model version.

    Raises
    ------
    ValueError
        When the line is none of ours.
    LifecycleError
        What `find_reference` raises.
    """
    project_id, model_version_id, outcome, latency_ms, request_id, *answered = pydantic_core.from_json(line)
    # Lines of earlier versions are shorter.
    ids, rows, predictions, probabilities, simulated, at = answered[:6]
    more: list[Any] = answered[6:]
    refusal, n_dropped, abstained, rules_id, key_id = [*more, *ENDING[len(more) :]]
    return LogEntry(
        project_id,
        model_version_id,
        find_reference(model_version_id),
        outcome,
        latency_ms,
        request_id,
        tuple(ids),
        tuple(rows),
        tuple(predictions),
        None if probabilities is None else tuple(probabilities),
        simulated,
        datetime.fromisoformat(at),
        refusal,
        n_dropped,
        {int(position): tuple(reasons) for position, reasons in abstained.items()},
        rules_id,
        key_id,
    )


def count_entries(entries: Sequence[LogEntry]) -> list[Window]:
    """Return the counts of many entries, one window a minute and model version."""
    together: defaultdict[WindowKey, list[LogEntry]] = defaultdict(list)
    for entry in entries:
        together[entry.window_key].append(entry)
    return [_count_window(key, together[key]) for key in sorted(together)]


def _count_window(key: WindowKey, entries: list[LogEntry]) -> Window:
    """Count entries of one window. All rows are binned at once: that costs little more than binning one."""
    project_id, model_version_id, started_at = key
    asked = [entry for entry in entries if entry.outcome != "dropped"]
    answered = [entry for entry in asked if entry.outcome == "answered"]
    rows = [row for entry in answered for row in entry.rows]
    predictions = [prediction for entry in answered for prediction in entry.predictions]
    probabilities = [one for entry in answered for one in entry.probabilities or ()]
    asked_at = [entry.at.timestamp() for entry in answered for _ in entry.rows]
    bins = np.searchsorted(LATENCY_EDGES_MS, [entry.latency_ms for entry in asked], side="left")
    latency = np.bincount(bins, minlength=len(LATENCY_EDGES_MS) + 1)
    reference = entries[0].reference
    counts = count_live_rows(reference, rows, asked_at) if rows else RowCounts()
    return Window(
        project_id=project_id,
        model_version_id=model_version_id,
        started_at=started_at,
        n_requests=len(asked),
        n_rows=len(rows),
        n_refused=sum(entry.outcome == "refused" for entry in entries),
        n_errors=sum(entry.outcome == "failed" for entry in entries),
        n_dropped=sum(entry.n_dropped for entry in entries),
        n_abstained=sum(len(entry.abstained) for entry in entries),
        latency=tuple(int(count) for count in latency),
        **counts.__dict__,
        predictions=count_predictions(reference, predictions) if rows else (),
        scores=count_scores(reference, probabilities) if probabilities else (),
        refusals=dict(Counter(entry.refusal for entry in entries if entry.refusal)),
        keys=_count_by_key(asked, bins.tolist()),
    )


def _count_by_key(asked: Sequence[LogEntry], bins: Sequence[int]) -> dict[str, tuple[int, ...]]:
    """Return the counts of requests with a key; `bins` are those of their latencies."""
    found: defaultdict[str, list[int]] = defaultdict(lambda: [0] * (len(KEY_COUNTS) + len(LATENCY_EDGES_MS) + 1))
    for entry, place in zip(asked, bins, strict=True):
        if not entry.key_id:
            continue
        counts = found[entry.key_id]
        one = (1, len(entry.rows), entry.outcome == "refused", entry.outcome == "failed", len(entry.abstained))
        for number, n in enumerate(one):
            counts[number] += n
        counts[len(KEY_COUNTS) + place] += 1
    return {key_id: tuple(counts) for key_id, counts in found.items()}


def drop_entry(project_id: str, model_version_id: str, n_rows: int) -> LogEntry:
    """Return the entry that says so many rows were answered but not logged."""
    nothing = Reference((), ReferenceColumn("", "number"), 0)
    return LogEntry(project_id, model_version_id, nothing, "dropped", 0.0, n_dropped=n_rows)
