"""What I did to your file: every decision is told, can be changed, and the effect is seen before it is stored."""

import io
import zipfile
from collections.abc import Callable

import openpyxl
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core import collect, plan
from core.records import DatasetVersion, Job, Project
from core.store import Store

Visit = Callable[..., AppTest]
Read = Callable[[AppTest], str]
REPORT = "Report 2026\n\nland;code;price;day\n" + "".join(
    f"{('NA', 'DE', 'FR', 'US')[n % 4]};0{n % 10};1.{n:03},5;{1 + n % 28:02}.01.2026\n" for n in range(60)
)
REPORT += "Total;;99,5;\n-- end --\n"


@pytest.fixture
def project(store: Store) -> Project:
    return plan.create_project(store, "Shop", by="Anna")


def add(store: Store, project: Project, content: bytes, filename: str = "report.csv") -> DatasetVersion:
    path = store.files.upload("upload")
    path.write_bytes(content)
    return collect.add_dataset(store, project.id, path, filename=filename, by="Anna")


def open_changes(visit: Visit) -> AppTest:
    return visit("collect_data", project="shop", you="Anna").toggle(key="collect_change_reading").set_value(True).run()


def keys(app: AppTest) -> set[str]:
    return {element.key for kind in ("selectbox", "number_input", "multiselect") for element in app.get(kind)}


def test_every_decision_is_told_with_its_count_and_sample_lines(
    visit: Visit, read: Read, store: Store, project: Project
) -> None:
    add(store, project, REPORT.encode())
    text = read(visit("collect_data", project="shop"))
    assert "60 rows in the file, 60 rows in the table" in text
    assert "1 line above and 2 lines below the table" in text
    assert "values separated by semicolon" in text
    assert "`-- end --`" in text
    assert "NA was kept, being one two-letter code among others (15)" in text
    assert "`row 1: '1.000,5' → 1000.5`" in text


def test_rows_left_out_are_told(visit: Visit, read: Read, store: Store, project: Project) -> None:
    add(store, project, b"a,b,c\n" + b"1,2,3\n" * 20 + b"1,2,3,4\n")
    text = read(visit("collect_data", project="shop"))
    assert "21 rows in the file, 20 rows in the table, 1 row left out." in text
    assert "`row 21: 1 | 2 | 3 | 4`" in text


def test_a_choice_shows_its_effect_at_once_and_stores_nothing(
    visit: Visit, read: Read, store: Store, project: Project
) -> None:
    add(store, project, REPORT.encode())
    app = open_changes(visit)
    assert "No rows, columns, types or missing values would differ from version 1." in read(app)
    assert app.button(key="collect_read_again").disabled
    app.number_input(key="collect_reading_n_footer").set_value(0).run()
    text = read(app)
    assert "62 rows in place of 60." in text
    assert not app.button(key="collect_read_again").disabled
    assert store.count(DatasetVersion) == 1


def test_a_table_is_read_in_the_chosen_way_and_stays_so_after_a_reload(
    visit: Visit, read: Read, store: Store, project: Project
) -> None:
    first = add(store, project, REPORT.encode())
    app = open_changes(visit)
    app.selectbox(key="collect_reading_has_header").set_value(False).run()
    app.selectbox(key="collect_reading_decimal_comma").set_value(True).run()
    app.button(key="collect_read_again").click().run()
    assert not app.error
    assert "Version 2 holds the file read this way" in read(app)
    table = collect.current_dataset(store, project.id)
    assert (table.number, table.parent_id, table.created_by, table.n_rows) == (2, first.id, "Anna", 61)
    again = open_changes(visit)
    assert again.selectbox(key="collect_reading_has_header").value is False
    assert again.button(key="collect_read_again").disabled
    assert "version 2: 61 rows" in read(again)


def test_a_choice_that_cannot_be_followed_is_said_and_can_be_taken_back(
    visit: Visit, read: Read, store: Store, project: Project
) -> None:
    add(store, project, REPORT.encode())
    app = open_changes(visit)
    app.selectbox(key="collect_reading_delimiter").set_value("|").run()
    text = read(app)
    assert "does not occur in the file" in text
    assert "Something went wrong" not in text
    app.selectbox(key="collect_reading_delimiter").set_value(None).run()
    assert not app.error


def test_the_type_of_every_column_can_be_chosen_in_a_table(visit: Visit, store: Store, project: Project) -> None:
    add(store, project, REPORT.encode())
    lines = open_changes(visit).data_editor[0].value
    assert lines["Column"].tolist() == ["land", "code", "price", "day"]
    assert lines["Found"].tolist() == ["Category", "Category", "Number", "Date"]
    assert set(lines["Type"]) == {"As found"}


def choose_type(app: AppTest, column: int, words: str) -> AppTest:
    """Choose the type of a column as a person does in the table of columns."""
    editor = app.data_editor[0]
    app.session_state[editor.key] = {"edited_rows": {column: {"Type": words}}, "added_rows": [], "deleted_rows": []}
    return app.run()


def preview_of(app: AppTest) -> pd.DataFrame:
    return next(frame.value for frame in app.dataframe if list(frame.value.columns) == ["land", "code", "price", "day"])


