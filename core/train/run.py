"""A training run from start to end: planned, cross-validated on the cluster, restartable, stoppable."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import BadInputError, NotReadyError
from core.plan import current_objective, metric, metrics_for
from core.prepare import current_recipe, feature_columns, split_rows
from core.records import Candidate, Job, Json, Recipe, TrainingRun, utc_now
from core.store import JobHandle, StoppedError, Store
from core.train.cluster import connect
from core.train.crossvalidation import CrossValidation
from core.train.families import find_family
from core.train.fitting import FitSpec
from core.train.folds import make_folds
from core.train.planning import encoded_width, plan_candidates

MIN_BUDGET_S = 5.0
MIN_SPLITS, MAX_SPLITS = 2, 20


@dataclass(frozen=True)
class TrainingSettings:
    """What a person chooses for a run: families, metric, time budget in seconds, number of folds."""

    families: tuple[str, ...]
    metric: str
    budget_s: float
    n_splits: int = 5


def start_training(  # noqa: PLR0913 - what a person chooses, by name
    store: Store,
    project_id: str,
    *,
    families: Sequence[str],
    metric: str,
    budget_s: float,
    n_splits: int = 5,
    by: str = "someone",
) -> Job:
    """Queue a training run and return its job.

    Raises
    ------
    NotReadyError
        When no recipe has been saved.
    BadInputError
        When the recipe leaves no column, a family is unknown, the metric does not suit the task, or budget or folds
        are impossible.
    """
    recipe = current_recipe(store, project_id)
    if recipe is None:
        raise NotReadyError("There is no recipe yet.", "Save one at Prepare first.")
    settings = TrainingSettings(tuple(families), metric, budget_s, n_splits)
    check_settings(settings, recipe)
    params = {
        "recipe_id": recipe.id,
        "families": list(families),
        "metric": metric,
        "budget_s": budget_s,
        "n_splits": n_splits,
    }
    return store.add(Job(project_id, "train", params, created_by=by))


def check_settings(settings: TrainingSettings, recipe: Recipe) -> None:
    """Raise BadInputError when a run with these settings is impossible."""
    if not feature_columns(recipe):
        raise BadInputError("The recipe leaves no column to learn from.", "Switch a step off, or use another table.")
    if not settings.families:
        raise BadInputError("No model family is chosen.", "Choose at least one.")
    for key in settings.families:
        find_family(key)
    if settings.metric not in {suiting.name for suiting in metrics_for(recipe.task)}:
        raise BadInputError(
            f"{metric(settings.metric).label} does not measure a {recipe.task} task.", "Choose another metric on Plan."
        )
    if not settings.budget_s >= MIN_BUDGET_S:
        raise BadInputError(f"{settings.budget_s:g} s is too short a time.", f"Give at least {MIN_BUDGET_S:g} s.")
    if not MIN_SPLITS <= settings.n_splits <= MAX_SPLITS:
        raise BadInputError(f"{settings.n_splits} folds cannot be made.", f"Choose {MIN_SPLITS} to {MAX_SPLITS}.")


def stop_job(store: Store, job_id: str) -> None:
    """Ask a job to stop; it does within about two seconds."""
    store.jobs.request_stop(job_id, utc_now())


def run_training(handle: JobHandle) -> Json:
    """Do the training job held by `handle` and return `{"run_id": ...}`."""
    params = handle.job.params
    recipe = handle.store.get(Recipe, params["recipe_id"])
    settings = TrainingSettings(tuple(params["families"]), params["metric"], params["budget_s"], params["n_splits"])
    return {"run_id": train_recipe(handle, recipe, settings).id}


def train_recipe(handle: JobHandle, recipe: Recipe, settings: TrainingSettings) -> TrainingRun:
    """Cross-validate families on a recipe's training part, as part of a job, and return the finished run.

    When the job was interrupted before, its run is taken up again: candidates that are done stay as they are.

    Raises
    ------
    StoppedError
        When the person stopped the job.
    BadInputError, NotReadyError
        When nothing can be learned from the table, or there is no cluster.
    """
    check_settings(settings, recipe)
    store = handle.store
    run = _find_or_add_run(handle, recipe, settings)
    try:
        run = store.update(run, status=_cross_validate(handle, run, recipe), ended_at=utc_now())
    except StoppedError:
        store.update(run, status="stopped", ended_at=utc_now())
        raise
    except Exception:
        # Whatever went wrong is told by the job; the run must not look as if it still worked.
        store.update(run, status="failed", ended_at=utc_now())
        raise
    return run


def _find_or_add_run(handle: JobHandle, recipe: Recipe, settings: TrainingSettings) -> TrainingRun:
    store, job = handle.store, handle.job
    found = store.newest(TrainingRun, job_id=job.id, recipe_id=recipe.id)
    if found is not None:
        return store.update(found, status="running", ended_at=None)
    return store.add(
        TrainingRun(
            recipe.project_id,
            recipe.dataset_id,
            recipe.id,
            settings.metric,
            settings.families,
            n_splits=settings.n_splits,
            budget_s=settings.budget_s,
            random_state=recipe.split.random_state,
            status="running",
            job_id=job.id,
            created_by=job.created_by,
        )
    )


def _cross_validate(handle: JobHandle, run: TrainingRun, recipe: Recipe) -> str:
    """Plan the candidates and let the cluster work on those not done yet; return the run's status."""
    store = handle.store
    handle.report(0.0, "Reading the table.")
    rows = split_rows(store, recipe)
    data = make_folds(rows.train, recipe, run.n_splits, groups=rows.groups)
    run = store.update(run, n_rows_train=len(rows.train), n_splits=len(data.folds))
    candidates = store.find(Candidate, run_id=run.id) or _add_candidates(store, run, recipe, data.note)
    spec = FitSpec(recipe, "", run.metric, run.random_state, _positive_label(store, recipe))
    with connect(handle.scheduler_address) as client:
        CrossValidation(handle, client, run, spec, data).work(candidates)
    return "done"


def _positive_label(store: Store, recipe: Recipe) -> str | None:
    return current_objective(store, recipe.project_id).positive_label if recipe.task == "binary" else None


def _add_candidates(store: Store, run: TrainingRun, recipe: Recipe, note: str) -> list[Candidate]:
    width = encoded_width(store, recipe)
    plans = plan_candidates(recipe.task, run.families, run.n_rows_train, width, run.budget_s, run.n_splits)
    candidates = [
        Candidate(
            run.id,
            run.project_id,
            plan.family,
            params=_params(recipe, plan.family, plan.n_rows_used, run.random_state),
            status="left_out" if plan.left_out else "waiting",
            n_rows_used=plan.n_rows_used,
            note=plan.note if plan.left_out else " ".join(part for part in (plan.note, note) if part),
        )
        for plan in plans
    ]
    store.add_all(candidates)
    return candidates


def _params(recipe: Recipe, key: str, n_rows: int, random_state: int) -> Json:
    """Return the settings of a family's estimator that can be written down as plain values."""
    if n_rows == 0:
        return {}
    params = find_family(key).build(recipe.task, n_rows, random_state).get_params(deep=True)
    return {name: value for name, value in params.items() if isinstance(value, str | int | float | bool)}
