"""Recorded edits: problem, fix, passed; rows in their order and accounted for; undone without loss."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from core import collect, plan
from core.errors import BadInputError, ConflictError
from core.records import DatasetVersion, Edit
from core.store import Store


def people(n_rows: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "weight": rng.normal(70, 9, n_rows).round(3),
            "town": pd.Series(rng.choice(["Rome", "Oslo"], n_rows), dtype="str"),
            "waits": rng.integers(0, 50, n_rows),
            "answer": rng.choice(["yes", "no"], n_rows),
        }
    )


@pytest.fixture
def add(store: Store) -> Callable[[pd.DataFrame], DatasetVersion]:
    def make(frame: pd.DataFrame) -> DatasetVersion:
        project = plan.create_project(store, "People", by="Ada")
        table = pa.Table.from_pandas(frame, preserve_index=False)
        return collect.add_table(store, project.id, table, filename="people.csv", by="Ada", source="upload")

    return make


def planted() -> dict[str, tuple[str, pd.DataFrame]]:
    """A frame with one trouble for each kind of edit, and the check that finds it."""
    frame = people()
    empty = frame.copy()
    empty.loc[[3, 250], :] = None
    unanswered = frame.copy()
    unanswered.loc[:9, "answer"] = None
    rare = frame.copy()
    rare.loc[:3, "answer"] = "perhaps"
    twins = frame.iloc[:8].assign(answer=frame["answer"].iloc[:8].map({"yes": "no", "no": "yes"}))
    numbers = [f"{n % 60}.5" for n in range(295)] + ["many"] * 5
    days = [f"2024-01-{1 + n % 28:02}" for n in range(295)] + ["soon"] * 5
    return {
        "drop_empty_rows": ("FC101", empty),
        "drop_repeated_rows": ("FC102", pd.concat([frame, frame.iloc[5:15]], ignore_index=True)),
        "drop_contradictions": ("FC104", pd.concat([frame, twins], ignore_index=True)),
        "to_number": ("FC301", frame.assign(price=numbers)),
        "to_date": ("FC301", frame.assign(day=days)),
        "to_missing": ("FC303", frame.assign(waits=[-999] * 12 + frame["waits"].tolist()[12:])),
        "merge_levels": ("FC304", frame.assign(town=frame["town"].tolist()[:-9] + ["ROME"] * 9)),
        "drop_rows_without": ("FC402", unanswered),
        "drop_rows_with": ("FC403", rare),
        "drop_columns": ("FC601", frame.assign(mail=[f"a{n}@example.org" for n in range(300)])),
        "code_values": ("FC601", frame.assign(mail=[f"a{n % 50}@example.org" for n in range(300)])),
        "black_out_mail": ("FC601", frame.assign(note=[f"write to a{n}@example.org please" for n in range(300)])),
    }


@pytest.mark.parametrize("kind", planted())
def test_a_problem_is_mended_by_its_fix_and_comes_back_when_that_is_undone(
    store: Store, add: Callable[[pd.DataFrame], DatasetVersion], kind: str
) -> None:
    code, frame = planted()[kind]
    before = add(frame)
    task = "multiclass" if kind == "drop_rows_with" else "binary"
    found = collect.run_checks(store, before.id, target="answer", task=task).result(code)
    assert found.outcome in ("problem", "note")
    edit = next(fix.edit for fix in found.fixes if fix.edit and fix.edit.kind == kind)

    after = collect.edit_table(store, before.id, edit, by="Ben")
    assert (after.parent_id, after.source, after.created_by, after.number) == (before.id, "edit", "Ben", 2)
    assert after.edit is not None
    assert after.edit.kind == kind
    assert after.edit.n_changed > 0
    assert after.n_rows == before.n_rows - (
        after.edit.n_changed if kind.startswith("drop_") and kind != "drop_columns" else 0
    )
    settled = collect.run_checks(store, after.id, target="answer", task=task).result(code).outcome
    assert settled in ("passed", "not_applicable")
    assert collect.edit_table(store, after.id, edit, by="Ben").id == after.id  # done twice is done once

    back = collect.undo_edit(store, after.id, by="Eva")
    assert collect.current_dataset(store, before.project_id).id == back.id
    assert (back.columns, back.sha256) == (before.columns, before.sha256)
    assert back.edit is not None
    assert back.edit.sentence.startswith("Undone: ")
    assert collect.run_checks(store, back.id, target="answer", task=task).result(code).outcome == found.outcome


def test_rows_keep_their_order_and_the_first_of_each_stays(
    store: Store, add: Callable[[pd.DataFrame], DatasetVersion]
) -> None:
    frame = people()
    table = add(pd.concat([frame, frame.sample(frac=0.5, random_state=1)], ignore_index=True))
    after = collect.edit_table(store, table.id, Edit("drop_repeated_rows", "Dropped."), by="Ben")
    pd.testing.assert_frame_equal(
        collect.load_frame(store, after.id).reset_index(drop=True), collect.load_frame(store, table.id).iloc[:300]
    )
    assert after.edit is not None
    assert after.edit.sentence == "Dropped: 150 of 450, 300 are left."


def test_missing_cells_and_other_columns_are_left_as_they_are(
    store: Store, add: Callable[[pd.DataFrame], DatasetVersion]
) -> None:
    frame = people().assign(waits=[None, -999, 7] * 100)
    table = add(frame)
    edit = Edit("to_missing", "Impossible values became missing.", ("waits",), {"numbers": [-999.0]})
    after = collect.edit_table(store, table.id, edit, by="Ben")
    changed = collect.load_frame(store, after.id)
    assert changed["waits"].notna().sum() == 100
    assert changed["waits"].dropna().eq(7).all()
    pd.testing.assert_frame_equal(
        changed.drop(columns="waits"), collect.load_frame(store, table.id).drop(columns="waits")
    )
    assert after.edit is not None
    assert after.edit.n_changed == 100


def test_codes_are_alike_for_like_values_and_the_salt_is_forgotten(
    store: Store, add: Callable[[pd.DataFrame], DatasetVersion]
) -> None:
    names = [f"Anna {n % 40}" for n in range(300)]
    table = add(people().assign(who=names))
    edit = Edit("code_values", "Values were replaced by codes.", ("who",))
    after = collect.edit_table(store, table.id, edit, by="Ben")
    codes = collect.load_frame(store, after.id)["who"]
    assert codes.nunique() == 40
    assert codes.str.fullmatch("#[0-9a-f]{12}").all()
    assert pd.factorize(codes)[0].tolist() == pd.factorize(pd.Series(names))[0].tolist()
    assert after.edit is not None
    assert after.edit.options == {}
    again = collect.edit_table(store, collect.undo_edit(store, after.id, by="Ben").id, edit, by="Ben")
    assert collect.load_frame(store, again.id)["who"].iloc[0] != codes.iloc[0]


def test_rows_kept_back_for_live_traffic_get_the_same_change_of_values_and_lose_no_row(
    store: Store, add: Callable[[pd.DataFrame], DatasetVersion]
) -> None:
    table = add(people().assign(mail=[f"a{n}@example.org" for n in range(300)]))
    kept, stream = collect.keep_back_stream(store, table.id, share=0.3, by="Ada")
    after = collect.edit_table(store, kept.id, Edit("drop_columns", "Dropped", ("mail",)), by="Ben")
    now = collect.current_stream(store, table.project_id)
    assert now is not None
    assert now.column_names == after.column_names
    assert now.n_rows == stream.n_rows
    rows = Edit("drop_rows_with", "Dropped", ("town",), {"values": ["Rome"]})
    collect.edit_table(store, after.id, rows, by="Ben")
    same = collect.current_stream(store, table.project_id)
    assert same is not None
    assert same.id == now.id


def test_undoing_brings_the_kept_back_rows_back_as_well(
    store: Store, add: Callable[[pd.DataFrame], DatasetVersion]
) -> None:
    table = add(people().assign(mail=[f"a{n}@example.org" for n in range(300)]))
    kept, stream = collect.keep_back_stream(store, table.id, share=0.3, by="Ada")
    after = collect.edit_table(store, kept.id, Edit("drop_columns", "Dropped", ("mail",)), by="Ben")
    collect.undo_edit(store, after.id, by="Ben")
    now = collect.current_stream(store, table.project_id)
    assert now is not None
    assert now.columns == stream.columns


def test_what_cannot_be_edited_is_said(store: Store, add: Callable[[pd.DataFrame], DatasetVersion]) -> None:
    table = add(people())
    with pytest.raises(BadInputError, match="no column 'age'"):
        collect.edit_table(store, table.id, Edit("drop_rows_without", "", ("age",)), by="Ben")
    with pytest.raises(BadInputError, match="no edit 'shuffle'"):
        collect.edit_table(store, table.id, Edit("shuffle", ""), by="Ben")
    with pytest.raises(ConflictError, match="No row would be left"):
        collect.edit_table(
            store, table.id, Edit("drop_rows_with", "", ("town",), {"values": ["Rome", "Oslo"]}), by="Ben"
        )
    with pytest.raises(ConflictError, match="not made by an edit"):
        collect.undo_edit(store, table.id, by="Ben")
    newer = collect.edit_table(store, table.id, Edit("drop_columns", "", ("town",)), by="Ben")
    with pytest.raises(ConflictError, match="changed meanwhile"):
        collect.edit_table(store, table.id, Edit("drop_columns", "", ("waits",)), by="Ben")
    assert collect.current_dataset(store, table.project_id).id == newer.id


def test_values_with_quotes_and_odd_names_are_edited_too(
    store: Store, add: Callable[[pd.DataFrame], DatasetVersion]
) -> None:
    table = add(people().rename(columns={"town": 'it\'s "a" town'}).assign(x=["o'clock", "O'clock", "c"] * 100))
    edit = Edit("merge_levels", "Merged", ("x",), {"mapping": {"O'clock": "o'clock"}})
    after = collect.edit_table(store, table.id, edit, by="Ben")
    assert set(collect.load_frame(store, after.id)["x"]) == {"o'clock", "c"}
    gone = collect.edit_table(store, after.id, Edit("drop_columns", "Dropped", ('it\'s "a" town',)), by="Ben")
    assert gone.n_columns == table.n_columns - 1


def test_an_accepted_finding_stays_accepted_for_the_same_columns_only(
    store: Store, add: Callable[[pd.DataFrame], DatasetVersion]
) -> None:
    table = add(people().assign(one=1))
    report = collect.run_checks(store, table.id, target="answer", task="binary")
    found = report.result("FC202")
    accepted = collect.accept_finding(store, table.project_id, found, target="answer", by="Eva")
    assert collect.accepted_findings(store, table.project_id, report) == {"FC202": accepted}
    wider = add(people().assign(one=1, two=2))
    other = collect.run_checks(store, wider.id, target="answer", task="binary")
    assert collect.accepted_findings(store, table.project_id, other) == {}
    collect.take_back(store, accepted.id)
    assert collect.accepted_findings(store, table.project_id, report) == {}
