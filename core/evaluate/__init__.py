"""How good is a candidate on rows nobody has looked at?"""

from core.evaluate.answering import answer_rows
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

__all__ = [
    "ScoredRows",
    "answer_rows",
    "bootstrap_difference",
    "bootstrap_interval",
    "bootstrap_intervals",
    "count_looks",
    "evaluation_script",
    "list_evaluations",
    "load_fitted",
    "run_evaluation",
    "score_predictions",
    "start_evaluation",
    "weigh_predictions",
]
