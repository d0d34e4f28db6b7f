"""The exported program reads the person's own file into exactly the stored table, or says why it cannot."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from core import collect, plan, prepare
from core.errors import NotReadyError
from core.records import DatasetVersion
from core.store import Store
from tests.exported import PlainPython

ROWS = range(60)
AWKWARD = (
    "Export of 24.11.2026;;;;;;\nall branches;;;;;;\n"
    'Straße;Umsatz;"Datum; Tag";offen;"it\'s ""so""";Nr;PLZ\n'
    + "".join(
        f"{'Süd' if n % 2 else 'Nord'};{1 + n % 9}.{n % 7}0{n % 5},{n % 10};{1 + n % 28:02}.{1 + n % 12:02}.2024;"
        f"{'true' if n % 3 else 'false'};{'n/a' if n % 11 == 0 else f'word {n % 4}'};{n};0{n % 10}123\n"
        for n in ROWS
    )
)
PLAIN = "a,b,when,kind\n" + "".join(
    f"{n},{'' if n % 7 == 0 else n / 4},2024-01-{1 + n % 28:02} 10:0{n % 6},{'NA' if n % 9 == 0 else 'xyz'[n % 3]}\n"
    for n in ROWS
)
NO_HEADER = "".join(f"{n},{n * 1.5},{'ab'[n % 2]}\n" for n in ROWS)
THOUSANDS = "amount\tcode\n" + "".join(f"{1 + n % 9},{n % 10}00.5\t{n % 5}\n" for n in ROWS)
BLANKS = "name, size\n" + "".join(f" n{n % 4} , {n} \n" for n in ROWS)


def add(store: Store, content: str | bytes, filename: str) -> DatasetVersion:
    project = plan.create_project(store, "Files", by="Ada")
    path = store.files.upload("incoming")
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return collect.add_dataset(store, project.id, path, filename=filename, by="Ada")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (AWKWARD.encode("cp1252"), ('encoding="cp1252"', "header=2", 'decimal=","', 'layout="%d.%m.%Y"')),
        (PLAIN, ('sep=","', "to_dates(table[name])")),
        (NO_HEADER, ("header=None",)),
        (THOUSANDS, ('thousands=","', r'sep="\t"')),
        (BLANKS, ("to_words(table[name])",)),
        (PLAIN.encode("utf-16"), ('encoding="utf-16"',)),
        (PLAIN.replace("\n", "\r\n"), ()),
    ],
    ids=["awkward", "plain", "no header", "thousands", "blanks", "UTF-16", "CRLF"],
)
def test_the_program_reads_the_file_into_exactly_the_stored_table(
    store: Store, plain_python: PlainPython, tmp_path: Path, content: str | bytes, expected: tuple[str, ...]
) -> None:
    filename = 'my file\'s "data".csv'
    dataset = add(store, content, filename)
    text = collect.table_script(store, dataset.id, from_file=True)
    original = store.files.original(dataset.reading.original_id)
    found = plain_python.run(text, tmp_path / "run", "table", data={filename: original})["table"]
    pd.testing.assert_frame_equal(found, pd.read_parquet(store.files.dataset(dataset.id)), rtol=0, atol=0)
    for part in expected:
        assert part in text


def test_the_whole_way_from_the_persons_file_to_the_numbers(
    store: Store, plain_python: PlainPython, tmp_path: Path
) -> None:
    dataset = add(store, AWKWARD.encode("cp1252"), "umsatz.csv")
    plan.change_objective(store, dataset.project_id, by="Ada", target="Straße")
    recipe = prepare.propose_recipe(store, dataset.project_id, by="Ada")
    results = []
    for from_file, data in (
        (True, {"umsatz.csv": store.files.original(dataset.reading.original_id)}),
        (False, {collect.parquet_name(dataset): store.files.dataset(dataset.id)}),
    ):
        text = prepare.recipe_script(store, recipe, from_file=from_file)
        results.append(plain_python.run(text, tmp_path / str(from_file), "matrix", data=data)["matrix"])
    first, second = (matrix.toarray() if hasattr(matrix, "toarray") else matrix for matrix in results)
    assert (first == second).all()


RAGGED = "a,b,c\n" + "".join(f"{n},{n},{n}\n" if n % 10 else f"{n},1,2,3,4\n" for n in ROWS)
UNITS = "price,n\n" + "".join(f"${n % 9}.50,{n}\n" for n in ROWS)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (RAGGED, "pandas cannot read the file as it is|rows were filled up or left out"),
        (UNITS, "column 'price' takes more than a line of pandas"),
        ('[{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]', "cells of JSON files in another way"),
    ],
    ids=["ragged", "units", "JSON"],
)
def test_where_pandas_would_read_something_else_the_program_is_refused_and_says_why(
    store: Store, content: str, reason: str
) -> None:
    dataset = add(store, content, "data.csv")
    with pytest.raises(NotReadyError, match=reason):
        collect.table_script(store, dataset.id, from_file=True)
    assert "read_parquet" in collect.table_script(store, dataset.id)


def test_a_table_that_was_changed_since_says_so(store: Store) -> None:
    dataset = add(store, PLAIN, "data.csv")
    rest, _ = collect.keep_back_stream(store, dataset.id, share=0.3, by="Ada")
    with pytest.raises(NotReadyError, match="was changed since it was read from"):
        collect.table_script(store, rest.id, from_file=True)


def test_a_large_file_is_not_read_a_second_time(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.collect.file_script.MAX_BYTES", 10)
    dataset: Any = add(store, PLAIN, "data.csv")
    with pytest.raises(NotReadyError, match="too much to prove it here"):
        collect.table_script(store, dataset.id, from_file=True)
