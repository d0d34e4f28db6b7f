"""Objectives: the newest one counts, and impossible ones are refused."""

from typing import Any

import pytest

from core import plan, records
from core.errors import BadInputError, NotFoundError
from core.store import Store


@pytest.fixture
def project(store: Store) -> records.Project:
    return plan.create_project(store, "Late flights", by="ann")


def test_a_new_project_has_an_empty_objective(store: Store, project: records.Project) -> None:
    objective = plan.current_objective(store, project.id)
    assert (objective.question, objective.target, objective.minimum) == ("", None, None)


def test_changing_keeps_what_was_said_before_and_the_history(store: Store, project: records.Project) -> None:
    plan.change_objective(store, project.id, by="ann", question="Late?", task="binary", metric="roc_auc")
    plan.change_objective(store, project.id, by="bob", minimum=0.8)
    objective = plan.current_objective(store, project.id)
    assert (objective.question, objective.metric, objective.minimum) == ("Late?", "roc_auc", 0.8)
    assert objective.created_by == "bob"
    assert store.count(records.Objective, project_id=project.id) == 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"metric": "roc_auc", "minimum": 1.2}, "can never be 1.2"),
        ({"metric": "roc_auc", "minimum": float("nan")}, "can never be nan"),
        ({"metric": "neg_mean_absolute_error", "minimum": -5.0}, "can never be -5"),
        ({"metric": "r2", "minimum": 1.5}, "can never be 1.5"),
        ({"metric": "r2", "task": "binary"}, "does not measure a binary task"),
        ({"metric": "speed"}, "no metric called 'speed'"),
        ({"cost_false_negative": -1.0}, "cost of a missed case"),
        ({"cost_error": float("inf")}, "cost of an error"),
    ],
)
def test_impossible_objectives_are_refused_in_words(
    store: Store, project: records.Project, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(BadInputError, match=words):
        plan.change_objective(store, project.id, by="ann", **changes)
    assert store.count(records.Objective) == 0


def test_a_target_must_be_a_column_of_the_table(store: Store, project: records.Project) -> None:
    plan.change_objective(store, project.id, by="ann", target="anything")  # there is no table yet
    columns = (records.Column("late", "boolean", "bool"),)
    store.add(records.DatasetVersion(project.id, 1, "upload", "t.csv", "", 1, columns))
    with pytest.raises(BadInputError, match="no column 'lat'"):
        plan.change_objective(store, project.id, by="ann", target="lat")
    assert plan.change_objective(store, project.id, by="ann", target="late").target == "late"


def test_an_objective_needs_its_project(store: Store) -> None:
    with pytest.raises(NotFoundError):
        plan.save_objective(store, records.Objective(project_id="nobody"))
