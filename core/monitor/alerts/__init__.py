"""What needs a look? Rules, what they find, and the alerts that come of it."""

from core.monitor.alerts.rehearsal import REHEARSED, rehearse_rule
from core.monitor.alerts.rules import RULES, change_rule, list_rules, rule_history, say_limit, say_rule
from core.monitor.alerts.states import (
    acknowledge_alert,
    alert_history,
    list_alerts,
    reopen_alert,
    resolve_alert,
    silence_alert,
)
from core.monitor.alerts.watching import Watcher, check_alerts

__all__ = [
    "REHEARSED",
    "RULES",
    "Watcher",
    "acknowledge_alert",
    "alert_history",
    "change_rule",
    "check_alerts",
    "list_alerts",
    "list_rules",
    "rehearse_rule",
    "reopen_alert",
    "resolve_alert",
    "rule_history",
    "say_limit",
    "say_rule",
    "silence_alert",
]
