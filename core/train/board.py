"""Reading what training brought: the newest run, and its candidates in order."""

from core.plan import metric
from core.records import Candidate, TrainingRun
from core.store import Store

STATUS_ORDER = ("done", "running", "waiting", "stopped", "failed", "left_out")


def current_run(store: Store, project_id: str) -> TrainingRun | None:
    """Return the newest training run of a project; None when there is none."""
    return store.newest(TrainingRun, project_id=project_id)


def leaderboard(store: Store, run_id: str) -> tuple[Candidate, ...]:
    """Return a run's candidates: those done, best first; then running, waiting, stopped, failed and left out."""
    run = store.get(TrainingRun, run_id)
    sign = -1.0 if metric(run.metric).greater_is_better else 1.0
    candidates = store.find(Candidate, run_id=run_id)

    def place(candidate: Candidate) -> tuple[int, float]:
        score = sign * candidate.score_mean if candidate.score_mean is not None else float("inf")
        return STATUS_ORDER.index(candidate.status), score

    return tuple(sorted(candidates, key=place))
