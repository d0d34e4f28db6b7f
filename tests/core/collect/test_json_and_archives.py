"""JSON, JSON lines, and tables packed as zip or gzip come in by the reader that reads everything else."""

import gzip
import io
import json
import zipfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core import collect
from core.collect import archives
from core.collect.reading import AS_FOUND, convert_file
from core.errors import BadInputError
from core.records import Reading, ReadingChoices

RECORDS = [
    {"name": "Ann", "age": 31, "home": {"city": "Köln", "floor": 2}},
    {"name": "Bob", "home": {}, "tags": [1, 2]},
]


def read(tmp_path: Path, content: bytes | str, choices: ReadingChoices = AS_FOUND) -> tuple[pa.Table, Reading]:
    path = tmp_path / "upload"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return collect.read_table(path, "people", choices)


def pack(files: dict[str, bytes | str]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, inner in files.items():
            archive.writestr(name, inner)
    return content.getvalue()


def counts(reading: Reading) -> dict[str, int]:
    return {decision.code: decision.count for decision in reading.decisions}


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(RECORDS),
        json.dumps(RECORDS, indent=2).encode("utf-16"),
        json.dumps({"page": 1, "found": {"people": RECORDS}}),
        "\n".join(json.dumps(record) for record in RECORDS) + "\n\n",
    ],
    ids=["array", "array in UTF-16", "within an object", "lines"],
)
def test_records_become_rows_and_fields_within_fields_columns(tmp_path: Path, content: bytes | str) -> None:
    table, reading = read(tmp_path, content)
    assert table.to_pydict() == {
        "name": ["Ann", "Bob"],
        "age": [31, None],
        "home.city": ["Köln", None],
        "home.floor": [2, None],
        "home": [None, "{}"],
        "tags": [None, "[1, 2]"],
    }
    assert (reading.n_rows_in, reading.n_rows_kept) == (2, 2)
    assert {"nested", "json_text"} <= set(counts(reading))
    assert reading.format in ("JSON", "JSON lines")


def test_json_values_get_the_types_that_all_rows_bear_out(tmp_path: Path) -> None:
    rows = [
        {"n": n, "big": 2**70 + n, "code": f"00{n}", "on": n % 2 == 0, "day": f"2026-01-{n + 1:02}"} for n in range(9)
    ]
    table, _ = read(tmp_path, json.dumps(rows))
    assert table.schema.field("n").type == pa.int64()
    assert table.column("code").to_pylist()[0] == "000"
    assert table.column("on").to_pylist()[:2] == [True, False]
    assert str(table.schema.field("day").type) == "timestamp[us]"
    assert table.column("big").null_count == 0


def test_lines_that_are_no_record_are_left_out_and_counted(tmp_path: Path) -> None:
    table, reading = read(tmp_path, '{"a": 1}\n{"a": 2\n7\n{"a": 3}\n')
    assert table.to_pydict() == {"a": [1, 3]}
    assert (reading.n_rows_in, reading.n_rows_kept, counts(reading)["no_record"]) == (4, 2, 2)


def test_odd_characters_within_values_stay(tmp_path: Path) -> None:
    table, _ = read(tmp_path, '[{"a": "x\\u0000y", "b\\n\\"c": "1,2\\n3"}, {"a": "é😀"}]')
    assert table.to_pydict() == {"a": ["x\0y", "é😀"], 'b "c': ["1,2\n3", None]}


def test_names_that_meet_lose_no_value(tmp_path: Path) -> None:
    table, _ = read(tmp_path, '[{"a.b": 1, "a": {"b": 2}, "A.B": 3}]')
    assert sorted(value for (value,) in table.to_pydict().values()) == [1, 2, 3]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('[{"a": 1}, {"a"', "wrong in line 1"),
        ("[[1, [2]], [3, 4]]", "no records with named fields"),
        ("[]", "no records"),
        ("[" * 5_000 + "]" * 5_000, "nested too deeply"),
        ('[{"a": "\\ud800"}]', "half a character"),
        ('[{"a": ' + "9" * 5_000 + "}]", "thousands of digits"),
        ('[{"a":' * 900 + "1" + "}]" * 900, "nested too deeply|JSON"),
    ],
)
def test_json_that_is_no_table_is_refused_with_a_way_out(tmp_path: Path, content: str, words: str) -> None:
    with pytest.raises(BadInputError, match=words) as caught:
        read(tmp_path, content)
    assert caught.value.hint


@pytest.mark.parametrize("orient", ["records", "columns", "index", "split", "table"])
def test_json_is_read_in_every_shape_that_pandas_writes(tmp_path: Path, orient: str) -> None:
    frame = pd.DataFrame({"city": ["Oslo", "Rome", None], "pop": [0.7, 2.8, 1.5]})
    table, reading = read(tmp_path, frame.to_json(orient=orient))
    found = table.to_pydict()
    found.pop("index", None)
    assert found == {"city": ["Oslo", "Rome", None], "pop": [0.7, 2.8, 1.5]}
    assert reading.n_rows_kept == 3


