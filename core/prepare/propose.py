"""A recipe proposed from what the table holds: each step in words, with its reason."""

from dataclasses import replace

import pandas as pd

from core.collect import SAMPLES, current_dataset, load_frame, profile_dataset
from core.errors import NotReadyError
from core.plan import current_objective, recognise_task
from core.prepare.dropping import drop_steps
from core.prepare.recipe import with_steps
from core.prepare.shape import cap_steps
from core.prepare.turning import date_step, turning_steps
from core.records import DatasetVersion, Project, Recipe, Split, Task
from core.store import Store

MIN_MOMENTS = 10


def propose_recipe(store: Store, project_id: str, *, by: str) -> Recipe:
    """Return a recipe for the project's current table and target, not saved yet.

    Raises
    ------
    NotReadyError
        When no target has been chosen.
    NoDataError
        When the project has no table yet.
    BadInputError
        When nothing can be learned from the target.
    """
    dataset = current_dataset(store, project_id)
    target, task = _target_and_task(store, project_id, dataset)
    profile = profile_dataset(store, dataset.id)
    profiles = tuple(column for column in profile.columns if column.name != target)
    date_names = [column.name for column in profiles if column.kind == "date"]
    frame = load_frame(store, dataset.id, columns=date_names) if date_names else pd.DataFrame()
    split = _propose_split(frame, task)
    dates = date_step(profiles, frame, by_time=split.kind == "time")
    drops = drop_steps(profiles, _known_leaks(store, project_id))
    dropped = {name for step in drops for name in step.columns}
    caps = cap_steps(store, dataset, [column for column in profiles if column.name not in dropped])
    steps = [*drops, *dates, *caps, *turning_steps(profiles, dataset, task)]
    steps = [replace(step, options=step.options | {"eligible": list(step.columns)}) for step in steps]
    return with_steps(Recipe(project_id, dataset.id, target, task, (), split, dataset.columns, by), steps)


def _target_and_task(store: Store, project_id: str, dataset: DatasetVersion) -> tuple[str, Task]:
    objective = current_objective(store, project_id)
    if objective.target is None or objective.target not in dataset.column_names:
        raise NotReadyError("It is not said yet which column to predict.", "Choose the target on Plan or Collect.")
    guess = recognise_task(load_frame(store, dataset.id, columns=[objective.target])[objective.target])
    return objective.target, objective.task or guess.task


def _known_leaks(store: Store, project_id: str) -> tuple[str, ...]:
    """Columns a sample's authors know to be filled in only after the moment of prediction."""
    key = store.get(Project, project_id).sample
    return next((tuple(sample.known_leaks) for sample in SAMPLES if sample.key == key), ())


def _propose_split(dates: pd.DataFrame, task: Task) -> Split:
    """Split by time when the rows are in the order of a date column, else keep the classes in equal shares."""
    for name in dates.columns:
        values = dates[name]
        if values.notna().all() and values.is_monotonic_increasing and values.nunique() >= MIN_MOMENTS:
            return Split("time", time_column=name)
    return Split("random" if task == "regression" else "stratified")
