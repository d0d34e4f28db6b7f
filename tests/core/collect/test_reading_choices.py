"""A person's choices are followed, or it is said why not; nothing that a choice costs is silent."""

import gzip
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core import collect
from core.errors import BadInputError
from core.records import Decision, Reading, ReadingChoices

PLACES = "code;place;amount\n" + "".join(f"0{n};Köln {n};{n},5\n" for n in range(1, 30))


def read(tmp_path: Path, content: bytes | str, **choices: object) -> tuple[pa.Table, Reading]:
    path = tmp_path / "upload"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return collect.read_table(path, "places.csv", ReadingChoices(**choices))  # type: ignore[arg-type]


def told(reading: Reading, code: str) -> Decision:
    return next(decision for decision in reading.decisions if decision.code == code)


def test_without_choices_nothing_is_different(tmp_path: Path) -> None:
    table, reading = read(tmp_path, PLACES)
    assert table.column("amount").to_pylist()[:2] == [1.5, 2.5]
    assert reading.choices == ReadingChoices()


def test_the_encoding_is_the_chosen_one(tmp_path: Path) -> None:
    table, reading = read(tmp_path, PLACES.encode("cp1252"), encoding="cp1250")
    assert (reading.encoding, table.column("place")[0].as_py()) == ("cp1250", "Köln 1")
    assert told(reading, "encoding").examples[0] == "line 2: 01;Köln 1;1,5"


def test_characters_a_chosen_encoding_cannot_read_are_marked_counted_and_shown(tmp_path: Path) -> None:
    _, reading = read(tmp_path, PLACES.encode("cp1252"), encoding="utf-8")
    broken = told(reading, "broken_characters")
    assert (broken.count, broken.examples[0]) == (29, "line 2: 01;K�ln 1;1,5")


@pytest.mark.parametrize(
    ("content", "encoding", "words"),
    [
        (PLACES.encode(), "klingon", "no encoding 'klingon'"),
        (PLACES.encode(), "base64", "no encoding 'base64'"),
        (("word\n" + "äöü\n" * 50).encode("cp1252"), "ascii", "not written in ascii"),
    ],
)
def test_an_encoding_that_does_not_fit_is_refused(tmp_path: Path, content: bytes, encoding: str, words: str) -> None:
    with pytest.raises(BadInputError, match=words) as caught:
        read(tmp_path, content, encoding=encoding)
    assert caught.value.hint


def test_the_separator_is_the_chosen_one(tmp_path: Path) -> None:
    content = "a,b;c\n" + "".join(f"{n},x{n};{n}\n" for n in range(9))
    assert read(tmp_path, content)[1].delimiter == ","
    table, reading = read(tmp_path, content, delimiter=";")
    assert (reading.delimiter, table.column_names) == (";", ["a,b", "c"])
    table, _ = read(tmp_path, "a b c\n1 2 3\n4 5 6\n", delimiter=" ")
    assert table.to_pydict() == {"a": [1, 4], "b": [2, 5], "c": [3, 6]}


def test_a_separator_that_does_not_occur_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"separator '\|' does not occur"):
        read(tmp_path, PLACES, delimiter="|")


def test_the_first_row_is_a_header_or_data_as_chosen(tmp_path: Path) -> None:
    table, reading = read(tmp_path, PLACES, has_header=False)
    assert (table.num_rows, table.column_names[0]) == (30, "column_1")
    assert told(reading, "no_header").examples == ("code | place | amount",)
    table, _ = read(tmp_path, "1,2\n3,4\n5,6\n", has_header=True)
    assert table.to_pydict() == {"1": [3, 5], "2": [4, 6]}


def test_as_many_lines_are_left_out_above_and_below_as_chosen(tmp_path: Path) -> None:
    table, reading = read(tmp_path, PLACES, n_preamble=2, n_footer=3, has_header=False)
    assert (table.num_rows, reading.n_preamble, reading.n_footer) == (25, 2, 3)
    assert told(reading, "footer").examples[0] == "027;Köln 27;27,5"
    with pytest.raises(BadInputError, match="cannot be left out above"):
        read(tmp_path, PLACES, n_preamble=500)
    with pytest.raises(BadInputError, match="Nothing is left"):
        read(tmp_path, PLACES, n_footer=30)


def test_lines_below_the_table_are_kept_when_nothing_is_to_be_left_out_there(tmp_path: Path) -> None:
    content = PLACES + "Source: the office\n"
    assert read(tmp_path, content)[1].n_footer == 1
    table, reading = read(tmp_path, content, n_footer=0)
    assert (reading.n_footer, table.num_rows) == (0, 30)


def test_a_column_has_the_chosen_kind_and_what_does_not_fit_is_counted_and_shown(tmp_path: Path) -> None:
    content = "id,x\n" + "".join(f"{n},{'n' if n == 7 else n}\n" for n in range(1, 40))
    table, reading = read(tmp_path, content, kinds={"x": "number"})
    unfit = told(reading, "unfit")
    assert (table.column("x").to_pylist()[5:8], unfit.count) == ([6, None, 8], 1)
    assert (unfit.column, unfit.examples) == ("x", ("row 7: 'n' → missing",))


