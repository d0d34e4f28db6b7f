"""Is the model still working? Traffic, drift of inputs and predictions, realised performance, alerts."""

from core.monitor.alerts import acknowledge_alert, check_alerts, list_alerts
from core.monitor.drift import PSI_FLOOR, drift
from core.monitor.performance import performance
from core.monitor.retention import LONGEST_DAYS, remove_expired, retention_days, set_retention
from core.monitor.traffic import traffic

__all__ = [
    "LONGEST_DAYS",
    "PSI_FLOOR",
    "acknowledge_alert",
    "check_alerts",
    "drift",
    "list_alerts",
    "performance",
    "remove_expired",
    "retention_days",
    "set_retention",
    "traffic",
]
