"""Files as people really bring them: broken, renamed, packed, far too wide; each with what must come out.

`python -m tests.faults.awkward_files FOLDER` reads every file in the folder, as the product does, in one process, and
prints what came out and how much memory the process has held so far.
"""

import gzip
import io
import json
import struct
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from tests.memory import peak_memory_mb

ROWS = "name,age\nAnn,31\nBob,42\nCem,53\n"
PEOPLE = {"name": ["Ann", "Bob", "Cem"], "age": [31, 42, 53]}
MANY = "".join(f"Ann {n},{n}\n" for n in range(300))


@dataclass(frozen=True)
class Awkward:
    """A file, and either the table it is (or only its shape, and the decisions told), or the words that refuse it."""

    name: str
    content: bytes | Callable[[], bytes]
    table: dict[str, list[Any]] | None = None
    shape: tuple[int, int] | None = None
    told: tuple[str, ...] = ()
    refused: tuple[str, ...] = field(default=())

    def bytes(self) -> bytes:
        """Return the content, made only now where it is large."""
        return self.content() if callable(self.content) else self.content


def zipped(*members: tuple[str, bytes], locked: bool = False) -> bytes:
    """Pack files; `locked` sets the mark of a password, which is all that can be seen without it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    content = bytearray(packed.getvalue())
    if locked:
        content[6] |= 1
        central = struct.unpack("<L", content[-6:-2])[0]
        content[central + 8] |= 1
    return bytes(content)


def parquet(table: pa.Table) -> bytes:
    """Write a table as Parquet."""
    file = io.BytesIO()
    pq.write_table(table, file)
    return file.getvalue()


def parquet_bomb() -> bytes:
    """Return a file of about 455 KB that holds one text of 450,000 characters 4,000 times, 1.8 GB in all."""
    text = np.random.default_rng(0).integers(33, 127, 450_000, dtype=np.uint8).tobytes().decode()
    column = pa.DictionaryArray.from_arrays(pa.array(np.zeros(4_000, np.int32)), pa.array([text]))
    return parquet(pa.table({"id": pa.array(np.arange(4_000)), "text": column}))


def workbook(rows: list[list[Any]]) -> bytes:
    """Write rows as an Excel file."""
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def workbook_bomb() -> bytes:
    """Return an Excel file whose list of texts unpacks to 306 MB."""
    packed = io.BytesIO(workbook([["a"], ["b"], [1]]))
    with (
        zipfile.ZipFile(packed, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/sharedStrings.xml", "w") as texts,
    ):
        texts.write(b"<sst>" + b"<si><t>x</t></si>" * 18_000_000 + b"</sst>")
    return packed.getvalue()


def wide(n_columns: int) -> bytes:
    """Write a table of many columns and three rows."""
    lines = [",".join(f"c{n}" for n in range(n_columns)), *[",".join(["1"] * n_columns)] * 3]
    return "\n".join(lines).encode()


TEXT = (
    Awkward("nothing", b"", refused=("is empty",)),
    Awkward("blank_lines", b"\n \n\r\n\n", refused=("is empty",)),
    Awkward("only_a_mark", b"\xef\xbb\xbf", refused=("is empty",)),
    Awkward("only_nul", bytes(5_000), refused=("is empty",)),
    Awkward("header_only", b"a,b,c\n", refused=("no rows below",)),
    Awkward("one_word", b"hello", refused=("no rows below",)),
    Awkward("only_commas", b",,,\n,,,\n,,,\n", refused=("no value",)),
    Awkward("one_row", b"1,2,3", table={"column_1": [1], "column_2": [2], "column_3": [3]}, told=("no_header",)),
    Awkward("byte_order_mark", ROWS.encode("utf-8-sig"), PEOPLE),
    Awkward("utf_16_with_mark", ROWS.encode("utf-16"), PEOPLE, told=("encoding",)),
    Awkward("utf_16_little", ROWS.encode("utf-16-le"), PEOPLE, told=("encoding",)),
    Awkward("utf_16_big", ROWS.encode("utf-16-be"), PEOPLE, told=("encoding",)),
    Awkward("utf_32", ROWS.encode("utf-32"), PEOPLE, told=("encoding",)),
    Awkward(
        "latin_1",
        "stadt,n\nKöln,1\nNürnberg,2\nGießen,3\n".encode("latin-1"),
        {"stadt": ["Köln", "Nürnberg", "Gießen"], "n": [1, 2, 3]},
        told=("encoding",),
    ),
    Awkward(
        "emoji", "wort,größe\n😀,1\n日本,2\nعربى,3\n".encode(), {"wort": ["😀", "日本", "عربى"], "größe": [1, 2, 3]}
    ),
    Awkward(
        "cut_in_a_character",
        ("wort,n\n" + "Köln,1\n" * 50 + "Kö").encode()[:-1],
        shape=(51, 2),
        told=("broken_characters", "short_rows"),
    ),
    Awkward(
        "one_broken_byte",
        ("wort,n\n" + "größer,1\n" * 50).encode() + b"br\xffken,2\n",
        shape=(51, 2),
        told=("broken_characters",),
    ),
    Awkward("carriage_returns", ROWS.replace("\n", "\r").encode(), PEOPLE, told=("line_ends",)),
    Awkward("windows_lines", ROWS.replace("\n", "\r\n").encode(), PEOPLE),
    Awkward("mixed_lines", b"name,age\r\nAnn,31\nBob,42\r\nCem,53", PEOPLE),
    Awkward("no_last_line_end", ROWS.rstrip().encode(), PEOPLE),
    Awkward("end_of_file_mark", ROWS.encode() + b"\x1a", PEOPLE, told=("end_mark",)),
    Awkward("short_rows", f"name,age\n{MANY}Bob\n".encode(), shape=(301, 2), told=("short_rows",)),
    Awkward("long_rows", f"name,age\n{MANY}Bob,1,2\n".encode(), shape=(300, 2), told=("long_rows",)),
    Awkward(
        "trailing_commas",
        b"name,age\nAnn,31,\nBob,42,\nCem,53,\n",
        PEOPLE | {"column_3": [None] * 3},
        told=("blank_names",),
    ),
    Awkward(
        "endless_value_far_down",
        f"name,age\n{MANY * 5}".encode() + b"x" * (17 << 20) + b",1\n",
        refused=("line 1,502", "characters"),
    ),
    Awkward("unclosed_quote", f'name,age\n"Bob,1\n{MANY * 5}'.encode(), shape=(1_501, 2), told=("unclosed_quote",)),
    Awkward(
        "inches", b'part,n\n5" pipe,1\n7" pipe,2\nrod,3\n', {"part": ['5" pipe', '7" pipe', "rod"], "n": [1, 2, 3]}
    ),
    Awkward(
        "lines_within_values",
        b'a,b\n"one\ntwo",1\n"x, ""y""",2\nplain,3\n',
        {"a": ["one\ntwo", 'x, "y"', "plain"], "b": [1, 2, 3]},
    ),
    Awkward("nul_within", ROWS.replace("Bob", "B\0ob").encode(), PEOPLE, told=("nul_characters",)),
    Awkward("nul_padding", ROWS.encode() + bytes(12), PEOPLE, told=("nul_characters",)),
    Awkward("header_twice", f"name,age\n{MANY}name,age\n{MANY}".encode(), shape=(601, 2), told=("stray_words",)),
    Awkward(
        "semicolons",
        "größe;preis\n1,5;2.000,50\n2,5;3,25\n3,5;1.250\n".encode(),
        {"größe": [1.5, 2.5, 3.5], "preis": [2000.5, 3.25, 1250.0]},
    ),
    Awkward("preamble", b"# made by hand\n# twice\nname,age\nAnn,31\nBob,42\nCem,53\n", PEOPLE, told=("preamble",)),
    Awkward("very_long_value", b"a,b\n" + b"x" * 3_000_000 + b",1\ny,2\nz,3\n", shape=(3, 2)),
    Awkward("endless_value", b"a,b\n" + b"x" * (17 << 20) + b",1\ny,2\n", refused=("line 2", "characters")),
    Awkward("endless_line", b"x" * (40 << 20), refused=("line 1", "characters")),
)
NAMES = (
    Awkward(
        "duplicate_names",
        b"a,a,A\n1,2,3\n4,5,6\n7,8,9\n",
        {"a": [1, 4, 7], "a_2": [2, 5, 8], "A_3": [3, 6, 9]},
        told=("duplicate_names",),
    ),
    Awkward(
        "blank_names",
        b"a,,c\n1,2,x\n4,5,y\n7,8,z\n",
        {"a": [1, 4, 7], "column_2": [2, 5, 8], "c": ["x", "y", "z"]},
        told=("blank_names",),
    ),
    Awkward(
        "names_of_code",
        b'"a""; DROP TABLE raw; --",\'b\'\n1,2\n3,4\n5,6\n',
        {'a"; DROP TABLE raw; --': [1, 3, 5], "'b'": [2, 4, 6]},
    ),
    Awkward("long_name", b"n" * 5_000 + b",b\n1,2\n3,4\n5,6\n", {"n" * 5_000: [1, 3, 5], "b": [2, 4, 6]}),
    Awkward("two_thousand_columns", lambda: wide(2_000), shape=(3, 2_000)),
    Awkward("hundred_thousand_columns", lambda: wide(100_000), refused=("100,000 columns", "10,000")),
)
NUMBERS = (
    Awkward(
        "beyond_64_bits",
        b"id,n\n92233720368547758071,1\n92233720368547758072,2\n92233720368547758073,3\n",
        {"id": ["92233720368547758071", "92233720368547758072", "92233720368547758073"], "n": [1, 2, 3]},
        told=("long_numbers",),
    ),
    Awkward(
        "just_64_bits",
        b"id,n\n9223372036854775807,1\n-9223372036854775808,2\n9007199254740993,3\n",
        {"id": [9223372036854775807, -9223372036854775808, 9007199254740993], "n": [1, 2, 3]},
    ),
    Awkward(
        "late_beyond_64_bits",
        ("id,n\n" + "5,1\n" * 3_000 + "92233720368547758071,2\n").encode(),
        shape=(3_001, 2),
        told=("stray_words",),
    ),
    Awkward("beyond_doubles", b"x,n\n1e400,1\n2,2\n3,3\n", {"x": ["1e400", "2", "3"], "n": [1, 2, 3]}),
    Awkward(
        "no_numbers", b"x,n\nNaN,1\n2.5,2\n-,3\n", {"x": [None, 2.5, None], "n": [1, 2, 3]}, told=("missing_words",)
    ),
    Awkward(
        "leading_zeros",
        b"zip,n\n00501,1\n10001,2\n02134,3\n",
        {"zip": ["00501", "10001", "02134"], "n": [1, 2, 3]},
        told=("leading_zeros",),
    ),
)
FOREIGN = (
    Awkward("web_page", b"<!DOCTYPE html><html><body><p>Sign in</p></body></html>", refused=("a web page",)),
    Awkward("xml", b'<?xml version="1.0"?><rows><row a="1"/></rows>', refused=("a web page",)),
    Awkward("png", b"\x89PNG\r\n\x1a\n" + bytes(100), refused=("a PNG picture",)),
    Awkward("jpeg", b"\xff\xd8\xff\xe0" + bytes(100), refused=("a JPEG picture",)),
    Awkward("gif", b"GIF89a" + bytes(100), refused=("a GIF picture",)),
    Awkward("pdf", b"%PDF-1.7\n1 0 obj\n", refused=("a PDF document",)),
    Awkward("old_excel", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), refused=("Excel", "broken")),
    Awkward("sqlite", b"SQLite format 3\0" + bytes(100), refused=("a SQLite database",)),
    Awkward("seven_zip", b"7z\xbc\xaf\x27\x1c" + bytes(100), refused=("a 7-Zip archive",)),
    Awkward("rar", b"Rar!\x1a\x07\x01\0" + bytes(100), refused=("a RAR archive",)),
    Awkward("noise", bytes(range(256)) * 8 + bytes(2_000), refused=("binary data",)),
    Awkward(
        "noise_without_nul",
        np.random.default_rng(0).integers(1, 256, 20_000, dtype=np.uint8).tobytes(),
        refused=("binary data",),
    ),
)
PACKED = (
    Awkward("zip", zipped(("people.csv", ROWS.encode())), PEOPLE, told=("unpacked",)),
    Awkward(
        "zip_of_two",
        zipped(("1.csv", ROWS.encode()), ("2.csv", ROWS.encode())),
        {name: values * 2 for name, values in PEOPLE.items()},
        told=("unpacked", "appended"),
    ),
    Awkward(
        "zip_of_others",
        zipped(("1.csv", ROWS.encode()), ("2.csv", b"x,y\n1,2\n3,4\n")),
        PEOPLE,
        told=("unpacked", "other_tables"),
    ),
    Awkward("zip_locked", zipped(("people.csv", ROWS.encode()), locked=True), refused=("password",)),
    Awkward("zip_nested", zipped(("in.zip", zipped(("people.csv", ROWS.encode())))), refused=("another archive",)),
    Awkward("zip_of_nothing", zipped(), refused=("archive",)),
    Awkward("zip_cut", zipped(("people.csv", ROWS.encode()))[:60], refused=("ZIP archive",)),
    Awkward("zip_climbing_out", zipped(("../../../../climbed.csv", ROWS.encode())), PEOPLE, told=("unpacked",)),
    Awkward("zip_bomb", lambda: zipped(("zeros.csv", bytes(120 << 20))), refused=("far more than its size",)),
    Awkward("gzip", gzip.compress(ROWS.encode()), PEOPLE, told=("unpacked",)),
    Awkward("gzip_cut", gzip.compress(MANY.encode())[:200], refused=("broken",)),
    Awkward("gzip_twice", gzip.compress(gzip.compress(ROWS.encode())), refused=("another archive",)),
    Awkward("gzip_bomb", lambda: gzip.compress(bytes(120 << 20), 1), refused=("far more than its size",)),
)
TYPED = (
    Awkward("parquet_broken", b"PAR1" + bytes(200), refused=("Parquet file is broken",)),
    Awkward("parquet_cut", parquet(pa.table(PEOPLE))[:-50] + b"PAR1", refused=("Parquet file is broken",)),
    Awkward(
        "parquet_damaged", parquet(pa.table(PEOPLE)).replace(b"Bob", b"B\xffb"), refused=("Parquet file is broken",)
    ),
    Awkward("parquet_no_rows", parquet(pa.table(PEOPLE).slice(0, 0)), refused=("no rows",)),
    Awkward("parquet_no_columns", parquet(pa.table({})), refused=("0 columns",)),
    Awkward(
        "parquet_duplicates",
        parquet(pa.Table.from_arrays([pa.array([1]), pa.array([2])], ["a", "a"])),
        {"a": [1], "a_2": [2]},
    ),
    Awkward(
        "parquet_nested", parquet(pa.table({"a": [{"x": 1}, None], "b": [1, 2]})), shape=(2, 2), told=("converted",)
    ),
    Awkward(
        "parquet_beyond_64_bits",
        parquet(pa.table({"a": pa.array([2**64 - 1, 1], pa.uint64())})),
        shape=(2, 1),
        told=("converted",),
    ),
    Awkward("parquet_bomb", parquet_bomb, refused=("450 KB of text", "1,800 MB")),
    Awkward("json_cut", b'[{"a": 1}, {"a":', refused=("line 1", "breaks off")),
    Awkward("json_empty", b"[]", refused=("no records",)),
    Awkward("json_deep", b'[{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}]", refused=("nested too deeply",)),
    Awkward("json_lines_broken", b'{"a": 1}\n{"a": \n{"a": 3}\n', {"a": [1, 3]}, told=("no_record",)),
    Awkward("json_half_character", rb'[{"a": "\ud83d"}, {"a": "b"}]', refused=("half a character",)),
    Awkward("json_endless_number", b'[{"a": ' + b"9" * 5_000 + b"}]", refused=("thousands of digits",)),
    Awkward("excel_empty", workbook([]), refused=("no rows",)),
    Awkward("excel_broken", zipped(("xl/workbook.xml", b"nonsense")), refused=("Excel file cannot be opened",)),
    Awkward("excel_bomb", workbook_bomb, refused=("unpacks to",)),
)
AWKWARD = (*TEXT, *NAMES, *NUMBERS, *FOREIGN, *PACKED, *TYPED)


def read_all(folder: Path) -> dict[str, Any]:
    """Read every file of a folder; return what came out of each."""
    from core import collect
    from core.errors import BadInputError

    found: dict[str, Any] = {}
    for path in sorted(folder.iterdir()):
        try:
            table, reading = collect.read_table(path, f"{path.name}.csv")
        except BadInputError as error:
            outcome: dict[str, Any] = {"message": error.message, "hint": error.hint}
        else:
            small = table.num_rows * table.num_columns < 5_000
            outcome = {
                "shape": table.shape,
                "table": table.to_pydict() if small else None,
                "told": [decision.code for decision in reading.decisions],
                "rows": [reading.n_rows_in, reading.n_rows_kept],
            }
        found[path.name] = outcome | {"peak_mb": round(peak_memory_mb())}
    return found


if __name__ == "__main__":
    print(json.dumps(read_all(Path(sys.argv[1])), default=str))