@pytest.mark.parametrize(
    ("texts", "kind", "values"),
    [
        (["007", "012", "3"], "number", [7, 12, 3]),
        (["1.5", "2", "x"], "number", [1.5, 2.0, None]),
        (["1", "0", "1"], "boolean", [True, False, True]),
        (["ja", "Nein", "maybe"], "boolean", [True, False, None]),
        (["yes", "no", "Y"], "boolean", [True, False, True]),
        (["1", "2", "2"], "category", ["1", "2", "2"]),
        (["2024-01-05", "2024-01-06", "x"], "text", ["2024-01-05", "2024-01-06", "x"]),
        (["20240105", "2024-02-01", "soon"], "date", [pd.Timestamp(2024, 1, 5), pd.Timestamp(2024, 2, 1), None]),
    ],
)
def test_every_kind_can_be_chosen(tmp_path: Path, texts: list[str], kind: str, values: list[object]) -> None:
    table, _ = read(tmp_path, "id,x\n" + "".join(f"{n},{text}\n" for n, text in enumerate(texts)), kinds={"x": kind})
    assert table.column("x").to_pylist() == values


def test_kinds_of_columns_that_are_not_there_are_told(tmp_path: Path) -> None:
    _, reading = read(tmp_path, PLACES, kinds={"gone": "text"})
    assert told(reading, "choice_unused").examples == ("gone",)


def test_added_words_are_missing_everywhere_and_kept_words_are_real_among_words(tmp_path: Path) -> None:
    content = "country,n,town\n" + "NA,1,Null\nDE,-999,Bonn\nFrance,3,keine Angabe\n" * 5
    table, reading = read(tmp_path, content)
    assert table.column("country").to_pylist()[0] is None
    table, reading = read(tmp_path, content, missing_words=("-999", "Keine angabe"), kept_words=("na",))
    assert table.column("country").to_pylist()[:2] == ["NA", "DE"]
    assert table.column("n").to_pylist()[:3] == [1, None, 3]
    assert table.column("town").to_pylist()[:3] == ["Null", "Bonn", None]
    counts = {decision.column: decision.count for decision in reading.decisions if decision.code == "missing_words"}
    assert counts == {"n": 5, "town": 5}


def test_comma_and_day_are_read_as_chosen_where_they_could_be_either(tmp_path: Path) -> None:
    content = "x|when\n" + "1,234|03/04/2026\n5,678|05/06/2026\n" * 3
    table, _ = read(tmp_path, content)
    assert table.to_pylist()[0] == {"x": 1234.0, "when": pd.Timestamp(2026, 3, 4)}
    table, reading = read(tmp_path, content, decimal_comma=True, day_first=True)
    assert table.to_pylist()[0] == {"x": 1.234, "when": pd.Timestamp(2026, 4, 3)}
    assert "otherwise" not in told(reading, "date_format").sentence
    table, _ = read(tmp_path, content.replace("1,234", "1,5"), decimal_comma=False)
    assert table.schema.field("x").type == pa.string()


def workbook(path: Path) -> Path:
    book = openpyxl.Workbook()
    book.active.title = "Cover"
    book.active.append(["Report"])
    book.active.append(["made by Ann"])
    sheet = book.create_sheet("Data")
    for row in (["name", "age"], ["Ann", 31], ["Bob", 42], ["Cem", 53], ["Total", 126]):
        sheet.append(row)
    book.save(path)
    return path


def test_the_chosen_sheet_of_a_workbook_is_read(tmp_path: Path) -> None:
    path = workbook(tmp_path / "book")
    _, first = collect.read_table(path, "book.xlsx")
    assert (first.sheet, first.sheets) == ("Cover", ("Cover", "Data"))
    table, reading = collect.read_table(path, "book.xlsx", ReadingChoices(sheet="Data"))
    assert table.to_pydict() == {"name": ["Ann", "Bob", "Cem"], "age": [31, 42, 53]}
    assert (reading.sheet, reading.n_footer) == ("Data", 1)
    with pytest.raises(BadInputError, match="no sheet 'Gone'") as caught:
        collect.read_table(path, "book.xlsx", ReadingChoices(sheet="Gone"))
    assert "Cover, Data" in caught.value.hint


def test_columns_of_parquet_can_have_another_kind_and_words_for_nothing(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"zip": ["01", "02", "x"], "n": [1.0, -999.0, 2.0], "at": [5, 6, 7]}), path)
    choices = ReadingChoices(kinds={"zip": "number", "at": "category"}, missing_words=("-999",))
    table, reading = collect.read_table(path, "t.parquet", choices)
    assert table.to_pydict() == {"zip": [1, 2, None], "n": [1, None, 2], "at": ["5", "6", "7"]}
    assert told(reading, "unfit").examples == ("row 3: 'x' → missing",)


def test_choices_hold_for_json_and_within_archives(tmp_path: Path) -> None:
    table, _ = read(tmp_path, '[{"a": "1", "b": "x"}, {"a": "0", "b": "y"}]', kinds={"a": "boolean"})
    assert table.column("a").to_pylist() == [True, False]
    table, _ = read(tmp_path, gzip.compress(PLACES.encode()), kinds={"code": "number"})
    assert table.column("code").to_pylist()[0] == 1


def test_words_for_nothing_are_found_in_an_archive_of_both_csv_and_parquet(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [3, 4], "b": ["gone", "z"]}), tmp_path / "2.parquet")
    (tmp_path / "1.csv").write_text("a,b\n1,x\n2,gone\n", encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "both.zip", "w") as archive:
        for name in ("1.csv", "2.parquet"):
            archive.write(tmp_path / name, name)
    table, _ = collect.read_table(tmp_path / "both.zip", "both.zip", ReadingChoices(missing_words=("gone",)))
    assert table.to_pydict() == {"a": [1, 2, 3, 4], "b": ["x", None, None, "z"]}
