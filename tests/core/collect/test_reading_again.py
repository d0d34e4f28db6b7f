"""The bytes of an upload are kept: its reading can be changed, seen at once, and made the next version."""

from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core import collect, plan
from core.errors import BadInputError, NotReadyError
from core.records import DatasetVersion, Job, Project, ReadingChoices
from core.store import JobHandle, Store

SHOP = "Report;;\nland;n;price\n" + "".join(f"{'NA' if n % 3 else 'DE'};0{n % 10};{n},5\n" for n in range(200))


@pytest.fixture
def project(store: Store) -> Project:
    return plan.create_project(store, "Shop", by="Ann")


def add(store: Store, project: Project, content: bytes, filename: str = "shop.csv") -> DatasetVersion:
    path = store.files.upload("upload")
    path.write_bytes(content)
    try:
        return collect.add_dataset(store, project.id, path, filename=filename, by="Ann")
    finally:
        path.unlink()


def originals(store: Store) -> list[Path]:
    return sorted((store.home / "originals").iterdir())


def test_the_bytes_of_an_upload_are_kept_as_they_came(store: Store, project: Project) -> None:
    version = add(store, project, SHOP.encode())
    (kept,) = originals(store)
    assert version.reading is not None
    assert kept.name == version.reading.original_id
    assert kept.read_bytes() == SHOP.encode()
    assert collect.original_bytes(store, version.id) == len(SHOP)
    assert collect.original_lines(store, version.id)[:2] == ("Report;;", "land;n;price")


def test_a_file_that_is_no_table_is_not_kept(store: Store, project: Project) -> None:
    with pytest.raises(BadInputError):
        add(store, project, b"<html>no</html>")
    assert originals(store) == []


def test_a_file_that_somebody_else_changes_later_is_kept_as_it_was(
    store: Store, project: Project, tmp_path: Path
) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(SHOP)
    version = collect.add_dataset(store, project.id, path, filename="mine.csv", by="Ann")
    with path.open("r+") as file:
        file.write("XXXXXX")
    assert collect.original_lines(store, version.id)[0] == "Report;;"


def test_originals_go_with_their_project(store: Store, project: Project) -> None:
    other = plan.create_project(store, "Other", by="Ann")
    first, kept = add(store, project, SHOP.encode()), add(store, other, SHOP.encode())
    collect.read_again(store, first.id, ReadingChoices(has_header=False), by="Ann")
    plan.delete_project(store, project.id)
    assert kept.reading is not None
    assert [path.name for path in originals(store)] == [kept.reading.original_id]


@pytest.mark.parametrize(
    "choices",
    [
        ReadingChoices(),
        ReadingChoices(kinds={"n": "number"}, kept_words=("NA",), missing_words=("DE",)),
        ReadingChoices(has_header=False, n_preamble=2, n_footer=3),
        ReadingChoices(decimal_comma=False),
    ],
)
def test_what_is_shown_is_what_is_stored(store: Store, project: Project, choices: ReadingChoices) -> None:
    version = add(store, project, SHOP.encode())
    preview = collect.preview_reading(store, version.id, choices, n_rows=1_000)
    stored = collect.read_again(store, version.id, choices, by="Bob")
    assert not preview.is_part
    pd.testing.assert_frame_equal(preview.frame, collect.load_frame(store, stored.id))
    assert stored.reading is not None
    assert (stored.columns, stored.reading.decisions) == (preview.columns, preview.reading.decisions)
    assert (stored.parent_id, stored.created_by, stored.reading.choices) == (version.id, "Bob", choices)
    assert stored.number == 2


def test_a_preview_says_what_would_be_different(store: Store, project: Project) -> None:
    version = add(store, project, SHOP.encode())
    assert collect.preview_reading(store, version.id, ReadingChoices()).difference.is_none
    shown = collect.preview_reading(store, version.id, ReadingChoices(kinds={"n": "number"}, missing_words=("DE",)))
    assert shown.difference.kinds == (("n", "category", "number"),)
    assert shown.difference.missing == (("land", 133, 200),)
    assert shown.difference.n_rows == (200, 200)
    headless = collect.preview_reading(store, version.id, ReadingChoices(has_header=False)).difference
    assert headless.n_rows == (200, 201)
    assert headless.gone_columns == ("land", "n", "price")


def test_nothing_is_stored_by_a_preview_or_by_a_choice_that_cannot_be_followed(store: Store, project: Project) -> None:
    version = add(store, project, SHOP.encode())
    collect.preview_reading(store, version.id, ReadingChoices(has_header=False))
    with pytest.raises(BadInputError, match="does not occur"):
        collect.preview_reading(store, version.id, ReadingChoices(delimiter="^"))
    with pytest.raises(BadInputError, match="does not occur"):
        collect.read_again(store, version.id, ReadingChoices(delimiter="^"), by="Ann")
    assert store.count(DatasetVersion) == 1
    assert list((store.home / "uploads").iterdir()) == []
    assert len(list((store.home / "datasets").iterdir())) == 1


def test_of_a_large_file_the_beginning_is_shown_and_said_to_be_that(
    store: Store, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.collect.beginning.TEXT_BYTES", 10_000)
    rows = "".join(f'{n},"a\nb",{n}.5\n' for n in range(5_000))
    version = add(store, project, f"n,text,x\n{rows}".encode())
    preview = collect.preview_reading(store, version.id, ReadingChoices(kinds={"n": "category"}))
    assert preview.is_part
    assert preview.difference.n_rows is None
    assert preview.difference.kinds == (("n", "number", "category"),)
    assert {decision.code for decision in preview.reading.decisions} == {"beginning"}
    assert 100 < preview.reading.n_rows_kept < 2_000


def test_of_a_large_parquet_file_or_sheet_the_first_rows_are_shown(
    store: Store, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("typed_choices", "text_rows"):
        monkeypatch.setattr(f"core.collect.{module}.N_RECORDS", 10)
    pq.write_table(pa.table({"x": list(range(100))}), tmp_path / "t.parquet")
    book = openpyxl.Workbook()
    for row in [("x", "y"), *((n, n) for n in range(50))]:
        book.active.append(row)
    book.save(tmp_path / "t.xlsx")
    for name, n_rows in (("t.parquet", 10), ("t.xlsx", 9)):
        version = add(store, project, (tmp_path / name).read_bytes(), name)
        preview = collect.preview_reading(store, version.id, ReadingChoices())
        assert (preview.is_part, preview.reading.n_rows_kept) == (True, n_rows)


def test_a_large_file_is_read_again_as_a_job(store: Store, project: Project) -> None:
    version = add(store, project, SHOP.encode())
    job = collect.start_reading_again(store, version.id, ReadingChoices(kinds={"n": "number"}), by="Bob")
    result = collect.run_reading(JobHandle(store, store.get(Job, job.id)))
    new = store.get(DatasetVersion, result["dataset_id"])
    assert (new.parent_id, new.created_by) == (version.id, "Bob")
    assert {column.name: column.kind for column in new.columns}["n"] == "number"


def test_a_table_made_from_a_file_knows_the_version_whose_file_it_is(store: Store, project: Project) -> None:
    version = add(store, project, SHOP.encode())
    table, _ = collect.keep_back_stream(store, version.id, share=0.5, by="Ann")
    found = collect.version_with_original(store, table.id)
    assert found is not None
    assert found.id == version.id
    arrow = pa.table({"x": [1, 2]})
    made = collect.add_table(store, project.id, arrow, filename="x", by="Ann", source="sample")
    assert collect.version_with_original(store, made.id) is None
    with pytest.raises(NotReadyError):
        collect.preview_reading(store, made.id, ReadingChoices())
