"""What changed between two versions is counted over all rows, and where versions come from is drawn."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from core import collect, plan
from core.collect.shift import stability_index
from core.errors import BadInputError
from core.records import ColumnDifference, DatasetVersion, Edit, Project, VersionDifference
from core.store import Store

N_ROWS = 2_000
Add = Callable[..., DatasetVersion]


@pytest.fixture
def project(store: Store) -> Project:
    return plan.create_project(store, "Versions", by="ann")


@pytest.fixture
def add(store: Store, project: Project) -> Add:
    """A function that stores a table as the project's next version."""

    def put(frame: pd.DataFrame, parent: DatasetVersion | None = None, **provenance: str) -> DatasetVersion:
        table = pa.Table.from_pandas(frame, preserve_index=False)
        parent_id = parent.id if parent else None
        provenance = {"filename": "t.csv", "by": "ann", "source": "upload"} | provenance
        return collect.add_table(store, project.id, table, parent_id=parent_id, **provenance)

    return put


@pytest.fixture
def people() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "age": np.where(rng.random(N_ROWS) < 0.1, np.nan, rng.normal(40, 10, N_ROWS)),
            "town": rng.choice(["Köln", "Bonn", "Ulm"], N_ROWS),
            "seen": pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 90, N_ROWS), unit="D"),
            "remark": [f"it was fine on day {n} of {n % 7}" for n in range(N_ROWS)],
            "ok": rng.choice([True, False], N_ROWS),
            "size": rng.integers(1, 6, N_ROWS),
        }
    )


def of(difference: VersionDifference, name: str) -> ColumnDifference:
    return next(one for one in difference.columns if one.name == name)


def test_a_copy_is_as_before(store: Store, add: Add, people: pd.DataFrame) -> None:
    first = add(people)
    difference = collect.compare_versions(store, add(people.sample(frac=1, random_state=0), first).id)
    assert difference.n_rows_same == N_ROWS
    assert [one.size for one in difference.columns] == [0] * 6
    assert {one.sentence for one in difference.columns} == {"As before."}
    assert difference.sentences[0] == "All 2,000 rows are as before, in the columns that both have."


def test_rows_are_matched_as_pandas_matches_them(store: Store, add: Add, people: pd.DataFrame) -> None:
    first = add(people)
    changed = pd.concat([people.iloc[300:], people.iloc[300:310]], ignore_index=True)
    changed.loc[0, "town"] = "Aachen"
    changed.loc[1, "age"] = np.nan
    difference = collect.compare_versions(store, add(changed, first).id)
    columns = list(people.columns)
    old, new = (frame.groupby(columns, dropna=False).size() for frame in (people, changed))
    expected = int(np.minimum(old, new.reindex(old.index).fillna(0)).sum())
    assert difference.n_rows_same == expected
    assert (difference.n_rows, difference.n_rows_before) == (1_710, 2_000)
    assert "1,710 rows, 290 fewer than 2,000." in difference.sentences[0]


def test_what_moved_leads_and_is_said(store: Store, add: Add, people: pd.DataFrame) -> None:
    first = add(people)
    changed = people.assign(
        age=people["age"] + 8,
        town=people["town"].replace({"Ulm": "Trier"}),
        size=people["size"].astype("float64").mask(np.arange(N_ROWS) % 4 == 0),
    )
    difference = collect.compare_versions(store, add(changed, first).id)
    assert {one.name for one in difference.columns[:3]} == {"age", "town", "size"}
    assert of(difference, "ok").size == 0
    town = of(difference, "town")
    assert (town.values_new, town.values_gone) == (("Trier",), ("Ulm",))
    assert "New: Trier. Gone: Ulm." in town.sentence
    assert "Missing in 25 of 100 rows instead of 0." in of(difference, "size").sentence
    assert "The value in the middle went from" in of(difference, "age").sentence
    assert "Spread differently are" in difference.sentences[-1]


def test_shares_of_the_bins_are_those_of_the_rows(store: Store, add: Add, people: pd.DataFrame) -> None:
    first = add(people)
    changed = people.iloc[:500]
    difference = collect.compare_versions(store, add(changed, first).id)
    size = of(difference, "size")
    assert size.labels == ("1", "2", "3", "4", "5", "missing")
    for frame, shares in ((people, size.before), (changed, size.after)):
        assert shares[:-1] == pytest.approx(frame["size"].value_counts(normalize=True).sort_index().tolist())
    for one in difference.columns:
        assert (sum(one.before), sum(one.after)) == pytest.approx((1, 1))
        assert len(one.labels) == len(one.before) == len(one.after)