def test_the_effect_of_a_chosen_type_is_seen_at_once_and_kept_when_the_file_is_read(
    visit: Visit, read: Read, store: Store, project: Project
) -> None:
    add(store, project, REPORT.encode())
    app = open_changes(visit)
    assert preview_of(app)["code"].tolist()[:2] == ["00", "01"]
    choose_type(app, 1, "Number")
    assert preview_of(app)["code"].tolist()[:2] == [0, 1]
    assert "'code' holds number in place of category." in read(app)
    assert store.count(DatasetVersion) == 1
    app.button(key="collect_read_again").click().run()
    assert collect.current_dataset(store, project.id).columns[1].kind == "number"
    assert open_changes(visit).data_editor[0].value["Type"].tolist() == ["As found", "Number", "As found", "As found"]


def test_a_type_that_does_not_fit_is_answered_in_words_and_can_be_taken_back(
    visit: Visit, read: Read, store: Store, project: Project
) -> None:
    add(store, project, REPORT.encode())
    app = choose_type(open_changes(visit), 0, "Number")
    text = read(app)
    assert "'land' holds number in place of category." in text
    assert r"'land'\: 60 missing in place of 0." in text
    assert r"Column 'land'\: values that are no numbers became missing (45)\: row 2\: 'DE' → missing" in text
    assert preview_of(app)["land"].isna().all()
    assert not app.error
    choose_type(app, 0, "As found")
    assert "No rows, columns, types or missing values would differ from version 1." in read(app)


def test_only_what_applies_to_the_format_is_asked(visit: Visit, store: Store, project: Project) -> None:
    add(store, project, b'[{"a": 1}, {"a": 2}, {"a": 3}]', "t.json")
    asked = keys(open_changes(visit))
    assert {"collect_reading_missing_words", "collect_reading_day_first"} <= asked
    assert asked.isdisjoint({"collect_reading_delimiter", "collect_reading_has_header", "collect_reading_sheet"})


def test_another_sheet_of_a_workbook_can_be_read(visit: Visit, read: Read, store: Store, project: Project) -> None:
    book, path = openpyxl.Workbook(), store.home / "book.xlsx"
    book.active.title = "People"
    for sheet, word in ((book.active, "age"), (book.create_sheet("Places"), "size")):
        for row in [("name", word), *((f"n{n}", n) for n in range(20))]:
            sheet.append(row)
    book.save(path)
    add(store, project, path.read_bytes(), "book.xlsx")
    app = open_changes(visit)
    assert "collect_reading_delimiter" not in keys(app)
    app.selectbox(key="collect_reading_sheet").set_value("Places").run()
    assert "1 column ('size')." in read(app)
    app.button(key="collect_read_again").click().run()
    assert collect.current_dataset(store, project.id).column_names == ("name", "size")


def test_another_file_of_an_archive_can_be_read(visit: Visit, read: Read, store: Store, project: Project) -> None:
    people, places = ("".join(f"n{n},{n}\n" for n in range(rows)) for rows in (40, 20))
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("people.csv", f"name,age\n{people}")
        archive.writestr("places.csv", f"name,size\n{places}")
    add(store, project, content.getvalue(), "several.zip")
    assert collect.current_dataset(store, project.id).column_names == ("name", "age")
    app = open_changes(visit)
    assert "people.csv was read, being the largest" in read(app)
    app.selectbox(key="collect_reading_member").set_value("places.csv").run()
    assert "1 column ('size')." in read(app)
    app.button(key="collect_read_again").click().run()
    assert collect.current_dataset(store, project.id).column_names == ("name", "size")


def test_a_large_file_is_read_again_as_a_job(
    visit: Visit, read: Read, store: Store, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.collect.LARGE_BYTES", 1_000)
    add(store, project, REPORT.encode())
    app = open_changes(visit)
    app.selectbox(key="collect_reading_has_header").set_value(False).run()
    app.button(key="collect_read_again").click().run()
    assert not app.error
    (job,) = store.find(Job, project_id=project.id, kind="collect")
    assert job.active
    assert "dataset_id" in job.params


def test_a_table_whose_file_is_not_kept_says_so(visit: Visit, read: Read, store: Store, project: Project) -> None:
    version = add(store, project, REPORT.encode())
    assert version.reading is not None
    store.files.original(version.reading.original_id or "").unlink()
    app = visit("collect_data", project="shop")
    assert "The file itself is not kept" in read(app)
    assert "collect_change_reading" not in {toggle.key for toggle in app.toggle}


def test_a_table_made_from_another_version_shows_how_that_was_read(
    visit: Visit, read: Read, store: Store, project: Project
) -> None:
    version = add(store, project, REPORT.encode())
    collect.keep_back_stream(store, version.id, share=0.5, by="Anna")
    text = read(open_changes(visit))
    assert "made from version 1" in text
    assert "rows kept back and changes made since would be in the table again" in text


def test_many_columns_are_told_together(visit: Visit, read: Read, store: Store, project: Project) -> None:
    header = ";".join(f"c{n}" for n in range(30))
    add(store, project, (header + "\n" + (";".join(["1,5"] * 30) + "\n") * 20).encode())
    text = read(visit("collect_data", project="shop"))
    assert "The comma is the decimal sign; points between thousands were taken out (30 columns, 600 cells)." in text
