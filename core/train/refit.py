"""A candidate fitted to all rows it may learn from."""

from collections.abc import Callable

import numpy as np
from sklearn.pipeline import Pipeline

from core.prepare import split_rows
from core.records import Candidate, Recipe, TrainingRun
from core.store import Store
from core.train.cluster import compute
from core.train.fitting import FitSpec, fit_pipeline
from core.train.folds import draw_rows


def fit_candidate(
    store: Store,
    candidate_id: str,
    *,
    scheduler_address: str = "",
    stop_requested: Callable[[], bool] = lambda: False,
) -> Pipeline:
    """Return a candidate's pipeline, fitted to the whole training part, or as many rows of it as the candidate uses.

    Parameters
    ----------
    store : Store
    candidate_id : str
    scheduler_address : str
        The cluster that does the work; empty: this machine, in a child process.
    stop_requested : callable
        Asked several times a second; True kills the fit.

    Raises
    ------
    StoppedError
        When it was stopped.
    LifecycleError
        When the candidate cannot learn from these rows.
    """
    candidate = store.get(Candidate, candidate_id)
    run = store.get(TrainingRun, candidate.run_id)
    recipe = store.get(Recipe, run.recipe_id)
    train = split_rows(store, recipe).train
    rows = draw_rows(np.arange(len(train)), candidate.n_rows_used or len(train), run.random_state)
    spec = FitSpec(recipe, candidate.family, run.metric, run.random_state)
    fitted: Pipeline = compute(scheduler_address, fit_pipeline, spec, train.iloc[rows], stop_requested=stop_requested)
    return fitted
