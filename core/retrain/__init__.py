"""From an alert or a button to a challenger, measured against the champion: evidence for a person's decision."""

from core.retrain.challenger import run_retraining
from core.retrain.settings import current_challenge, start_retraining

__all__ = ["current_challenge", "run_retraining", "start_retraining"]
