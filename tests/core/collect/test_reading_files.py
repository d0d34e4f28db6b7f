"""From bytes to a table: encodings, separators, headers, lines above the table, rows of uneven length."""

import io
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core import collect
from core.errors import BadInputError
from core.records import Reading

ROWS = "name,age\nAnn,31\nBob,42\nCem,53\n"


def read(tmp_path: Path, content: bytes | str) -> tuple[pa.Table, Reading]:
    path = tmp_path / "upload"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return collect.read_table(path, "people.csv")


def codes(reading: Reading) -> list[str]:
    return [decision.code for decision in reading.decisions]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_is_recognised_with_and_without_a_mark(tmp_path: Path, encoding: str) -> None:
    table, _ = read(tmp_path, "stad,größe\nKöln,12\nŁódź,15\nÅrhus,7\n".encode(encoding))
    assert table.column_names == ["stad", "größe"]
    assert table.column("stad").to_pylist() == ["Köln", "Łódź", "Århus"]


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("cp1252", ["Müller", "Schön", "Weiß", "Façade", "Noël", "Señor"]),
        ("mac_roman", ["Chloé", "Garçon", "Noël", "José", "“quoted”", "it’s"]),
        ("cp949", ["서울특별시", "부산광역시", "강남구", "종로구", "대구", "인천"]),
        ("cp1251", ["Москва", "Санкт-Петербург", "Новосибирск", "Казань", "Пермь", "Уфа"]),
    ],
)
def test_older_encodings_are_guessed_from_the_text(tmp_path: Path, encoding: str, words: list[str]) -> None:
    content = "place,n\n" + "".join(f"{word},{index}\n" for index, word in enumerate(words * 5))
    table, reading = read(tmp_path, content.encode(encoding))
    assert table.column("place").to_pylist() == words * 5
    assert reading.encoding == encoding
    assert "encoding" in codes(reading)


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("cp1252", ["AAA", "AAAaAß"]),
        ("cp1252", ["XSoCALTfb", "üäbbFüwmybm", "GuNSßöyööf", "htPPüy"]),
        ("mac_roman", ["Straße", "Größe"]),
    ],
)
def test_no_sign_and_no_other_script_is_read_into_the_middle_of_a_word(
    tmp_path: Path, encoding: str, words: list[str]
) -> None:
    content = "place,n\n" + "".join(f"{word},{index}\n" for index, word in enumerate(words))
    table, _ = read(tmp_path, content.encode(encoding))
    assert table.column("place").to_pylist() == words


def test_a_few_broken_characters_are_marked_and_counted(tmp_path: Path) -> None:
    content = ("word\n" + "Größe größer am größten\n" * 20).encode() + b"br\xffken,\n"
    _, reading = read(tmp_path, content)
    broken = next(decision for decision in reading.decisions if decision.code == "broken_characters")
    assert (reading.encoding, broken.count) == ("utf-8", 1)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", ":", "^"])
def test_the_separator_is_found(tmp_path: Path, delimiter: str) -> None:
    lines = [["id", "city", "price"], *([str(i), f"town {i}", f"{i}.5"] for i in range(20))]
    table, reading = read(tmp_path, "".join(delimiter.join(line) + "\n" for line in lines))
    assert reading.delimiter == delimiter
    assert table.column("price").to_pylist()[:2] == [0.5, 1.5]
    assert (reading.n_rows_in, reading.n_rows_kept, codes(reading)) == (20, 20, [])


def test_the_blanks_within_dates_do_not_separate_values(tmp_path: Path) -> None:
    rows = "".join(f"{-2024 * n},{n} Dec 1977 16:{n}\n" for n in range(10, 25))
    table, reading = read(tmp_path, f"sum,day\n{rows}")
    assert (reading.delimiter, table.column_names) == (",", ["sum", "day"])
    assert table.column("day").to_pylist()[0] == pd.Timestamp(1977, 12, 10, 16, 10)


def test_columns_lined_up_with_blanks_are_read(tmp_path: Path) -> None:
    table, reading = read(tmp_path, "Yr Mo   RPT\n61  1 15.04\n61 12 14.71\n61  3   NaN\n" * 1)
    assert reading.delimiter == " "
    assert table.to_pydict() == {"Yr": [61, 61, 61], "Mo": [1, 12, 3], "RPT": [15.04, 14.71, None]}


def test_the_blanks_within_words_do_not_separate_values_where_tabs_do(tmp_path: Path) -> None:
    table, reading = read(tmp_path, "1\t1st class\tman\n2\t3rd class\twoman\n3\t2nd class\tman\n")
    assert reading.delimiter == "\t"
    assert table.column("column_2").to_pylist() == ["1st class", "3rd class", "2nd class"]


