"""What a column holds: numbers in every usual spelling, dates, truth values, words; and nothing lost silently."""

from datetime import datetime
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

from core import collect
from core.collect.date_types import ISO
from core.records import Reading


def read_column(tmp_path: Path, values: list[str], delimiter: str = "|") -> tuple[list[object], str, Reading]:
    lines = [f"id{delimiter}x", *(f"{index}{delimiter}{value}" for index, value in enumerate(values))]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    table, reading = collect.read_table(path, "t.csv")
    return table.column("x").to_pylist(), str(table.schema.field("x").type), reading


def sentences(reading: Reading) -> list[tuple[str, int]]:
    return [(decision.code, decision.count) for decision in reading.decisions]


@pytest.mark.parametrize(
    ("texts", "values", "dtype"),
    [
        (["1", "-2", "30"], [1, -2, 30], "int64"),
        (["1.5", "-2", "3e2"], [1.5, -2.0, 300.0], "double"),
        (["+5", "7", "9"], [5.0, 7.0, 9.0], "double"),
        (["1,234", "12", "1,234,567.5"], [1234.0, 12.0, 1234567.5], "double"),
        (["1,5", "2,25", "-3"], [1.5, 2.25, -3.0], "double"),
        (["1.234,5", "2", "3,5"], [1234.5, 2.0, 3.5], "double"),
        (["6 129 113", "102 542", "7"], [6129113.0, 102542.0, 7.0], "double"),
        (["$14,094.02", "$7.50", "($3.00)"], [14094.02, 7.5, -3.0], "double"),
        (["12%", "7.5 %", "100%"], [12.0, 7.5, 100.0], "double"),
        (["123456789012345678901", "2", "3"], ["123456789012345678901", "2", "3"], "string"),
        (["007", "012", "345"], ["007", "012", "345"], "string"),
        (["007", "-", "345"], ["007", None, "345"], "string"),
        (["0", "0600", "1200"], [0.0, 600.0, 1200.0], "double"),
        (["true", "FALSE", "True"], [True, False, True], "bool"),
        (["yes", "no", "yes"], ["yes", "no", "yes"], "string"),
        (["a", "none", "unknown"], ["a", "none", "unknown"], "string"),
    ],
)
def test_spellings_become_values(tmp_path: Path, texts: list[str], values: list[object], dtype: str) -> None:
    found, found_dtype, _ = read_column(tmp_path, texts)
    assert (found, found_dtype) == (values, dtype)


@pytest.mark.parametrize(
    ("texts", "first"),
    [
        (["2024-03-01", "2024-12-31"], pd.Timestamp(2024, 3, 1)),
        (["2024-03-01T10:30:00Z", "2024-12-31T00:00:00Z"], pd.Timestamp(2024, 3, 1, 10, 30)),
        (["2024-03-01 10:30:00.5 +02:00", "2024-12-31 07:00 CET"], pd.Timestamp(2024, 3, 1, 10, 30, 0, 500_000)),
        (["2024-03-01 12:05 AM", "2024-12-31 01:30 PM"], pd.Timestamp(2024, 3, 1, 0, 5)),
        (["2024/03/01 11:05:30 PM", "2024/12/31 01:30:00 AM"], pd.Timestamp(2024, 3, 1, 23, 5, 30)),
        (["2024/3/1", "2024/12/31"], pd.Timestamp(2024, 3, 1)),
        (["20240301", "20241231"], pd.Timestamp(2024, 3, 1)),
        (["13/03/2024", "01/04/2024"], pd.Timestamp(2024, 3, 13)),
        (["03/13/2024 5:30 PM", "04/01/2024 1:05 AM"], pd.Timestamp(2024, 3, 13, 17, 30)),
        (["13.03.2024 07:15", "01.04.2024 23:59"], pd.Timestamp(2024, 3, 13, 7, 15)),
        (["5-Jan-20", "17-Dec-21"], pd.Timestamp(2020, 1, 5)),
        (["March 5, 2020", "May 17, 2021"], pd.Timestamp(2020, 3, 5)),
        (["2019-07", "2019-12"], pd.Timestamp(2019, 7, 1)),
    ],
)
def test_dates_in_usual_formats_are_dates(tmp_path: Path, texts: list[str], first: pd.Timestamp) -> None:
    values, dtype, _ = read_column(tmp_path, texts)
    assert (values[0], dtype) == (first, "timestamp[us]")


