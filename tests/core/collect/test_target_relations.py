"""How strongly a column tells the target: planted truths come out, names and noise do not win."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from core import collect, plan
from core.collect.cells import Cells
from core.collect.held_out import AmountTable, ClassTable
from core.errors import BadInputError
from core.records import DatasetVersion, TargetRelations
from core.store import Store

N_ROWS = 4_000
Relate = Callable[..., TargetRelations]


@pytest.fixture
def relate(store: Store) -> Relate:
    """A function from a table and the name of its target to the relations."""

    def answer(frame: pd.DataFrame, target: str) -> TargetRelations:
        project = plan.create_project(store, "Planted", by="ann")
        table = pa.Table.from_pandas(frame, preserve_index=False)
        version = collect.add_table(store, project.id, table, filename="t.csv", by="ann", source="upload")
        return collect.relate_to_target(store, version.id, target)

    return answer


@pytest.fixture
def planted() -> pd.DataFrame:
    """Columns of every kind with a known relation to a class (`late`) and to an amount (`delay`)."""
    rng = np.random.default_rng(0)
    n = N_ROWS
    delay = rng.lognormal(3, 1, n)
    late = pd.Series(np.where(delay > 40, "yes", "no"), dtype="str")
    hour = np.where(delay > 40, rng.integers(10, 24, n), rng.integers(0, 14, n))
    return pd.DataFrame(
        {
            "late": late,
            "delay": delay,
            "minutes": delay * 60 + 5,
            "log delay": np.log(delay),
            "level of delay": pd.cut(delay, 20, labels=False),
            "code": late.map({"yes": "L7", "no": "L0"}),
            "flag": (late == "yes").astype(object),
            "reason": late.map({"yes": "storm"}),
            "name": pd.Series(rng.permutation(n)).astype("str").radd("row "),
            "number": rng.permutation(n),
            "town": pd.Series(rng.integers(0, 300, n)).astype("str").radd("town "),
            "noise": rng.normal(size=n),
            "rain": rng.choice(["dry", "wet", None], n),
            "weekend": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.permutation(n) * 11, unit="h"),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, n) * 24 + hour, unit="h"),
            "constant": 1.0,
            "nothing": pd.Series([None] * n, dtype="str"),
        }
    )


def strengths(relations: TargetRelations) -> dict[str, float]:
    return {relation.name: relation.strength for relation in relations.relations}


def test_a_copy_of_the_classes_tells_them_all_in_any_guise(relate: Relate, planted: pd.DataFrame) -> None:
    found = strengths(relate(planted, "late"))
    assert [found[name] for name in ("code", "flag", "reason")] == pytest.approx([1, 1, 1], abs=0.001)
    assert min(found["delay"], found["minutes"], found["log delay"]) > 0.97


def test_a_copy_of_an_amount_tells_it_all_in_any_unit(relate: Relate, planted: pd.DataFrame) -> None:
    found = strengths(relate(planted, "delay"))
    assert [found[name] for name in ("minutes", "log delay")] == pytest.approx([1, 1], abs=0.001)


@pytest.mark.parametrize("target", ["late", "delay"])
def test_ids_noise_and_empty_columns_tell_nothing(relate: Relate, planted: pd.DataFrame, target: str) -> None:
    relations = relate(planted, target)
    found = strengths(relations)
    for name in ("name", "number", "town", "noise", "rain", "weekend", "constant", "nothing"):
        assert found[name] < 0.01, name
    nothing = relations.relation("name")
    assert nothing is not None
    assert nothing.sentence == "By itself, this column tells nothing about the target."


def test_a_date_tells_by_its_hour(relate: Relate, planted: pd.DataFrame) -> None:
    day = relate(planted, "late").relation("day")
    assert day is not None
    assert day.by == "hour of the day"
    assert day.strength > 0.3


def one_by_one(cells: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The answer for each row from the other rows of its cell, worked out row by row; shape of the target."""
    answers = []
    for row in range(len(cells)):
        others = np.arange(len(cells)) != row
        alike = others & (cells == cells[row])
        answers.append((target[alike].sum(axis=0) + target[others].mean(axis=0)) / (alike.sum() + 1))
    return np.array(answers)