def test_a_tab_before_the_last_value_does_not_hide_columns_lined_up_with_blanks(tmp_path: Path) -> None:
    table, reading = read(tmp_path, "18.0   8  307.0\tbuick\n15.0   8  350.0\tford\n24.0   4  113.0\ttoyota\n")
    assert reading.delimiter == " "
    assert table.column("column_3").to_pylist() == [307, 350, 113]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_all_line_ends_end_lines(tmp_path: Path, line_end: str) -> None:
    table, _ = read(tmp_path, ROWS.replace("\n", line_end))
    assert table.to_pydict() == {"name": ["Ann", "Bob", "Cem"], "age": [31, 42, 53]}


def test_quoted_values_may_hold_separators_quotes_and_line_ends(tmp_path: Path) -> None:
    table, reading = read(tmp_path, 'a,b\n"x, y",1\n"say ""hi""",2\n"two\nlines",3\nplain,4\n')
    assert table.column("a").to_pylist() == ["x, y", 'say "hi"', "two\nlines", "plain"]
    assert reading.n_rows_kept == 4


def test_a_backslash_before_a_quote_either_escapes_it_or_ends_the_text(tmp_path: Path) -> None:
    escaped, _ = read(tmp_path, 'a,b\n"say \\"hi, you\\"",1\n"plain, too",2\nx,3\n')
    assert escaped.column("a").to_pylist() == ['say "hi, you"', "plain, too", "x"]
    ended, reading = read(tmp_path, 'a,b\n"kept in C:\\tmp\\",1\n"say ""hi"", you\\",2\n"x, y",3\n')
    assert ended.column("a").to_pylist() == ["kept in C:\\tmp\\", 'say "hi", you\\', "x, y"]
    assert (reading.n_rows_in, reading.n_rows_kept) == (3, 3)


def test_a_header_that_spans_lines_costs_no_row(tmp_path: Path) -> None:
    table, _ = read(tmp_path, '"long\nname",b\n1,2\n3,4\n5,6\n')
    assert table.to_pydict() == {"long name": [1, 3, 5], "b": [2, 4, 6]}


def test_lines_that_are_quoted_as_a_whole_are_unwrapped(tmp_path: Path) -> None:
    lines = ["school,sex,age,job", *(f'GP,F,{age},""at home""' for age in range(15, 25))]
    table, reading = read(tmp_path, "".join(f'"{line}"\n' for line in lines))
    assert table.column_names == ["school", "sex", "age", "job"]
    assert table.column("job").to_pylist() == ["at home"] * 10
    assert "quoted_lines" in codes(reading)


def test_a_table_without_header_gets_numbered_columns(tmp_path: Path) -> None:
    table, reading = read(tmp_path, "5.1,3.5,setosa\n4.9,3.0,setosa\n6.2,2.9,virginica\n")
    assert table.column_names == ["column_1", "column_2", "column_3"]
    assert (table.num_rows, reading.has_header) == (3, False)


def test_words_that_occur_again_below_are_no_header(tmp_path: Path) -> None:
    _, reading = read(tmp_path, "no,30-39,premeno\nyes,40-49,ge40\nno,30-39,premeno\nyes,30-39,ge40\n")
    assert not reading.has_header


def test_years_as_column_names_are_a_header(tmp_path: Path) -> None:
    table, reading = read(tmp_path, "country,1990,1991,1992,1993\nPeru,1.5,2.5,3.5,4\nChad,2,3,4,5\n")
    assert reading.has_header
    assert table.column_names[1:] == ["1990", "1991", "1992", "1993"]


def test_lines_above_the_table_are_left_out_and_told(tmp_path: Path) -> None:
    above = "Yearly report,,\n,,\n"
    body = "".join(f"town {i},{i},{i * 2}\n" for i in range(30))
    table, reading = read(tmp_path, above + "town,men,women\n" + body)
    assert table.column_names == ["town", "men", "women"]
    assert (reading.n_preamble, table.num_rows) == (2, 30)
    told = next(decision for decision in reading.decisions if decision.code == "preamble")
    assert told.examples[0] == "Yearly report"


def test_comment_lines_above_the_table_are_left_out(tmp_path: Path) -> None:
    body = "".join(f"USGS\t{i}\t{i}.5\n" for i in range(30))
    table, reading = read(tmp_path, "# provisional\n# subject to revision\nagency\tsite\tflow\n" + body)
    assert (table.column_names, reading.n_preamble) == (["agency", "site", "flow"], 2)


def test_short_rows_are_filled_up_and_long_ones_left_out_and_every_row_is_told(tmp_path: Path) -> None:
    good = "".join(f"{i},{i},{i}\n" for i in range(20))
    table, reading = read(tmp_path, f"a,b,c\n{good}1,2\n1,2,3,4\n7,8,9,\n")
    counts = {decision.code: decision.count for decision in reading.decisions}
    assert counts == {"short_rows": 1, "long_rows": 1}
    assert (reading.n_rows_in, reading.n_rows_kept, table.num_rows) == (23, 22, 22)
    assert table.slice(20).to_pylist() == [{"a": 1, "b": 2, "c": None}, {"a": 7, "b": 8, "c": 9}]


