"""What happened, in plain words, for people who decide and need not know machine learning."""

from core.report.costs import MistakeCosts, expected_costs
from core.report.summary import Fact, OpenDecision, ProjectSummary, summarise_project

__all__ = ["Fact", "MistakeCosts", "OpenDecision", "ProjectSummary", "expected_costs", "summarise_project"]