def test_a_date_with_a_remark_behind_it_is_text(tmp_path: Path) -> None:
    texts = ["2024-03-01 10:30 late", "2024-12-31 07:00 early"]
    assert read_column(tmp_path, texts)[:2] == (texts, "string")


@pytest.mark.parametrize(
    "odd", [" 202-01-01 01:02:03", "2024-01-01 01:02: P", "2024-01-01 01:2 :93", "2024-02-30 01:02:03"]
)
def test_what_only_has_the_form_of_a_moment_is_none(odd: str) -> None:
    with duckdb.connect() as connection:
        query = f"SELECT {ISO.replace('{x}', 'x')} FROM (SELECT unnest(?) AS x)"  # noqa: S608
        read = connection.execute(query, [["2024-01-01 01:02:03", odd]]).fetchall()
    assert read == [(datetime(2024, 1, 1, 1, 2, 3),), (None,)]  # noqa: DTZ001 - dates here have no zone


def test_which_comes_first_day_or_month_is_said_where_it_is_open(tmp_path: Path) -> None:
    texts = ["03/04/2024", "05/06/2024"]
    american, _, reading = read_column(tmp_path, texts, delimiter=",")
    european, _, _ = read_column(tmp_path, texts, delimiter=";")
    assert (american[0], european[0]) == (pd.Timestamp(2024, 3, 4), pd.Timestamp(2024, 4, 3))
    assert "could be read otherwise" in reading.decisions[0].sentence


def test_words_for_nothing_are_missing_among_numbers_and_are_counted(tmp_path: Path) -> None:
    values, dtype, reading = read_column(tmp_path, ["1", "NA", "-", "?", "", "unknown", "6"])
    assert (values, dtype) == ([1, None, None, None, None, None, 6], "int64")
    assert sentences(reading) == [("missing_words", 4)]


def test_zeros_that_fill_up_amounts_are_seen_in_a_sorted_file_too(tmp_path: Path) -> None:
    amounts = [*range(100, 999), *range(100, 999), *range(100, 999), 12_500, 125_000, 1_250_000]
    values, dtype, reading = read_column(tmp_path, [f"{amount:09d}" for amount in amounts])
    assert dtype in ("int64", "double")
    assert values[-1] == 1_250_000
    assert "leading_zeros" not in [code for code, _ in sentences(reading)]


@pytest.mark.parametrize("texts", [["38.7", "NA", "43.6", "-"], ["2024-03-01", "NA", "2024-12-31"], ["true", "?"]])
def test_words_for_nothing_are_missing_in_every_kind_of_column(tmp_path: Path, texts: list[str]) -> None:
    values, dtype, reading = read_column(tmp_path, texts)
    assert values[1] is None
    assert dtype in ("double", "timestamp[us]", "bool")
    assert sentences(reading) == [("missing_words", sum(text in ("NA", "-", "?") for text in texts))]


def test_the_country_na_is_no_missing_value_among_two_letter_codes(tmp_path: Path) -> None:
    values, _, reading = read_column(tmp_path, ["NA", "DE", "FR", "ZA", "NA"])
    assert values == ["NA", "DE", "FR", "ZA", "NA"]
    assert sentences(reading) == [("two_letter_codes", 2)]
    assert read_column(tmp_path, ["NA", "Germany", "France"])[0] == [None, "Germany", "France"]


def test_one_stray_word_among_many_numbers_becomes_missing_and_is_told(tmp_path: Path) -> None:
    values, dtype, reading = read_column(tmp_path, ["14n", *(str(n) for n in range(500))])
    assert (values[:3], dtype) == ([None, 0, 1], "int64")
    told = reading.decisions[0]
    assert (told.code, told.count, told.examples) == ("stray_words", 1, ("row 1: '14n' → missing",))


def test_a_number_among_whole_numbers_is_no_stray_word(tmp_path: Path) -> None:
    values, dtype, reading = read_column(tmp_path, [*(str(n) for n in range(3_000)), "1.5", "2e7"])
    assert (values[-2:], dtype, sentences(reading)) == ([1.5, 2e7], "double", [])