def test_an_index_without_a_name_gets_one(tmp_path: Path) -> None:
    body = "".join(f'"{i}",{i}.5,x{i}\n' for i in range(1, 20))
    table, reading = read(tmp_path, f"value,label\n{body}")
    assert table.column_names == ["index", "value", "label"]
    assert "index_column" in codes(reading)


def test_names_are_unique_and_never_blank(tmp_path: Path) -> None:
    table, reading = read(tmp_path, "a,,A,a\n" + "".join(f"{i},{i},{i},{i}\n" for i in range(10)))
    assert table.column_names == ["a", "column_2", "A_2", "a_3"]
    assert {"blank_names", "duplicate_names"} <= set(codes(reading))


def test_a_quote_that_never_closes_loses_no_row(tmp_path: Path) -> None:
    body = "".join(f"{i},word {i}\n" for i in range(3_000))
    table, reading = read(tmp_path, f'n,text\n1,"open\n{body}')
    assert table.num_rows == 3_001
    assert "unclosed_quote" in codes(reading)


def test_one_column_is_a_table_and_said_to_be_one(tmp_path: Path) -> None:
    table, reading = read(tmp_path, "height\n" + "".join(f"{h}\n" for h in range(150, 170)))
    assert table.to_pydict() == {"height": list(range(150, 170))}
    assert (reading.delimiter, codes(reading)) == (None, ["one_column"])


def test_nul_characters_are_left_out_and_told(tmp_path: Path) -> None:
    table, reading = read(tmp_path, ROWS.replace("Bob", "B\0ob") * 1)
    assert table.column("name").to_pylist() == ["Ann", "Bob", "Cem"]
    assert codes(reading) == ["nul_characters"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\n \n\n", "is empty"),
        (b"a,b,c\n", "no rows below"),
        (b"<!DOCTYPE html><html><body><p>Sign in</p></body></html>", "a web page"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "a PNG picture"),
        (b"%PDF-1.7 ...", "a PDF document"),
        (b"PK\x03\x04" + bytes(50), "a ZIP archive"),
        (bytes(range(256)) * 3 + bytes(500), "binary data"),
        (b"PAR1" + bytes(20), "Parquet file is broken"),
        (b",".join(b"c%d" % i for i in range(10_001)) + b"\n" + b",".join([b"1"] * 10_001), "10,001 columns"),
    ],
)
def test_what_is_no_table_is_refused_in_words_with_a_way_out(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(BadInputError, match=words) as caught:
        read(tmp_path, content)
    assert caught.value.message.startswith("people.csv: ")
    assert caught.value.hint


def test_two_rows_are_a_table(tmp_path: Path) -> None:
    assert read(tmp_path, "a,b\n1,x\n2,y\n")[0].to_pydict() == {"a": [1, 2], "b": ["x", "y"]}


def test_excel_is_read_like_any_table(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in [["name", "born", "size", "ok"], ["Ann", pd.Timestamp("2001-02-03"), 1.5, True], [None, None, 2, False]]:
        book.active.append(row)
    book.create_sheet("Notes")
    content = io.BytesIO()
    book.save(content)
    table, reading = read(tmp_path, content.getvalue())
    assert reading.format == "Excel"
    assert table.column("born").to_pylist() == [pd.Timestamp("2001-02-03"), None]
    assert table.column("size").to_pylist() == [1.5, 2.0]
    assert table.column("ok").to_pylist() == [True, False]
    assert codes(reading) == ["sheet", "other_sheets"]


def test_a_broken_workbook_is_refused(tmp_path: Path) -> None:
    import zipfile

    path = tmp_path / "broken.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", "nonsense")
    with pytest.raises(BadInputError, match="Excel file cannot be opened"):
        collect.read_table(path, "broken.xlsx")


def test_parquet_keeps_its_types_in_our_few(tmp_path: Path) -> None:
    source = pa.table(
        {
            "n": pa.array([1, 2, None], pa.int16()),
            "x": pa.array([1.5, float("inf"), float("nan")], pa.float32()),
            "c": pa.array(["a", "b", None]).dictionary_encode(),
            "d": pa.array([pd.Timestamp("2020-01-01 12:00", tz="Europe/Berlin")] * 3),
            "b": pa.array([True, False, None]),
            "list": pa.array([[1], [2, 3], None]),
        }
    )
    pq.write_table(source, tmp_path / "t.parquet")
    table, reading = collect.read_table(tmp_path / "t.parquet", "t.parquet")
    assert [str(kind) for kind in table.schema.types] == [
        *("int64", "double", "string", "timestamp[us]", "bool", "string")
    ]
    assert table.column("x").to_pylist() == [1.5, None, None]
    assert table.column("d").to_pylist()[0] == pd.Timestamp("2020-01-01 11:00")
    assert reading.format == "Parquet"
    assert codes(reading) == ["converted", "converted"]
