"""A drill sees every column that an alert names, also those found after it opened."""

from core.records import Alert, AlertEvidence
from core.simulate.lookout import named_columns


def test_columns_found_later_are_named_too() -> None:
    later = AlertEvidence("Drift", "More moved.", "warning", {"columns": [{"name": "heat"}, {"name": "wind"}]})
    alert = Alert("p", "m", "drift", "Drift", "It moved.", {"columns": [{"name": "heat"}]}, newest=later)
    assert named_columns(alert) == ["heat", "wind"]
    assert named_columns(Alert("p", "m", "errors", "Failures", "They fail.")) == []