def share_taken(cells: np.ndarray, target: np.ndarray) -> float:
    guesses = np.array([np.delete(target, row, axis=0).mean(axis=0) for row in range(len(target))])
    return 1 - ((target - one_by_one(cells, target)) ** 2).sum() / ((target - guesses) ** 2).sum()


def test_the_strength_is_what_leaving_out_one_row_after_the_other_gives() -> None:
    rng = np.random.default_rng(1)
    cells = np.append(rng.integers(0, 7, 55), np.arange(7, 12))  # Five cells hold one row.
    classes = np.where(rng.random(60) < 0.5, cells % 3, rng.integers(0, 3, 60))
    amounts = np.where(cells == 0, 5.0, 0.0) + rng.random(60)
    table = ClassTable.count(cells, classes, 3)
    answers = one_by_one(cells, np.eye(3)[classes])
    assert table.strength == pytest.approx(share_taken(cells, np.eye(3)[classes]))
    assert table.share_right == pytest.approx((answers.argmax(axis=1) == classes).mean(), abs=2 / 60)
    by_amount = AmountTable.count(cells, amounts, 12)
    assert by_amount.strength == pytest.approx(share_taken(cells, amounts))
    assert by_amount.answers(cells, amounts) == pytest.approx(one_by_one(cells, amounts))


def test_joined_cells_are_counted_as_if_they_were_cut_so() -> None:
    rng = np.random.default_rng(2)
    cells, classes, groups = rng.integers(0, 30, 500), rng.integers(0, 40, 500), np.arange(30) // 10
    joined, direct = ClassTable.count(cells, classes, 40).join(groups), ClassTable.count(groups[cells], classes, 40)
    assert (joined.strength, joined.share_right) == pytest.approx((direct.strength, direct.share_right))


def test_a_sentence_says_what_knowing_the_column_is_worth(relate: Relate) -> None:
    kind = np.repeat(["a", "b"], 500)
    frame = pd.DataFrame({"kind": kind, "y": np.where(np.arange(1000) % 10 < 2, "yes", "no"), "x": np.arange(1000) % 7})
    frame.loc[:399, "y"] = "yes"
    (first, second) = relate(frame, "y").relations
    assert first.sentence == (
        "By itself, this column tells much about the target. Of 100 rows, knowing it alone gets 82 right instead of 52."
    )
    assert (first.score, first.guessing) == pytest.approx((82, 52))
    assert second.strength < 0.005


def test_a_rare_class_is_told_by_how_often_it_occurs(relate: Relate) -> None:
    kind = np.repeat(["a", "b"], 1000)
    y = np.where(np.arange(2000) % 100 < np.where(kind == "a", 30, 2), "yes", "no")
    (relation,) = relate(pd.DataFrame({"kind": kind, "y": y}), "y").relations
    assert relation.sentence.endswith("'yes' are 2 of 100 rows with b, and 30 of 100 with a.")


def test_an_amount_is_told_by_how_far_off_a_guess_is(relate: Relate) -> None:
    frame = pd.DataFrame(
        {"kind": np.repeat(["a", "b"], 500), "y": np.repeat([10.0, 30.0], 500) + np.arange(1000) % 30 / 15}
    )
    (relation,) = relate(frame, "y").relations
    assert relation.sentence.startswith("By itself, this column tells much about the target. Knowing it alone, a guess")
    assert relation.score < 1.1
    assert relation.guessing == pytest.approx(10, abs=0.1)


