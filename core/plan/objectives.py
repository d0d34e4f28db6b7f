"""Objectives: what a project is for and when it is good enough. Saved anew at each change; the newest one counts."""

import math
from dataclasses import replace
from typing import Any

from core.errors import BadInputError
from core.plan.metrics import metric
from core.records import DatasetVersion, Objective, Project, new_id, utc_now
from core.store import Store


def current_objective(store: Store, project_id: str) -> Objective:
    """Return the newest objective of a project; an empty one when none was saved."""
    return store.newest(Objective, project_id=project_id) or Objective(project_id=project_id)


def change_objective(store: Store, project_id: str, *, by: str, **changes: Any) -> Objective:
    """Save the current objective with some fields changed, as a new record, and return it.

    Raises
    ------
    BadInputError
        As `save_objective`.
    TypeError
        When `changes` names a field an objective does not have.
    """
    current = current_objective(store, project_id)
    return save_objective(store, replace(current, **changes, created_by=by, id=new_id(), created_at=utc_now()))


def save_objective(store: Store, objective: Objective) -> Objective:
    """Check an objective, save it as the project's newest and return it.

    Raises
    ------
    BadInputError
        When the target is no column of the table, the metric does not suit the task, or the least acceptable value
        or a cost is impossible.
    NotFoundError
        When the project is gone.
    """
    store.get(Project, objective.project_id)
    _check_target(store, objective)
    _check_minimum(objective)
    _check_costs(objective)
    _check_latency(objective)
    return store.add(objective)


def _check_target(store: Store, objective: Objective) -> None:
    table = store.newest(DatasetVersion, project_id=objective.project_id, role="table")
    if objective.target is not None and table is not None and objective.target not in table.column_names:
        raise BadInputError(f"The table has no column '{objective.target}'.", "Choose the target among its columns.")


def _check_minimum(objective: Objective) -> None:
    if objective.metric is None:
        return
    chosen = metric(objective.metric)
    if objective.task is not None and objective.task not in chosen.tasks:
        raise BadInputError(
            f"{chosen.label} does not measure a {objective.task} task.", "Choose one of the metrics offered on Plan."
        )
    minimum = objective.minimum
    if minimum is None:
        return
    too_low = chosen.lowest is not None and minimum < chosen.lowest
    too_high = chosen.highest is not None and minimum > chosen.highest
    if not math.isfinite(minimum) or too_low or too_high:
        span = f"at least {chosen.lowest:g}" if chosen.lowest is not None else "a number"
        top = f" and at most {chosen.highest:g}" if chosen.highest is not None else ""
        raise BadInputError(f"{chosen.label} can never be {minimum:g}.", f"It has to be {span}{top}.")


def _check_costs(objective: Objective) -> None:
    costs = {
        "a false alarm": objective.cost_false_positive,
        "a missed case": objective.cost_false_negative,
        "an error": objective.cost_error,
    }
    for words, cost in costs.items():
        if cost is not None and not (math.isfinite(cost) and cost >= 0):
            raise BadInputError(f"The cost of {words} is {cost:g}.", "A cost is 0 or more.")


def _check_latency(objective: Objective) -> None:
    limit = objective.latency_limit_ms
    if limit is not None and not (math.isfinite(limit) and limit > 0):
        raise BadInputError(f"No answer can be given within {limit:g} ms.", "Give more than 0 milliseconds, or none.")
