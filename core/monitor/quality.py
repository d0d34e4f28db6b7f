"""Is what the live model is asked in order? Gaps, ranges, unknown categories, and requests that were refused.

The same things that the data checks look for in a table, under the same codes, counted by the service as rows come in.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from types import MappingProxyType

from core import collect, deploy
from core.monitor.current_window import CurrentWindow, read_current_window
from core.monitor.drift import live_version_id, watch_columns
from core.monitor.judging import Watched, corrected_p_values
from core.monitor.wording import say_rows, say_share
from core.records import (
    ApiKey,
    CheckOutcome,
    QualityFinding,
    QualityReport,
    RefusedRequests,
    SignalKind,
    Window,
    utc_now,
)
from core.store import Store

CERTAIN = 0.005
WORTH_A_WORD = 0.01
"""Share of the rows by which something must have grown to be a problem rather than worth knowing."""
MOSTLY = 0.5
CODES: MappingProxyType[SignalKind, str] = MappingProxyType({"missing": "FC204", "outside": "FC302", "new": "FC306"})
"""The data check that looks for the same in a table: mostly missing, values far from all others, rare categories."""
WRONG_TYPE = "FC301"
WORDS: MappingProxyType[SignalKind, tuple[str, str]] = MappingProxyType(
    {
        "missing": ("Missing values", "have no value"),
        "outside": ("Values outside all that it learnt from", "lie outside all that the model learnt from"),
        "new": ("Categories never seen", "have a category that the model has never seen"),
    }
)
REASONS = MappingProxyType(
    {
        "bad_value": "the value is of the wrong type",
        "missing_field": "a value is missing that the model needs",
        "unknown_field": "a field is sent that the model does not know",
        "bad_json": "the body is not JSON",
        "bad_body": "the body is not as agreed",
        "bad_row": "a row is not an object",
        "no_rows": "no row is sent",
        "not_finite": "a number is not finite",
        "not_json": "the body is not said to be JSON",
        "duplicate_field": "a field is sent twice",
        "too_large": "the body is too large",
        "too_many_rows": "too many rows are sent at a time",
    }
)


def quality(
    store: Store, project_id: str, *, since: datetime | None = None, now: datetime | None = None
) -> QualityReport:
    """Return what is wrong, or worth knowing, with the live model's newest rows (default: at least 2,000 of them).

    Raises
    ------
    NotReadyError
        When no model is live.
    """
    version_id = live_version_id(store, project_id)
    reference = deploy.load_reference(store, version_id)
    current = read_current_window(store, project_id, version_id, since, now or utc_now())
    watched = watch_columns(reference, current)
    values = corrected_p_values(watched, current.n_looks)
    findings = [
        finding
        for one, p_values in zip(watched, values, strict=True)
        for kind in CODES
        if (finding := _look(one, kind, p_values.get(kind))) is not None
    ]
    refusals = _refusals(store, current.total)
    findings += _wrong_types(refusals, current.total)
    order = {"problem": 0, "note": 1}
    findings.sort(key=lambda one: (order[one.outcome], -(one.share - (one.reference_share or 0.0))))
    return QualityReport(
        project_id,
        version_id,
        current.total.n_rows if current.total else 0,
        current.total.n_requests if current.total else 0,
        tuple(findings),
        refusals,
        _summarise(findings, refusals, current),
        current.started_at,
        current.ended_at,
    )


def _look(one: Watched, kind: SignalKind, p_value: float | None) -> QualityFinding | None:
    """Return what is to be said of one column: a problem when it has certainly grown, a note when it is there."""
    if kind == "new" and one.n_unknown is None:
        return None
    if kind == "outside" and not one.pair.ordered:
        return None
    before, now = one.shares_of(kind)
    if not now:
        return None
    grown = p_value is not None and p_value < CERTAIN and now - before >= WORTH_A_WORD
    outcome: CheckOutcome = "problem" if grown else "note"
    if not grown and now <= before + WORTH_A_WORD and kind == "missing":
        return None  # As when it learnt: the recipe deals with that.
    title, words = WORDS[kind]
    sentence = f"{one.column.name}: {say_share(now)} of rows {words}; when it learnt, {say_share(before)} did."
    n_rows = round(now * one.n_rows)
    return QualityFinding(CODES[kind], title, outcome, sentence, one.column.name, n_rows, now, before)


def _refusals(store: Store, total: Window | None) -> tuple[RefusedRequests, ...]:
    if total is None or not total.refusals:
        return ()
    names = {key.id: key.name for key in store.find(ApiKey)}
    found = []
    for name, n_requests in total.refusals.items():
        key_id, reason, column = name.split("/", 2)
        why = REASONS.get(reason, reason.replace("_", " "))
        where = f" in '{column}'" if column else ""
        key = names.get(key_id, "a key that is gone") if key_id else ""
        who = f" Sent with the key '{key}'." if key else ""
        times = "Once" if n_requests == 1 else f"{n_requests:,} times"
        sentence = f"{times} a request was refused: {why}{where}.{who}"
        found.append(RefusedRequests(reason, sentence, column, key, n_requests))
    return tuple(sorted(found, key=lambda one: -one.n_requests))


def _wrong_types(refusals: Sequence[RefusedRequests], total: Window | None) -> list[QualityFinding]:
    """Return columns in which values of the wrong type were sent, as the check FC301 calls it in a table."""
    counts: Counter[str] = Counter()
    for one in refusals:
        if one.reason == "bad_value" and one.column:
            counts[one.column] += one.n_requests
    n_requests = max(total.n_requests if total else 0, 1)
    title = next(check.title for check in collect.CHECKS if check.code == WRONG_TYPE)
    return [
        QualityFinding(
            WRONG_TYPE,
            title,
            "problem" if n >= WORTH_A_WORD * n_requests else "note",
            f"{column}: in {n:,} of {n_requests:,} requests the value was of the wrong type; they were refused.",
            column,
            n,
            n / n_requests,
        )
        for column, n in counts.items()
    ]


def _summarise(findings: Sequence[QualityFinding], refusals: Sequence[RefusedRequests], current: CurrentWindow) -> str:
    if current.total is None:
        return "Nothing has been asked yet."
    problems = [finding for finding in findings if finding.outcome == "problem"]
    n_refused = sum(one.n_requests for one in refusals)
    told = [finding.sentence for finding in problems[:2]]
    if len(problems) > len(told):
        told.append(f"And {len(problems) - len(told)} more.")
    if n_refused:
        told.append(f"{n_refused:,} of {current.total.n_requests:,} requests were refused for what was in them.")
    return " ".join(told) or f"The newest {say_rows(current.total.n_rows)} are in order."
