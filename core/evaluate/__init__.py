"""How good is a candidate on rows nobody has looked at?"""

from core.evaluate.answering import answer_rows
from core.evaluate.chances import VALUES, Consequences, cost_curve, see_consequences
from core.evaluate.fitted import load_fitted
from core.evaluate.run import count_looks, list_evaluations, run_evaluation, start_evaluation
from core.evaluate.scored_rows import ScoredRows
from core.evaluate.scoring import (
    bootstrap_difference,
    bootstrap_interval,
    bootstrap_intervals,
    score_predictions,
    weigh_predictions,
)
from core.evaluate.script import evaluation_script
from core.evaluate.threshold import apply_threshold, choose_threshold, take_threshold

__all__ = [
    "VALUES",
    "Consequences",
    "ScoredRows",
    "answer_rows",
    "apply_threshold",
    "bootstrap_difference",
    "bootstrap_interval",
    "bootstrap_intervals",
    "choose_threshold",
    "cost_curve",
    "count_looks",
    "evaluation_script",
    "list_evaluations",
    "load_fitted",
    "run_evaluation",
    "score_predictions",
    "see_consequences",
    "start_evaluation",
    "take_threshold",
    "weigh_predictions",
]