def test_groups_hold_every_row_and_what_the_target_is_like_there(relate: Relate, planted: pd.DataFrame) -> None:
    relations = relate(planted, "late")
    rain = relations.relation("rain")
    assert rain is not None
    assert relations.classes == ("no", "yes")
    told = {group.label: group for group in rain.groups}
    expected = planted["rain"].fillna("missing").value_counts()
    assert {label: group.n_rows for label, group in told.items()} == expected.to_dict()
    share = (planted.loc[planted["rain"] == "wet", "late"] == "yes").mean()
    assert told["wet"].shares == pytest.approx((1 - share, share))
    for relation in relations.relations:
        assert sum(group.n_rows for group in relation.groups) == N_ROWS, relation.name


def test_quartiles_of_an_amount_are_those_of_pandas(relate: Relate, planted: pd.DataFrame) -> None:
    flag = relate(planted, "delay").relation("flag")
    assert flag is not None
    expected = planted.loc[planted["flag"].astype(bool), "delay"].quantile([0.25, 0.5, 0.75])
    (group,) = [group for group in flag.groups if group.label == "true"]
    assert (group.low, group.middle, group.high) == pytest.approx(tuple(expected))


def test_rows_without_a_target_are_left_out(relate: Relate) -> None:
    frame = pd.DataFrame({"x": np.arange(100) % 2, "y": np.where(np.arange(100) % 2, "a", "b")})
    frame.loc[:9, "y"] = None
    relations = relate(frame, "y")
    assert (relations.n_rows, relations.n_rows_known) == (90, 90)
    assert relations.relations[0].strength == pytest.approx(1, abs=0.01)


def test_large_tables_are_looked_at_on_a_stated_sample(
    relate: Relate, planted: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = strengths(relate(planted, "late"))
    monkeypatch.setattr("core.collect.target_relations.MAX_CELLS", 1)
    monkeypatch.setattr("core.collect.target_relations.MIN_SAMPLE", 2_000)
    relations = relate(planted, "late")
    assert (relations.n_rows, relations.n_rows_known) == (2_000, N_ROWS)
    assert strengths(relations) == pytest.approx(exact, abs=0.06)


def test_many_classes_are_shown_together_and_told_apart(relate: Relate) -> None:
    code = np.arange(2_000) % 40
    frame = pd.DataFrame({"code": code, "y": pd.Series(code).astype("str").radd("class ")})
    relations = relate(frame, "y")
    assert len(relations.classes) == 6
    assert relations.classes[-1] == "all others"
    assert relations.relations[0].strength > 0.95


def test_what_was_found_is_kept_and_found_anew_by_newer_code(
    store: Store, relate: Relate, planted: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    relations = relate(planted, "late")
    path = store.files.dataset(relations.dataset_id)
    content = path.read_bytes()
    path.unlink()
    assert collect.relate_to_target(store, relations.dataset_id, "late") == relations
    path.write_bytes(content)
    monkeypatch.setattr("core.collect.target_relations.REVISION", 99)
    assert collect.relate_to_target(store, relations.dataset_id, "late").revision == 99
    (kept,) = path.parent.parent.glob(f"profiles/{relations.dataset_id}-target-*.json")
    kept.write_text('{"dataset_id": "half a fi')
    assert collect.relate_to_target(store, relations.dataset_id, "late").revision == 99
    plan.delete_project(store, store.get(DatasetVersion, relations.dataset_id).project_id)
    assert not kept.exists()


def test_a_column_that_cannot_be_a_target_is_refused(relate: Relate, planted: pd.DataFrame) -> None:
    for target in ("nothing", "name", "weekend", "no such column"):
        with pytest.raises(BadInputError):
            relate(planted, target)


def test_equally_many_rows_share_a_range_and_missing_ones_stand_apart() -> None:
    cells = Cells("value", np.array([0] * 60 + [1, 2, 3, 4] * 10 + [5] * 7), 6, ordered=True, name=str)
    assert cells.joined(2).tolist() == [0, 1, 1, 1, 1, 2]
