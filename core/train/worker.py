"""What runs on a worker of the cluster: it starts the child process that does the work, and kills it when told to."""

from collections.abc import Callable
from typing import Any

from distributed import Event, get_client, get_worker

from core.errors import LifecycleError
from core.train.child import run_killable
from core.train.fitting import FitSpec, FoldScore, score_fold
from core.train.folds import TrainingData, draw_rows


def run_stoppable(
    function: Callable[..., Any],
    arguments: list[Any],
    stop_name: str,
    time_limit_s: float = float("inf"),
) -> Any:
    """Run on a worker: call the function in a child process, which dies when the event `stop_name` is set.

    Returns
    -------
    object
        What the function returned; or, not raised, the LifecycleError that it ended with: that is no failure of the
        worker, which would log it as one.
    """
    event = Event(stop_name, client=get_client())
    try:
        return run_killable(function, tuple(arguments), should_stop=event.is_set, time_limit_s=time_limit_s)
    except LifecycleError as error:
        return error


def score_fold_on_worker(
    data: TrainingData, spec: FitSpec, n_rows: int, place: tuple[str, str, int], stop_name: str
) -> FoldScore | LifecycleError:
    """Run on a worker: say that the fold begins, then fit and score it in a child process, see `run_stoppable`.

    Parameters
    ----------
    data : TrainingData
        The scattered rows and folds.
    spec : FitSpec
        What to fit.
    n_rows : int
        Learn from at most so many rows.
    place : (topic, candidate id, fold)
        Where the beginning is announced.
    stop_name : str
        Event that kills the fit.
    """
    topic, candidate_id, fold = place
    get_worker().log_event(topic, {"candidate_id": candidate_id, "fold": fold})
    learn, score = data.folds[fold]
    learn = draw_rows(learn, n_rows, spec.random_state)
    parts = [spec, data.frame.iloc[learn], data.frame.iloc[score]]
    result: FoldScore | LifecycleError = run_stoppable(score_fold, parts, stop_name)
    return result
