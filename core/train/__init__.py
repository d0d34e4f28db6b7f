"""Which kind of model learns best here? Families, cross-validation on the cluster, and the leaderboard."""

from core.train.board import current_run, leaderboard
from core.train.cluster import compute, connect, open_cluster, warm_up
from core.train.families import FAMILIES, ModelFamily, find_family
from core.train.out_of_fold import N_STEPS, ROUNDING
from core.train.planning import CandidatePlan, encoded_width, plan_candidates
from core.train.refit import fit_candidate
from core.train.run import TrainingSettings, run_training, start_training, stop_job, train_recipe
from core.train.script import training_script
from core.train.step_prices import current_prices, run_pricing, start_pricing
from core.train.tracking import find_experiment, tracking_client, tracking_uri

__all__ = [
    "FAMILIES",
    "N_STEPS",
    "ROUNDING",
    "CandidatePlan",
    "ModelFamily",
    "TrainingSettings",
    "compute",
    "connect",
    "current_prices",
    "current_run",
    "encoded_width",
    "find_experiment",
    "find_family",
    "fit_candidate",
    "leaderboard",
    "open_cluster",
    "plan_candidates",
    "run_pricing",
    "run_training",
    "start_pricing",
    "start_training",
    "stop_job",
    "tracking_client",
    "tracking_uri",
    "train_recipe",
    "training_script",
    "warm_up",
]
