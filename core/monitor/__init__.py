"""Is the model still working? Traffic, drift of inputs and predictions, realised performance, alerts."""

from core.monitor.alerts import (
    REHEARSED,
    RULES,
    Watcher,
    acknowledge_alert,
    alert_history,
    change_rule,
    check_alerts,
    list_alerts,
    list_rules,
    rehearse_rule,
    reopen_alert,
    resolve_alert,
    rule_history,
    say_limit,
    say_rule,
    silence_alert,
)
from core.monitor.challengers import compare_challengers
from core.monitor.drift import drift
from core.monitor.drift_history import drift_history
from core.monitor.estimate import estimate
from core.monitor.folding import fold_windows
from core.monitor.health import health
from core.monitor.judging import PSI_FLOOR
from core.monitor.label_file import LabelFile, add_label_file
from core.monitor.live_state import check_state
from core.monitor.notices.channels import (
    change_channel,
    list_channels,
    list_deliveries,
    remove_channel,
    save_channel,
    try_channel,
)
from core.monitor.notices.delivering import deliver_due
from core.monitor.overview import Measured, live_events, measure_live, overview
from core.monitor.performance import performance
from core.monitor.quality import quality
from core.monitor.retention import LONGEST_DAYS, remove_expired, remove_old_alerts, retention_days, set_retention
from core.monitor.slices import slice_performance
from core.monitor.traffic import traffic
from core.monitor.watch import keep_watch, report_watch
from core.monitor.worth import worth

__all__ = [
    "LONGEST_DAYS",
    "PSI_FLOOR",
    "REHEARSED",
    "RULES",
    "LabelFile",
    "Measured",
    "Watcher",
    "acknowledge_alert",
    "add_label_file",
    "alert_history",
    "change_channel",
    "change_rule",
    "check_alerts",
    "check_state",
    "compare_challengers",
    "deliver_due",
    "drift",
    "drift_history",
    "estimate",
    "fold_windows",
    "health",
    "keep_watch",
    "list_alerts",
    "list_channels",
    "list_deliveries",
    "list_rules",
    "live_events",
    "measure_live",
    "overview",
    "performance",
    "quality",
    "rehearse_rule",
    "remove_channel",
    "remove_expired",
    "remove_old_alerts",
    "reopen_alert",
    "report_watch",
    "resolve_alert",
    "retention_days",
    "rule_history",
    "save_channel",
    "say_limit",
    "say_rule",
    "set_retention",
    "silence_alert",
    "slice_performance",
    "traffic",
    "try_channel",
    "worth",
]
