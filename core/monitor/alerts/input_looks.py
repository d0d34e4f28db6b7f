"""Looks at the questions: have they changed, are values missing or unknown? All columns of a cause in one finding."""

from collections.abc import Sequence

from core.monitor.alerts.scene import Scene
from core.monitor.current_window import CurrentWindow, live_counts
from core.monitor.drift import compare_counts
from core.monitor.judging import FEWEST_ROWS
from core.monitor.wording import say_share
from core.records import AlertEvidence, AlertRule, ColumnDrift, Json, ReferenceColumn

MOST_SENTENCES = 5
MOST_NAMED = 3


def look_for_drift(scene: Scene, rule: AlertRule) -> AlertEvidence | None:
    """Return which columns have clearly changed, loud when the model relies on them."""
    current = scene.traffic.current(scene.now)
    verdicts = compare_counts(scene.reference, current, scene.importance)
    prediction = verdicts.prediction
    drifted = [column for column in verdicts.columns if column.outcome == "drifted" and column.name not in scene.told]
    drifted.sort(key=lambda column: (-scene.importance.get(column.name, 0.0), -(column.psi or 0.0)))
    found = [*drifted, prediction] if prediction.outcome == "drifted" else drifted
    if not found:
        return None
    weight = sum(scene.importance.get(column.name, 0.0) for column in drifted)
    loud = prediction in found or not scene.importance or weight >= (rule.threshold or 0.0)
    return AlertEvidence(
        f"The questions have changed: {_name(drifted)}" if drifted else "The predictions have changed",
        " ".join([*(column.sentence for column in found[:MOST_SENTENCES]), *_say_weight(scene, drifted, weight)]),
        "warning" if loud else "info",
        {"columns": [_figures(scene, column) for column in found], "weight": weight, **_span(current)},
        scene.now,
    )


def drift_level(scene: Scene) -> float | None:
    """Return the greatest PSI of a column now, whether it is significant or not; None without enough rows."""
    verdicts = compare_counts(scene.reference, scene.traffic.current(scene.now))
    known = [column.psi for column in verdicts.columns if column.psi is not None]
    return max(known) if known else None


def look_for_missing(scene: Scene, rule: AlertRule) -> AlertEvidence | None:
    """Return in which columns more values are missing or unknown than when the model learnt."""
    current = scene.traffic.current(scene.now)
    if current.total is None or current.total.n_rows < FEWEST_ROWS:
        return None
    gaps = [(column, *_gap_shares(column, current)) for column in scene.reference.columns]
    found = [(column, before, now) for column, before, now in gaps if now - before >= (rule.threshold or 0.0)]
    found.sort(key=lambda gap: gap[1] - gap[2])
    if not found:
        return None
    told = [
        f"{column.name}: {say_share(now)} of the values are missing or unknown; when the model learnt, "
        f"{say_share(before)} were."
        for column, before, now in found[:MOST_SENTENCES]
    ]
    columns = [{"name": column.name, "before": before, "now": now} for column, before, now in found]
    return AlertEvidence(
        f"Values are missing or unknown: {_name([column for column, _, _ in found])}",
        " ".join(told),
        "warning",
        {"columns": columns, **_span(current)},
        scene.now,
    )


def missing_level(scene: Scene) -> float | None:
    """Return by how much the share of missing or unknown values has grown in the worst column."""
    current = scene.traffic.current(scene.now)
    if current.total is None or current.total.n_rows < FEWEST_ROWS:
        return None
    gaps = (_gap_shares(column, current) for column in scene.reference.columns)
    return max((now - before for before, now in gaps), default=None)


def _gap_shares(column: ReferenceColumn, current: CurrentWindow) -> tuple[float, float]:
    """Return the share of missing and, of categories, unknown values when the model learnt and now."""
    live = live_counts(current.total, column)
    n_before, n_now = column.counts[-1] + (column.n_unknown or 0), live[-1]
    if column.known is not None and current.total is not None:
        n_now += current.total.unknown.get(column.name, 0)
    return n_before / max(sum(column.counts), 1), n_now / max(sum(live), 1)


def _name(columns: Sequence[ColumnDrift | ReferenceColumn]) -> str:
    names = ", ".join(column.name for column in columns[:MOST_NAMED])
    return names + (" and more" if len(columns) > MOST_NAMED else "")


def _say_weight(scene: Scene, drifted: Sequence[ColumnDrift], weight: float) -> list[str]:
    if not scene.importance or not drifted:
        return []
    subject = "this column" if len(drifted) == 1 else "these columns"
    return [f"The model has {say_share(weight)} of what it knows from {subject}."]


def _figures(scene: Scene, column: ColumnDrift) -> Json:
    figures: Json = {"name": column.name, "psi": column.psi, "p_value": column.p_value, "sentence": column.sentence}
    return figures | {"importance": scene.importance.get(column.name)}


def _span(current: CurrentWindow) -> Json:
    started, ended = current.started_at, current.ended_at
    return {
        "n_rows": current.total.n_rows if current.total else 0,
        "started_at": started.isoformat() if started else None,
        "ended_at": ended.isoformat() if ended else None,
    }