def test_entries_with_the_same_fields_become_rows_that_keep_their_names(tmp_path: Path) -> None:
    table, reading = read(tmp_path, '{"Oslo": {"pop": 0.7, "area": 454}, "Rome": {"area": 1285, "pop": 2.8}}')
    assert table.to_pydict() == {"index": ["Oslo", "Rome"], "pop": [0.7, 2.8], "area": [454, 1285]}
    assert "json_entries" in counts(reading)


@pytest.mark.parametrize(
    ("content", "columns"),
    [
        ('[["NAME", "POP"], ["Ohio", "11"], ["Utah", "3"]]', {"NAME": ["Ohio", "Utah"], "POP": [11, 3]}),
        ("[[1, 2], [3, 4]]", {"column_1": [1, 3], "column_2": [2, 4]}),
        ('[["a", "b"], [1], [2, 3]]', {"a": [1, 2], "b": [None, 3]}),
        ('[["a", "b"], [1, 2, 3]]', {"column_1": ["a", "1"], "column_2": ["b", "2"], "column_3": [None, 3]}),
        ('{"a": [1, 2], "b": ["x", null]}', {"a": [1, 2], "b": ["x", None]}),
        ('{"columns": ["a", "b"], "data": [[1, "x"]]}', {"a": [1], "b": ["x"]}),
        ('{"rows": [["a", "b"], [1, 2]]}', {"a": [1], "b": [2]}),
        ('{"a": [1, 2], "b": [3]}', {"a": ["[1, 2]"], "b": ["[3]"]}),
        ('{"a": {"x": 1}, "b": {"y": 2}}', {"a.x": [1], "b.y": [2]}),
    ],
)
def test_rows_and_columns_in_json_become_a_table(
    tmp_path: Path, content: str, columns: dict[str, list[object]]
) -> None:
    assert read(tmp_path, content)[0].to_pydict() == columns


def test_of_several_lists_the_longest_is_read_and_another_can_be_chosen(tmp_path: Path) -> None:
    content = '{"meta": {"fields": [{"name": "x"}]}, "data": [{"x": 1}, {"x": 2}], "path": [[0, 1], [1, 1], [2, 1]]}'
    table, reading = read(tmp_path, content)
    assert table.to_pydict() == {"x": [1, 2]}
    assert (reading.sheet, reading.sheets) == ("data", ("meta.fields", "data", "path"))
    assert counts(reading)["other_lists"] == 2
    chosen, _ = collect.read_table(tmp_path / "upload", "t.json", ReadingChoices(sheet="meta.fields"))
    assert chosen.to_pydict() == {"name": ["x"]}
    with pytest.raises(BadInputError, match="no list 'rows'"):
        collect.read_table(tmp_path / "upload", "t.json", ReadingChoices(sheet="rows"))


def test_any_readable_file_may_be_packed(tmp_path: Path) -> None:
    parquet = io.BytesIO()
    pq.write_table(pa.table({"a": [1, 2], "b": ["x", "y"]}), parquet)
    for inner in (b"a,b\n1,x\n2,y\n", b'[{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]', parquet.getvalue()):
        for packed in (gzip.compress(inner), pack({"table": inner}), pack({"t.csv": inner, "readme.txt": "hello"})):
            table, reading = read(tmp_path, packed)
            assert table.to_pydict() == {"a": [1, 2], "b": ["x", "y"]}
            assert counts(reading)["unpacked"] in (0, 1)


def test_files_of_the_same_shape_are_appended_and_counted(tmp_path: Path) -> None:
    january = "day,sold,price,note\n" + "".join(f"2026-01-{n:02},{n},1,\n" for n in range(1, 11))
    february = "sold,day,price,note\n" + "".join(f"{n},2026-02-{n:02},2.5,good\n" for n in range(1, 11)) + "1,2,3,4,5\n"
    table, reading = read(tmp_path, pack({"sales/1.csv": january, "sales/2.csv": february, "__MACOSX/._1.csv": "x"}))
    assert table.column_names == ["day", "sold", "price", "note"]
    assert table.column("sold").to_pylist() == [*range(1, 11), *range(1, 11)]
    assert table.column("price").to_pylist() == [1.0] * 10 + [2.5] * 10
    assert table.column("note").to_pylist() == [None] * 10 + ["good"] * 10
    assert str(table.schema.field("day").type) == "timestamp[us]"
    assert (reading.n_rows_in, reading.n_rows_kept) == (21, 20)
    assert counts(reading)["appended"] == 2
    assert counts(reading)["long_rows"] == 1


