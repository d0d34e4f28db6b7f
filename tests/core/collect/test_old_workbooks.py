"""Excel workbooks of the old kind (.xls): all kinds of cells, the choice of a sheet, what is damaged or no workbook.

`files/old_workbook.xls` has three sheets: 'Notes' is empty, 'People' has a cell of each kind, 'Prices' two columns.
"""

import io
import random
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from core import collect
from core.errors import BadInputError
from core.records import ReadingChoices

WORKBOOK = (Path(__file__).parent / "files" / "old_workbook.xls").read_bytes()


def read(tmp_path: Path, content: bytes, **choices: str) -> tuple[dict[str, list[object]], tuple[str, ...], str | None]:
    path = tmp_path / "upload"
    path.write_bytes(content)
    table, reading = collect.read_table(path, "people.xls", ReadingChoices(**choices))
    return table.to_pydict(), reading.sheets, reading.sheet


def test_the_first_sheet_with_rows_is_read_whatever_its_cells_hold(tmp_path: Path) -> None:
    columns, sheets, sheet = read(tmp_path, WORKBOOK)
    assert (sheets, sheet) == (("Notes", "People", "Prices"), "People")
    assert columns == {
        "name": ["Ann", "Łukasz", "Cem"],
        "age": [31, 42, None],
        "height": [1.68, 1.8, 1.75],
        "born": [pd.Timestamp(1995, 3, 1), pd.Timestamp(1984, 12, 24), pd.Timestamp(1973, 7, 9)],
        "seen": [pd.Timestamp(2026, 1, 2, 13, 30), pd.Timestamp(2026, 1, 3, 8, 0, 5), None],
        "wakes": ["06:45:00", "07:00:00", "05:30:00"],
        "member": [True, False, True],
        "note": ["x", None, "y"],
    }


def test_another_sheet_can_be_chosen(tmp_path: Path) -> None:
    columns, _, _ = read(tmp_path, WORKBOOK, sheet="Prices")
    assert columns == {"item": ["tea", "cake"], "price": [2.5, 4.0]}
    with pytest.raises(BadInputError, match="no sheet 'Costs'"):
        read(tmp_path, WORKBOOK, sheet="Costs")
    with pytest.raises(BadInputError, match="'Notes' has no rows"):
        read(tmp_path, WORKBOOK, sheet="Notes")


def test_it_may_be_packed(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("people.xls", WORKBOOK)
    assert read(tmp_path, packed.getvalue())[0]["name"] == ["Ann", "Łukasz", "Cem"]


def test_damaged_workbooks_are_read_or_refused_in_words(tmp_path: Path) -> None:
    rng = random.Random(5)
    refused = 0
    for _ in range(60):
        damaged = bytearray(WORKBOOK[: rng.choice([len(WORKBOOK), rng.randrange(8, len(WORKBOOK))])])
        for _ in range(rng.randrange(1, 30)):
            damaged[rng.randrange(8, len(damaged))] = rng.randrange(256)
        try:
            read(tmp_path, bytes(damaged))
        except BadInputError:
            refused += 1
    assert 0 < refused < 60


@pytest.mark.parametrize(
    ("name", "words"), [("EncryptedPackage", "locked by a password"), ("WordDocument", "Word and others")]
)
def test_what_is_no_workbook_within_is_told_apart(tmp_path: Path, name: str, words: str) -> None:
    written = name.encode("utf-16-le") + b"\0\0"
    entry = WORKBOOK.index("Workbook\0".encode("utf-16-le"))
    renamed = bytearray(WORKBOOK)
    renamed[entry : entry + len(written)] = written
    renamed[entry + 64] = len(written)
    with pytest.raises(BadInputError, match=words) as caught:
        read(tmp_path, bytes(renamed))
    assert "without a password" in caught.value.hint


@pytest.mark.parametrize(
    ("member", "words"),
    [
        ("META-INF/manifest.xml", "OpenDocument"),
        ("word/document.xml", "Word document"),
        ("xl/workbook.bin", "binary Excel workbook"),
    ],
)
def test_documents_that_are_archives_within_are_called_by_their_name(tmp_path: Path, member: str, words: str) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("mimetype", "application/x")
        archive.writestr(member, "<?xml version='1.0'?>")
    with pytest.raises(BadInputError, match=words) as caught:
        read(tmp_path, packed.getvalue())
    assert "CSV" in caught.value.hint
