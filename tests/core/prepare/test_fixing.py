"""What checks offer for the recipe is put into it, and counts as settled then."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from core import collect, plan, prepare
from core.errors import BadInputError
from core.records import CheckResult, DatasetVersion, Split
from core.store import Store

N_ROWS = 600


def trips() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    late = rng.choice(["yes", "no"], N_ROWS)
    return pd.DataFrame(
        {
            "left_at": pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(N_ROWS), unit="h"),
            "trip_id": np.arange(1_000, 1_000 + N_ROWS),
            "km": np.append(rng.normal(10, 2, N_ROWS - 1).round(3), 5_000.0),
            "line": ["blue"] * 300 + ["red"] * 296 + ["odd", "odd", "rare", "rare"],
            "delay": (late == "yes") * 1.0 + rng.normal(0, 0.1, N_ROWS),
            "late": late,
        }
    )


@pytest.fixture
def table(store: Store) -> DatasetVersion:
    project = plan.create_project(store, "Trips", by="Ada")
    data = pa.Table.from_pandas(trips(), preserve_index=False)
    made = collect.add_table(store, project.id, data, filename="trips.csv", by="Ada", source="upload")
    plan.change_objective(store, project.id, by="Ada", target="late", task="binary")
    return made


def result(store: Store, table: DatasetVersion, code: str) -> CheckResult:
    return collect.run_checks(store, table.id, target="late", task="binary").result(code)


@pytest.mark.parametrize(("code", "kind"), [("FC302", "cap"), ("FC306", "group_rare"), ("FC406", "leave_out")])
def test_a_fix_becomes_a_step_that_names_its_check(store: Store, table: DatasetVersion, code: str, kind: str) -> None:
    found = result(store, table, code)
    fix = next(fix for fix in found.fixes if fix.kind == kind)
    recipe = prepare.fitting_recipe(store, table.project_id, by="Ada")
    assert not prepare.is_fixed(recipe, found)
    fixed = prepare.save_recipe(store, prepare.apply_fix(recipe, fix, code=code))
    assert prepare.is_fixed(fixed, found)
    assert code in " ".join(step.reason for step in fixed.steps) or kind == "group_rare"
    prepare.preview_recipe(store, fixed)
    assert prepare.fitting_recipe(store, table.project_id, by="Ada").id == fixed.id


def test_what_the_proposed_recipe_does_anyway_is_settled(store: Store, table: DatasetVersion) -> None:
    recipe = prepare.propose_recipe(store, table.project_id, by="Ada")
    assert prepare.is_fixed(recipe, result(store, table, "FC201"))
    assert recipe.split.kind == "time"
    assert prepare.is_fixed(recipe, result(store, table, "FC502"))


def test_a_split_is_changed_and_keeps_its_share(store: Store, table: DatasetVersion) -> None:
    recipe = prepare.propose_recipe(store, table.project_id, by="Ada")
    shuffled = prepare.change_split(recipe, Split("stratified", 0.3))
    found = result(store, table, "FC502")
    assert not prepare.is_fixed(shuffled, found)
    fixed = prepare.apply_fix(shuffled, found.fixes[0], code="FC502")
    assert (fixed.split.kind, fixed.split.time_column, fixed.split.test_share) == ("time", "left_at", 0.3)


def test_columns_left_out_before_stay_left_out(store: Store, table: DatasetVersion) -> None:
    recipe = prepare.drop_columns(prepare.propose_recipe(store, table.project_id, by="Ada"), ["line"], "You chose so.")
    fixed = prepare.apply_fix(recipe, result(store, table, "FC406").fixes[0], code="FC406")
    step = next(step for step in fixed.steps if step.key == prepare.DROPPED_BY_PERSON)
    assert step.columns == ("line", "delay")
    assert "You chose so." in step.reason
    assert "FC406" in step.reason


def test_only_the_chosen_columns_are_left_out(store: Store, table: DatasetVersion) -> None:
    recipe = prepare.propose_recipe(store, table.project_id, by="Ada")
    fix = result(store, table, "FC406").fixes[0]
    fixed = prepare.apply_fix(recipe, fix, code="FC406", columns=["km"])
    names = {column.name for column in prepare.feature_columns(fixed)}
    assert "delay" in names
    assert "km" not in names


def test_an_edit_is_no_change_of_the_recipe(store: Store, table: DatasetVersion) -> None:
    recipe = prepare.propose_recipe(store, table.project_id, by="Ada")
    fix = next(fix for fix in result(store, table, "FC302").fixes if fix.kind == "edit")
    with pytest.raises(BadInputError, match="changes the table"):
        prepare.apply_fix(recipe, fix, code="FC302")


def test_findings_are_open_settled_or_accepted(store: Store, table: DatasetVersion) -> None:
    assert prepare.open_problems(store, table.project_id) == ()  # not checked yet: nothing is computed for it
    report = collect.run_checks(store, table.id, target="late", task="binary")
    recipe = prepare.propose_recipe(store, table.project_id, by="Ada")
    states = {one.result.code: one.state for one in prepare.review_findings(store, table.project_id, report, recipe)}
    assert (states["FC406"], states["FC201"]) == ("open", "in_recipe")
    assert [one.code for one in prepare.open_problems(store, table.project_id)] == [
        one.code for one in report.ended("problem")
    ]
    for found in report.ended("problem"):
        collect.accept_finding(store, table.project_id, found, target="late", by="Eva")
    assert prepare.open_problems(store, table.project_id) == ()
