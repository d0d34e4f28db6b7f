"""Lines below the table, dates in several formats, yes and no: recognised, told, and left alone where in doubt."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from core import collect
from core.records import Reading

BODY = "region,year,sales\n" + "".join(f"Region {n},20{n:02},{n * 100}\n" for n in range(10, 22))


def read(tmp_path: Path, content: str) -> tuple[pa.Table, Reading]:
    path = tmp_path / "upload"
    path.write_text(content, encoding="utf-8")
    return collect.read_table(path, "sales.csv")


def column(tmp_path: Path, texts: list[str], delimiter: str = ",") -> tuple[list[object], Reading]:
    lines = [f"id{delimiter}x", *(f"{n}{delimiter}{text}" for n, text in enumerate(texts))]
    table, reading = read(tmp_path, "\n".join(lines) + "\n")
    return table.column("x").to_pylist(), reading


@pytest.mark.parametrize(
    ("below", "n_lines"),
    [
        ("Total,,18600\n", 1),
        ("Grand total:,,18600\n", 1),
        ("Source: the statistics office\n", 1),
        ("Source: Office for Statistics, 2024\n", 1),
        ("Note: without islands,,\n", 1),
        ("-- end --\n", 1),
        ("(12 rows)\n", 1),
        ("12 rows selected.\n", 1),
        ("Rows: 12\n", 1),
        ("\n\nTotal,,18600\n,,\n* provisional\nGenerated on 2024-05-01 by the office\n\n", 4),
        ("A long sentence on how these figures came about and what is not in them\n", 1),
    ],
)
def test_lines_below_the_table_are_left_out_counted_and_shown(tmp_path: Path, below: str, n_lines: int) -> None:
    table, reading = read(tmp_path, BODY + below)
    assert (table.num_rows, reading.n_footer, reading.n_rows_in) == (12, n_lines, 12)
    footer = next(decision for decision in reading.decisions if decision.code == "footer")
    assert (footer.count, footer.examples[0]) == (n_lines, below.strip().splitlines()[0])
    assert str(table.schema.field("sales").type) == "int64"


@pytest.mark.parametrize(
    "row",
    [
        "Region 99,2022,5\n",
        "Region 99,,\n",
        "Region 99,2022,\n",
        ",,\n",
        "Total,2022,5\nRegion 98,2022,6\n",
        '"Source, or so",2022,7\n',
        "Totalia,2022,5\n",
    ],
)
def test_rows_that_only_look_a_little_odd_stay_rows(tmp_path: Path, row: str) -> None:
    table, reading = read(tmp_path, BODY + row)
    assert reading.n_footer == 0
    assert table.num_rows == 12 + row.count("\n")


def test_a_total_that_is_a_value_of_the_column_stays_a_row(tmp_path: Path) -> None:
    rows = "".join(f"{year},{sex},{year % 7}\n" for year in range(2000, 2010) for sex in ("men", "women", "total"))
    table, reading = read(tmp_path, "year,sex,n\n" + rows)
    assert (table.num_rows, reading.n_footer) == (30, 0)


def test_a_note_within_a_value_of_several_lines_is_no_footer(tmp_path: Path) -> None:
    table, reading = read(tmp_path, BODY + '"Region 50\nSource: none",2022,7\n')
    assert (table.num_rows, reading.n_footer) == (13, 0)


def test_the_lines_below_a_large_file_are_found_at_its_end(tmp_path: Path) -> None:
    rows = "".join(f"Region {n},2020,{n}\n" for n in range(5_000))
    table, reading = read(tmp_path, f"region,year,sales\n{rows}Total,,12497500\nSource: the office\n")
    assert (table.num_rows, reading.n_footer) == (5_000, 2)


def test_dates_in_several_formats_are_one_column_of_dates(tmp_path: Path) -> None:
    texts = ["2024-01-05", "06.01.2024", "Jan 7, 2024", "2024-01-08", "25.12.2024"]
    values, reading = column(tmp_path, texts, delimiter="|")
    assert values == [pd.Timestamp(2024, 1, day) for day in (5, 6, 7, 8)] + [pd.Timestamp(2024, 12, 25)]
    (told,) = reading.decisions
    assert (told.code, told.count) == ("mixed_dates", 5)
    assert "day.month.year" in told.sentence
    assert told.examples[1] == "row 2: '06.01.2024' → 2024-01-06"


def test_a_format_that_first_occurs_late_is_read_too(tmp_path: Path) -> None:
    texts = [f"2024-01-{1 + n % 28:02}" for n in range(4_000)] + ["31/12/2024"] * 300
    values, _ = column(tmp_path, texts)
    assert values[-1] == pd.Timestamp(2024, 12, 31)


def test_where_day_and_month_contradict_each_other_nothing_is_guessed(tmp_path: Path) -> None:
    texts = ["25/12/2024", "12/25/2024", "01/02/2024"]
    values, reading = column(tmp_path, texts)
    assert values == texts
    assert reading.decisions[0].code == "open_dates"
    assert "nobody can tell" in reading.decisions[0].sentence


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        (["TRUE", "True", "f", "T", "false"], [True, True, False, True, False]),
        (["T", "F", "T", "F"], ["T", "F", "T", "F"]),
        (["yes", "no", "yes"], ["yes", "no", "yes"]),
        (["Yes", "YES", "no", "Yes", "No", "no"], ["Yes", "Yes", "no", "Yes", "no", "no"]),
        (["Y", "N", "y", "Y"], ["Y", "N", "Y", "Y"]),
        (["yes", "no", "maybe"], ["yes", "no", "maybe"]),
    ],
)
def test_truth_values_become_such_and_yes_and_no_stay_words(
    tmp_path: Path, texts: list[str], values: list[object]
) -> None:
    assert column(tmp_path, texts)[0] == values


def test_other_spellings_of_yes_are_told_with_what_became_of_them(tmp_path: Path) -> None:
    _, reading = column(tmp_path, [*["yes", "no"] * 20, "YES"])
    (told,) = reading.decisions
    assert (told.code, told.count, told.examples) == ("spellings", 1, ("row 41: 'YES' → yes",))


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        (["€ 1.234,50", "€ 5,50"], [1234.5, 5.5]),
        (["12,5 %", "7 %"], [12.5, 7.0]),
        (["1'234.50", "12"], [1234.5, 12.0]),
        (["USD 1,200", "USD 7"], [1200.0, 7.0]),
        (["$5", "7%", "$3"], ["$5", "7%", "$3"]),
    ],
)
def test_amounts_with_one_sign_are_numbers_and_with_two_they_are_not(
    tmp_path: Path, texts: list[str], values: list[object]
) -> None:
    assert column(tmp_path, texts, delimiter="|")[0] == values


def test_thousands_are_recognised_by_the_decimal_comma_of_another_column(tmp_path: Path) -> None:
    lines = "".join(f"{n},5;{n}.200\n" for n in range(1, 20))
    table, _ = read(tmp_path, "price;n\n" + lines)
    assert table.to_pylist()[0] == {"price": 1.5, "n": 1200.0}


def test_rows_in_are_rows_kept_and_rows_reported(tmp_path: Path) -> None:
    content = "Report\n\n" + BODY + "Region 40,2022,1,2\nRegion 41,2022,1,2\nRegion 42,2022\n\nTotal,,18600\n"
    table, reading = read(tmp_path, content)
    assert (reading.n_rows_in, reading.n_rows_kept, reading.n_rows_reported) == (15, 13, 2)
    assert table.num_rows == reading.n_rows_kept
    long = next(decision for decision in reading.decisions if decision.code == "long_rows")
    assert long.examples == ("row 13: Region 40 | 2022 | 1 | 2", "row 14: Region 41 | 2022 | 1 | 2")


def test_yes_and_no_of_other_languages_keep_their_words_too(tmp_path: Path) -> None:
    assert column(tmp_path, ["ja", "JA", "nein", "ja"])[0] == ["ja", "ja", "nein", "ja"]


def test_how_many_codes_would_have_been_taken_for_nothing_is_told(tmp_path: Path) -> None:
    _, reading = column(tmp_path, ["NA", "DE", "FR", "NA", "US"])
    (told,) = reading.decisions
    assert (told.code, told.count) == ("two_letter_codes", 2)
