"""Where a project stands: read off the store, stage by stage."""

from typing import Any

import pytest

from core import plan, records
from core.store import Store

COLUMNS = (records.Column("late", "boolean", "bool"),)


@pytest.fixture
def project_id(store: Store) -> str:
    return plan.create_project(store, "Late flights", by="ann").id


def add_table(store: Store, project_id: str, number: int, source: Any = "upload") -> records.DatasetVersion:
    return store.add(records.DatasetVersion(project_id, number, source, "t.csv", "", 100, COLUMNS))


def add_recipe(store: Store, project_id: str, dataset_id: str) -> records.Recipe:
    return store.add(records.Recipe(project_id, dataset_id, "late", "binary", (), records.Split()))


def add_model(store: Store, project_id: str, dataset_id: str, recipe_id: str) -> records.ModelVersion:
    run = store.add(records.TrainingRun(project_id, dataset_id, recipe_id, "roc_auc", ("dummy",), status="done"))
    candidate = store.add(records.Candidate(run.id, project_id, "dummy", status="done"))
    verdict = records.Verdict("met", "Good enough.")
    evaluation = store.add(
        records.Evaluation(project_id, run.id, candidate.id, dataset_id, 100, metrics=(), verdict=verdict)
    )
    return store.add(
        records.ModelVersion(
            project_id, 1, candidate.id, evaluation.id, dataset_id, recipe_id, "dummy", "digest", "pipeline", "small"
        )
    )


def done(store: Store, project_id: str) -> list[str]:
    return [state.key for state in plan.stage_states(store, project_id) if state.done]


def sentence(store: Store, project_id: str, key: str) -> str:
    return next(state.sentence for state in plan.stage_states(store, project_id) if state.key == key)


def test_a_new_project_stands_at_the_beginning(store: Store, project_id: str) -> None:
    states = plan.stage_states(store, project_id)
    assert [state.key for state in states] == [
        *("plan", "collect", "prepare", "train", "evaluate", "deploy", "monitor", "retrain")
    ]
    assert not any(state.done for state in states)
    assert all(state.sentence for state in states)
    assert plan.next_stage(states).key == "plan"
    assert plan.current_lap(store, project_id) == 1


def test_plan_is_done_when_everything_that_decides_is_said(store: Store, project_id: str) -> None:
    plan.change_objective(store, project_id, by="ann", question="Late?", target="late", task="binary")
    assert sentence(store, project_id, "plan") == "Still open: the metric, how good is good enough, the owner."
    plan.change_objective(store, project_id, by="ann", metric="roc_auc", minimum=0.0, owner="Zoe")
    assert done(store, project_id) == ["plan"]


def test_the_circle_fills_up_stage_by_stage(store: Store, project_id: str) -> None:
    table = add_table(store, project_id, 1)
    assert done(store, project_id) == ["collect"]
    recipe = add_recipe(store, project_id, table.id)
    assert done(store, project_id) == ["collect", "prepare"]
    model = add_model(store, project_id, table.id, recipe.id)
    assert done(store, project_id) == ["collect", "prepare", "train", "evaluate"]
    release = records.Release(project_id, model.id, 1, "promote", "ann")
    store.releases.swap(release, seen_generation=0, now=records.utc_now())
    store.log.append([], [records.Window(project_id, model.id, records.utc_now(), n_rows=1)])
    assert done(store, project_id) == ["collect", "prepare", "train", "evaluate", "deploy", "monitor"]


def test_a_newer_table_makes_recipe_and_models_stale_but_a_retraining_table_does_not(
    store: Store, project_id: str
) -> None:
    table = add_table(store, project_id, 1)
    recipe = add_recipe(store, project_id, table.id)
    add_model(store, project_id, table.id, recipe.id)
    add_table(store, project_id, 2, source="retrain")
    assert done(store, project_id) == ["collect", "prepare", "train", "evaluate"]
    newer = add_table(store, project_id, 3)
    assert done(store, project_id) == ["collect", "train", "evaluate"]
    assert "not for version 3" in sentence(store, project_id, "prepare")
    add_recipe(store, project_id, newer.id)
    assert "newer than the trained models" in sentence(store, project_id, "train")


def test_an_open_alert_is_said_at_monitor(store: Store, project_id: str) -> None:
    store.log.append([], [records.Window(project_id, "m", records.utc_now(), n_rows=1)])
    assert "no open alert" in sentence(store, project_id, "monitor")
    store.add(records.Alert(project_id, "m", "drift", "Drift", "Something moved."))
    assert sentence(store, project_id, "monitor") == "1 open alert."


def test_the_second_lap_closes_the_circle(store: Store, project_id: str) -> None:
    for number in (1, 2):
        store.add(records.Lap(project_id, number, "first", "d", "m", "roc_auc", 0.712))
    assert plan.current_lap(store, project_id) == 2
    assert [lap.number for lap in plan.list_laps(store, project_id)] == [1, 2]
    assert sentence(store, project_id, "retrain") == "Lap 2 is done. Ranking (ROC AUC): 71.2."


def test_when_all_is_done_watching_goes_on(store: Store, project_id: str) -> None:
    states = tuple(plan.StageState(state.key, state.title, True, "") for state in plan.stage_states(store, project_id))
    assert plan.next_stage(states).key == "monitor"