LEARN = "name,age,left\n" + "".join(f"n{n},{20 + n},{'yes' if n % 3 else 'no'}\n" for n in range(60))
ASK = "name,age\n" + "".join(f"n{n},{20 + n}\n" for n in range(30))
EXAMPLE = "name,left\n" + "".join(f"n{n},yes\n" for n in range(30))
SEVERAL = pack({"gender.csv": EXAMPLE, "test.csv": ASK, "train.csv": LEARN, "readme.txt": "hello"})


def test_of_files_with_different_columns_the_largest_is_read_and_another_can_be_chosen(tmp_path: Path) -> None:
    table, reading = read(tmp_path, SEVERAL)
    assert (table.column_names, table.num_rows) == (["name", "age", "left"], 60)
    assert (reading.member, reading.members) == ("train.csv", ("gender.csv", "test.csv", "train.csv"))
    told = next(decision for decision in reading.decisions if decision.code == "other_tables")
    assert (told.count, told.examples) == (2, ("gender.csv", "test.csv"))
    assert "train.csv was read, being the largest; another can be chosen." in told.sentence
    table, reading = read(tmp_path, SEVERAL, ReadingChoices(member="test.csv"))
    assert (table.column_names, table.num_rows) == (["name", "age"], 30)
    assert (reading.member, reading.members) == ("test.csv", ("gender.csv", "test.csv", "train.csv"))
    assert "other_tables" not in counts(reading)
    with pytest.raises(BadInputError, match=r"holds no file 'gone.csv'") as caught:
        read(tmp_path, SEVERAL, ReadingChoices(member="gone.csv"))
    assert "test.csv" in caught.value.hint


def test_of_several_that_belong_together_all_are_read_where_they_are_the_most(tmp_path: Path) -> None:
    parts = {f"{month}.csv": LEARN for month in ("january", "february")}
    table, reading = read(tmp_path, pack({**parts, "stations.csv": EXAMPLE}))
    assert (table.num_rows, reading.member) == (120, None)
    assert counts(reading)["appended"] == 2
    told = next(decision for decision in reading.decisions if decision.code == "other_tables")
    assert "february.csv, january.csv were read, being together the largest" in told.sentence
    one, reading = read(tmp_path, pack({**parts, "stations.csv": EXAMPLE}), ReadingChoices(member="january.csv"))
    assert (one.num_rows, reading.member) == (60, "january.csv")


def test_the_beginning_is_of_the_file_that_is_read_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.collect.reading.TEXT_BYTES", 200)
    monkeypatch.setattr("core.collect.archives.CHUNK", 100)
    path = tmp_path / "several.zip"
    path.write_bytes(pack({"a.csv": "a,b,c,d,e,f\n" + "1,2,3,4,5,6\n" * 20, "train.csv": LEARN}))
    _, reading = convert_file(path, path.name, tmp_path / "t.parquet", tmp_path, only_beginning=True)
    assert reading.member == "train.csv"


def test_columns_that_differ_in_kind_between_files_are_kept_as_text_and_told(tmp_path: Path) -> None:
    table, reading = read(tmp_path, pack({"1.csv": "a,b\n1,x\n2,y\n", "2.csv": "a,b\nred,x\nblue,y\n"}))
    assert table.column("a").to_pylist() == ["1", "2", "red", "blue"]
    assert "mixed_types" in counts(reading)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (pack({}), "holds no file|broken|ZIP"),
        (pack({"inner.zip": pack({"t.csv": "a,b\n1,2\n"})}), "holds another archive"),
        (gzip.compress(gzip.compress(b"a,b\n1,2\n")), "holds another archive"),
        (gzip.compress(b"a,b\n1,2\n" * 1_000)[:-20], "broken"),
        (pack({"t.csv": b"\x89PNG\r\n" + bytes(50)}), "t.csv: The file is a PNG picture"),
        (pack({"t.csv": bytes(200 << 20)}), "unpacks to far more"),
        (gzip.compress(bytes(200 << 20)), "unpacks to far more"),
    ],
    ids=["nothing", "zip in zip", "gzip in gzip", "cut off", "picture", "zip bomb", "gzip bomb"],
)
def test_archives_that_cannot_be_a_table_are_refused_with_a_way_out(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(BadInputError, match=words) as caught:
        read(tmp_path, content)
    assert caught.value.hint


def test_an_archive_under_a_password_is_refused(tmp_path: Path) -> None:
    content = bytearray(pack({"t.csv": "a,b\n1,2\n"}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + offset] |= 1
    with pytest.raises(BadInputError, match="locked by a password"):
        read(tmp_path, bytes(content))


def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_FILES", 2)
    with pytest.raises(BadInputError, match="holds 3 files"):
        read(tmp_path, pack({f"{n}.csv": "a,b\n1,2\n" for n in range(3)}))
