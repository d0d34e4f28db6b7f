"""Pictures of records: one function a record, each returning a plotly Figure. Charts compute nothing."""

from core.charts.alerts import rehearsal
from core.charts.coverage import risk_coverage
from core.charts.drift import drift_by_column, reference_and_current
from core.charts.drift_quadrant import drift_quadrant
from core.charts.drill import drill, mark_simulated
from core.charts.health import health
from core.charts.lineage import before_and_after, lineage
from core.charts.live import arrival, errors, latency, traffic
from core.charts.models import BASELINE, compare, confusion, importance, leaderboard, predicted_against_actual
from core.charts.progress import challenge, laps
from core.charts.quality import History, history, slices
from core.charts.ranking import precision_recall, roc
from core.charts.relations import target_by_group
from core.charts.releases import releases
from core.charts.steps import step_prices
from core.charts.style import name_unit
from core.charts.tables import distribution, lengths
from core.charts.threshold import cost_by_threshold

__all__ = [
    "BASELINE",
    "History",
    "arrival",
    "before_and_after",
    "challenge",
    "compare",
    "confusion",
    "cost_by_threshold",
    "distribution",
    "drift_by_column",
    "drift_quadrant",
    "drill",
    "errors",
    "health",
    "history",
    "importance",
    "laps",
    "latency",
    "leaderboard",
    "lengths",
    "lineage",
    "mark_simulated",
    "name_unit",
    "precision_recall",
    "predicted_against_actual",
    "reference_and_current",
    "rehearsal",
    "releases",
    "risk_coverage",
    "roc",
    "slices",
    "step_prices",
    "target_by_group",
    "traffic",
]