def test_columns_come_go_are_renamed_and_change_their_kind(store: Store, add: Add, people: pd.DataFrame) -> None:
    first = add(people)
    changed = people.rename(columns={"age": "years"}).drop(columns="ok")
    changed["size"] = changed["size"].map({1: "XS", 2: "S", 3: "M", 4: "L", 5: "XL"})
    changed["fresh"] = np.arange(N_ROWS)
    difference = collect.compare_versions(store, add(changed, first).id)
    assert difference.columns_new == ("years", "fresh")
    assert difference.columns_gone == ("age", "ok")
    assert difference.renamed == (("age", "years"),)
    assert difference.kind_changed == (("size", "number", "category"),)
    said = " ".join(difference.sentences)
    assert "age may be called years now" in said
    assert "size held numbers and holds categories" in said


def test_any_two_versions_can_be_compared_and_the_answer_is_kept(
    store: Store, project: Project, add: Add, people: pd.DataFrame
) -> None:
    first, second = add(people), add(people.iloc[:10])
    third = add(people.iloc[:20], first)
    assert collect.compare_versions(store, third.id).with_id == first.id
    assert collect.compare_versions(store, second.id).with_id == first.id
    difference = collect.compare_versions(store, third.id, second.id)
    assert (difference.n_rows, difference.n_rows_before, difference.n_rows_same) == (20, 10, 10)
    store.files.dataset(third.id).unlink()
    assert collect.compare_versions(store, third.id, second.id) == difference
    with pytest.raises(BadInputError, match="no earlier version"):
        collect.compare_versions(store, first.id)
    other = plan.create_project(store, "Other", by="ann")
    stranger = collect.add_table(store, other.id, pa.table({"x": [1]}), filename="x", by="ann", source="upload")
    with pytest.raises(BadInputError, match="different projects"):
        collect.compare_versions(store, first.id, stranger.id)
    plan.delete_project(store, project.id)
    assert list((store.home / "profiles").iterdir()) == []


def test_tables_without_rows_or_common_columns_are_compared_too(store: Store, add: Add, people: pd.DataFrame) -> None:
    first = add(people)
    empty = add(people.iloc[:0], first)
    assert collect.compare_versions(store, empty.id).n_rows_same == 0
    assert collect.compare_versions(store, first.id, empty.id).n_rows_same == 0
    stranger = add(pd.DataFrame({"x": [1, 2]}), first)
    difference = collect.compare_versions(store, stranger.id)
    assert (difference.n_rows_same, difference.columns) == (0, ())


def test_the_index_is_that_of_the_textbook_less_chance() -> None:
    counts = np.array([100, 300, 600])
    assert stability_index(counts, counts * 3) == 0
    moved = np.array([200, 300, 500])
    p, q = (counts + 0.5) / 1001.5, (moved + 0.5) / 1001.5
    assert stability_index(counts, moved) == pytest.approx(((q - p) * np.log(q / p)).sum() - 2 * (2 / 1000))


def test_an_uploaded_newer_table_comes_from_the_one_before(store: Store, project: Project) -> None:
    path = store.files.upload("file")
    path.write_text("x,y\n1,a\n2,b\n")
    first = collect.add_dataset(store, project.id, path, filename="a.csv", by="ann")
    second = collect.add_dataset(store, project.id, path, filename="b.csv", by="ann")
    assert (first.parent_id, second.parent_id) == (None, first.id)


def test_versions_lie_on_lines_that_show_what_came_from_what(
    store: Store, project: Project, add: Add, people: pd.DataFrame
) -> None:
    first = add(people)
    table, stream = collect.keep_back_stream(store, first.id, share=0.3, by="ann")
    branch = add(people.iloc[:50], first, source="edit")
    last = add(people.iloc[:40], table)
    nodes = {node.dataset_id: node for node in collect.trace_lineage(store, project.id).nodes}
    assert nodes[first.id].lane == nodes[table.id].lane == nodes[last.id].lane == 0
    assert nodes[stream.id].lane > 0
    assert nodes[branch.id].lane not in (0, nodes[stream.id].lane)
    assert nodes[last.id].is_current
    assert nodes[stream.id].made == "Rows of version 1, kept back as live stream"
    assert nodes[table.id].made == "What was left of version 1"
    assert nodes[branch.id].made == "An edit of version 1"
    assert nodes[first.id].made == "Read from a file"
    edited = replace(branch, edit=Edit("drop_rows", "3 repeated rows were taken out.", n_changed=3))
    assert collect.say_origin(edited, {first.id: first}) == "3 repeated rows were taken out, in place of version 1"


def test_no_two_lines_run_over_each_other(store: Store, project: Project, add: Add) -> None:
    rng = np.random.default_rng(1)
    versions = [add(pd.DataFrame({"x": [0]}))]
    for n in range(25):
        versions.append(add(pd.DataFrame({"x": [n]}), versions[rng.integers(0, len(versions))]))
    nodes = collect.trace_lineage(store, project.id).nodes
    taken: set[tuple[int, int]] = set()
    for node in nodes:
        begin = (node.parent_row if node.parent_row is not None else node.row - 1) + 1
        for row in range(begin, node.row + 1):
            assert (row, node.lane) not in taken
            taken.add((row, node.lane))
