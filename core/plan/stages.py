"""Where a project stands on the circle: eight stages, each read off what the store holds, and the laps so far."""

from collections.abc import Callable
from dataclasses import dataclass

from core import records
from core.plan.metrics import format_value, metric
from core.plan.objectives import current_objective
from core.records import Lap
from core.store import Store


@dataclass(frozen=True)
class StageState:
    """One stage of the circle for one project: whether it is done, and a plain sentence on how things stand."""

    key: str
    title: str
    done: bool
    sentence: str


Found = tuple[bool, str]


def list_laps(store: Store, project_id: str) -> list[Lap]:
    """Return the completed laps of a project, oldest first."""
    return store.find(Lap, project_id=project_id)


def current_lap(store: Store, project_id: str) -> int:
    """Return the number of the lap the project is on: 1 until a second model version has gone live."""
    newest = store.newest(Lap, project_id=project_id)
    return newest.number if newest else 1


def stage_states(store: Store, project_id: str) -> tuple[StageState, ...]:
    """Return the state of the eight stages, in order round the circle.

    A stage counts as done when the store holds its result and nothing upstream was changed since.
    """
    return tuple(StageState(key, title, *look(store, project_id)) for key, title, look in STAGES)


def next_stage(states: tuple[StageState, ...]) -> StageState:
    """Return the first stage that is not done; Monitor when all are, because watching never ends."""
    undone = [state for state in states if not state.done]
    return undone[0] if undone else next(state for state in states if state.key == "monitor")


def _plan(store: Store, project_id: str) -> Found:
    objective = current_objective(store, project_id)
    wanted = {
        "the question": objective.question,
        "the target": objective.target,
        "the metric": objective.metric,
        "how good is good enough": objective.minimum is not None,
        "the owner": objective.owner,
    }
    missing = [words for words, present in wanted.items() if not present]
    if missing:
        return False, f"Still open: {', '.join(missing)}."
    return True, objective.question


def _newest_table(store: Store, project_id: str) -> records.DatasetVersion | None:
    return store.newest(records.DatasetVersion, project_id=project_id, role="table")


def _collect(store: Store, project_id: str) -> Found:
    table = _newest_table(store, project_id)
    if table is None:
        return False, "No table yet."
    return True, f"Version {table.number} of the table: {table.n_rows:,} rows, {table.n_columns:,} columns."


def _prepare(store: Store, project_id: str) -> Found:
    recipe = store.newest(records.Recipe, project_id=project_id)
    if recipe is None:
        return False, "No recipe yet."
    table = _newest_table(store, project_id)
    # Retraining adds tables of its own; they do not make a person's recipe stale.
    if table is not None and table.source != "retrain" and recipe.dataset_id != table.id:
        return False, f"The recipe is not for version {table.number} of the table."
    n_steps = sum(step.enabled for step in recipe.steps)
    return True, f"A recipe of {n_steps} steps."


def _train(store: Store, project_id: str) -> Found:
    run = store.newest(records.TrainingRun, project_id=project_id)
    if run is None:
        return False, "Nothing has been trained yet."
    recipe = store.newest(records.Recipe, project_id=project_id)
    if recipe is not None and recipe.id > run.id:
        return False, "The recipe is newer than the trained models."
    n_done = store.count(records.Candidate, run_id=run.id, status="done")
    if n_done == 0:
        return False, "Training is running." if run.status in ("queued", "running") else "No model was trained."
    return True, f"{n_done} models trained."


def _evaluate(store: Store, project_id: str) -> Found:
    evaluation = store.newest(records.Evaluation, project_id=project_id)
    if evaluation is None:
        return False, "No model has been put to the test yet."
    run = store.newest(records.TrainingRun, project_id=project_id)
    if run is not None and evaluation.run_id != run.id:
        return False, "The newest models have not been put to the test yet."
    return True, evaluation.verdict.sentence


def _deploy(store: Store, project_id: str) -> Found:
    deployment = store.releases.current(project_id)
    if deployment is None:
        return False, "No model is live."
    model = store.get(records.ModelVersion, deployment.model_version_id)
    return True, f"Model version {model.number} is live since {deployment.promoted_at:%d %B %Y}."


def _monitor(store: Store, project_id: str) -> Found:
    n_alerts = store.count(records.Alert, project_id=project_id, state="open")
    if not store.log.has_answers(project_id):
        return False, "No prediction has been made yet."
    if n_alerts:
        return True, f"{n_alerts} open alert{'s' if n_alerts > 1 else ''}."
    return True, "Predictions are being watched; no open alert."


def _retrain(store: Store, project_id: str) -> Found:
    lap = store.newest(Lap, project_id=project_id)
    if lap is not None and lap.number > 1:
        measured = ""
        if lap.metric is not None and lap.value is not None:
            measured = f" {metric(lap.metric).label}: {format_value(lap.metric, lap.value)}."
        return True, f"Lap {lap.number} is done.{measured}"
    if store.newest(records.Challenge, project_id=project_id) is not None:
        return False, "A challenger waits for your decision."
    return False, "Not needed yet, or not done yet."


STAGES: tuple[tuple[str, str, Callable[[Store, str], Found]], ...] = (
    ("plan", "Plan", _plan),
    ("collect", "Collect", _collect),
    ("prepare", "Prepare", _prepare),
    ("train", "Train", _train),
    ("evaluate", "Evaluate", _evaluate),
    ("deploy", "Deploy", _deploy),
    ("monitor", "Monitor", _monitor),
    ("retrain", "Retrain", _retrain),
)
