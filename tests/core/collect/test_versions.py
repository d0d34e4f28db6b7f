"""Dataset versions: immutable, hashed, with lineage; a file that cannot be read stores nothing."""

import hashlib
import zipfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from core import collect, plan, records
from core.errors import BadInputError, NoDataError, NotFoundError
from core.store import Store


@pytest.fixture
def project_id(store: Store) -> str:
    return plan.create_project(store, "People", by="ann").id


@pytest.fixture
def upload(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text("name,age,born,ok\nAnn,31,1990-01-02,true\nBob,,,\nCem,53,1971-05-06,false\n", encoding="utf-8")
    return path


def test_an_upload_becomes_a_version_with_hash_and_kinds(store: Store, project_id: str, upload: Path) -> None:
    version = collect.add_dataset(store, project_id, upload, filename="people.csv", by="ann")
    stored = store.files.dataset(version.id)
    assert version.sha256 == hashlib.sha256(stored.read_bytes()).hexdigest()
    assert [column.kind for column in version.columns] == ["category", "number", "date", "boolean"]
    assert (version.number, version.n_rows, version.filename, version.created_by) == (1, 3, "people.csv", "ann")
    assert collect.current_dataset(store, project_id) == version
    assert upload.exists()


def test_the_hash_is_that_of_the_whole_table_however_often_it_was_written(
    store: Store, project_id: str, tmp_path: Path
) -> None:
    path = tmp_path / "changing.csv"
    rows = [f"{number},{number}" for number in range(3_000)] + [f"{number},text {number}" for number in range(300)]
    path.write_text("\n".join(["a,b", *rows]), encoding="utf-8")
    packed = tmp_path / "packed.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("1.csv", "a,b\n1,x\n2,y\n")
        archive.writestr("2.csv", "a,b\n3,z\n")
    for upload in (path, packed):
        version = collect.add_dataset(store, project_id, upload, filename=upload.name, by="ann")
        stored = store.files.dataset(version.id)
        assert version.sha256 == hashlib.sha256(stored.read_bytes()).hexdigest()


def test_versions_are_numbered_and_none_is_changed(store: Store, project_id: str, upload: Path) -> None:
    first = collect.add_dataset(store, project_id, upload, filename="people.csv", by="ann")
    before = store.files.dataset(first.id).read_bytes()
    second = collect.add_dataset(store, project_id, upload, filename="people.csv", by="bob", parent_id=first.id)
    assert (second.number, second.parent_id) == (2, first.id)
    assert store.files.dataset(first.id).read_bytes() == before
    assert [version.number for version in collect.list_datasets(store, project_id)] == [1, 2]


def test_a_file_that_cannot_be_read_leaves_nothing_behind(store: Store, project_id: str, tmp_path: Path) -> None:
    bad = tmp_path / "page.csv"
    bad.write_text("<html></html>", encoding="utf-8")
    with pytest.raises(BadInputError):
        collect.add_dataset(store, project_id, bad, filename="page.csv", by="ann")
    assert collect.list_datasets(store, project_id) == []
    left = [path for folder in ("datasets", "profiles", "uploads") for path in (store.home / folder).iterdir()]
    assert left == []


def test_a_version_needs_its_project(store: Store, upload: Path) -> None:
    with pytest.raises(NotFoundError):
        collect.add_dataset(store, "nobody", upload, filename="people.csv", by="ann")
    assert list((store.home / "datasets").iterdir()) == []


def test_without_a_table_the_way_to_one_is_said(store: Store, project_id: str) -> None:
    with pytest.raises(NoDataError, match="no table yet"):
        collect.current_dataset(store, project_id)
    assert collect.current_stream(store, project_id) is None


def test_a_table_in_memory_keeps_what_its_parents_columns_are(store: Store, project_id: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    notes = [f"long note number {n} about things" for n in range(20)]
    path.write_text("n,note\n" + "".join(f"{n},{note}\n" for n, note in enumerate(notes)), encoding="utf-8")
    parent = collect.add_dataset(store, project_id, path, filename="t.csv", by="ann")
    frame = pd.DataFrame({"n": [1.0, None], "note": ["short", "short"], "new": ["a", "b"]})
    child = collect.add_table(
        store,
        project_id,
        pa.Table.from_pandas(frame, preserve_index=False),
        filename="t.csv",
        by="ann",
        source="retrain",
        parent_id=parent.id,
    )
    assert child.columns == (
        records.Column("n", "number", "int64"),
        records.Column("note", "text", "string"),
        records.Column("new", "category", "string"),
    )


def test_frames_have_few_and_steady_dtypes(store: Store, project_id: str, upload: Path) -> None:
    version = collect.add_dataset(store, project_id, upload, filename="people.csv", by="ann")
    frame = collect.load_frame(store, version.id)
    assert frame["age"].dtype == "float64"
    assert frame["name"].dtype == "str"
    assert frame["born"].dtype == "datetime64[us]"
    assert frame["ok"].tolist() == [True, None, False]
    part = collect.load_frame(store, version.id, columns=["ok", "age"], start=2, limit=5)
    assert list(part.columns) == ["ok", "age"]
    assert part["age"].dtype == "float64"  # although these rows have no gap
    assert part.index.tolist() == [2]
    assert part["age"].tolist() == [53.0]


def test_rows_asked_for_come_from_any_part_of_a_long_table(store: Store, project_id: str) -> None:
    n_rows = 300_000
    version = collect.add_table(
        store, project_id, pa.table({"n": range(n_rows)}), filename="t", by="ann", source="upload"
    )
    for start in (0, 122_879, 122_880, 250_000, n_rows - 2, n_rows):
        frame = collect.load_frame(store, version.id, start=start, limit=3)
        assert frame["n"].tolist() == list(range(start, min(start + 3, n_rows)))


def test_an_unknown_column_is_refused(store: Store, project_id: str, upload: Path) -> None:
    version = collect.add_dataset(store, project_id, upload, filename="people.csv", by="ann")
    with pytest.raises(BadInputError, match="no column 'height'"):
        collect.load_frame(store, version.id, columns=["height"])
