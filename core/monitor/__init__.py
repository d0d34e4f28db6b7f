"""Is the model still working? Traffic, drift of inputs and predictions, realised performance, alerts."""

from core.monitor.alerts import acknowledge_alert, check_alerts, list_alerts
from core.monitor.drift import PSI_FLOOR, drift
from core.monitor.performance import performance
from core.monitor.traffic import traffic

__all__ = [
    "PSI_FLOOR",
    "acknowledge_alert",
    "check_alerts",
    "drift",
    "list_alerts",
    "performance",
    "traffic",
]