def test_many_words_among_numbers_keep_the_column_text(tmp_path: Path) -> None:
    values, dtype, _ = read_column(tmp_path, ["2-10", "Over 100", "11-100"] * 3 + [str(n) for n in range(50)])
    assert (values[0], dtype) == ("2-10", "string")


def test_what_the_first_rows_hide_is_found_and_no_value_is_lost(tmp_path: Path) -> None:
    n = 10_500
    words = [*(str(i) for i in range(n)), *(f"A{i}" for i in range(200))]
    decimals = [*(str(i) for i in range(n)), *(f"{i}.5" for i in range(200))]
    codes = [*(str(10_000 + i) for i in range(n)), *(f"0{1_000 + i}" for i in range(200))]
    late = [*([""] * n), *(str(i) for i in range(200))]
    blanks = [*("word" for _ in range(n)), *(" word " for _ in range(200))]
    lines = ["a,b,c,d,e", *(",".join(row) for row in zip(words, decimals, codes, late, blanks, strict=True))]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    table, reading = collect.read_table(path, "t.csv")
    assert [str(kind) for kind in table.schema.types] == ["string", "double", "string", "int64", "string"]
    assert table.column("a").to_pylist() == words
    assert table.column("b").to_pylist()[-1] == 199.5
    assert table.column("c").to_pylist() == codes
    assert table.column("d").to_pylist()[-1] == 199
    assert set(table.column("e").to_pylist()) == {"word"}
    assert ("blanks", 200) in sentences(reading)


def test_long_texts_that_differ_are_free_text_and_short_words_are_categories(tmp_path: Path, store: object) -> None:
    from core.collect.reading import convert_file

    lines = ["note|colour", *(f"the visitor number {i} came by bus|{'red' if i % 2 else 'blue'}" for i in range(50))]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    columns, _ = convert_file(path, "t.csv", tmp_path / "t.parquet", tmp_path)
    assert [column.kind for column in columns] == ["text", "category"]


def test_an_empty_column_is_kept_and_empty(tmp_path: Path) -> None:
    values, dtype, _ = read_column(tmp_path, ["", "", ""])
    assert (values, dtype) == ([None, None, None], "string")


def test_infinity_is_missing_among_numbers_and_a_word_among_words(tmp_path: Path) -> None:
    values, dtype, reading = read_column(tmp_path, ["1.5", "inf", "-Infinity", "2"])
    assert (values, dtype) == ([1.5, None, None, 2.0], "double")
    assert sentences(reading) == [("missing_words", 2)]
    assert read_column(tmp_path, ["inf", "sup", "max", "min"])[0] == ["inf", "sup", "max", "min"]


def test_blanks_around_values_are_taken_off(tmp_path: Path) -> None:
    values, _, reading = read_column(tmp_path, [" a", "b ", "a"])
    assert values == ["a", "b", "a"]
    assert sentences(reading) == [("blanks", 2)]
    assert read_column(tmp_path, [" 1", "2 ", "3"])[:2] == ([1, 2, 3], "int64")


@pytest.mark.parametrize("seed", range(3))
def test_any_table_written_by_pandas_reads_back_equal(tmp_path: Path, seed: int) -> None:
    import numpy as np

    rng = np.random.default_rng(seed)
    n = 300
    frame = pd.DataFrame(
        {
            "whole": rng.integers(-1_000, 1_000, n),
            "decimal": rng.normal(size=n),
            "gaps": np.where(rng.random(n) < 0.2, np.nan, rng.normal(size=n)),
            "word": rng.choice(["red, dark", 'say "x"', "a;b", "two\nlines", "plain"], n),
            "moment": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 10**8, n), unit="s"),
            "truth": rng.choice([True, False], n),
        }
    )
    path = tmp_path / "t.csv"
    separator, encoding = [(",", "utf-8"), (";", "utf-16"), ("\t", "utf-8-sig")][seed]
    frame.to_csv(path, index=False, sep=separator, encoding=encoding)
    table, reading = collect.read_table(path, "t.csv")
    assert reading.delimiter == separator
    back = table.to_pandas().astype({"moment": frame["moment"].dtype, "word": frame["word"].dtype})
    pd.testing.assert_frame_equal(back, frame)
    assert isinstance(table, pa.Table)
