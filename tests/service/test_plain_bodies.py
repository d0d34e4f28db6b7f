"""What is read quickly is read as carefully as all else, and what is not plain is left to the careful way."""

import json
import random
from typing import Any

import pytest

from core.records import Json, Prototype, PrototypeColumn, new_ids
from core.serve import contract
from core.serve.contract import Contract
from core.serve.plain_body import read_plain
from core.serve.refusal import RefusalError

COLUMNS = (
    PrototypeColumn("size", "number", required=True, minimum=0.0, maximum=10.0),
    PrototypeColumn("shop", "category", required=False, categories=("north", "south")),
    PrototypeColumn("open", "boolean", required=False),
    PrototypeColumn("since", "date", required=False),
    PrototypeColumn("note", "text", required=False),
)
ROW: Json = {"size": 1.5, "shop": "north", "open": True, "since": "2026-01-31T12:00:00", "note": "a: b"}


@pytest.fixture
def made() -> Contract:
    return Contract(Prototype("late", "binary", COLUMNS, ("no", "yes")))


def body(*rows: object) -> bytes:
    return json.dumps({"rows": list(rows)}).encode()


def test_plain_bodies_are_read_as_by_python() -> None:
    rng = random.Random(0)
    numbers = [rng.uniform(-1, 1) * 10 ** rng.randint(-300, 300) for _ in range(5_000)] + [2**63, -(2**70), 0.1, -0.0]
    rows = [{"x": number, "t:": "12:30", "n": None, "b": False} for number in numbers]
    plain = read_plain(body(*rows))
    assert plain == {"rows": rows}
    assert all(type(read["x"]) is type(row["x"]) for read, row in zip(plain["rows"], rows, strict=True))


@pytest.mark.parametrize(
    "text",
    [
        '{"rows": [{"a": 1, "a": 2}]}',
        '{"rows": [{"a": 1, "a" : 2}]}',
        '{"rows": [{"a": ":", "a": "x"}]}',
        '{"rows": [{"a": "::", "a": ":"}]}',
        '{"rows": [{"a": 1}], "rows": [{"a": 1}]}',
        r'{"rows": [{"a": "\u003a"}]}',
        '{"rows": [{"a": NaN}]}',
        '{"rows": [{"a": -Infinity}]}',
        '{"rows": [{"a": {"b": 1}}]}',
        '{"rows": [{"a": 1}]} {}',
        '{"rows": [1]}',
        '{"rows": [{"a": "\n"}]}',
        '{"rows": ' + "[" * 100_000,
        "[]",
        "",
    ],
)
def test_what_is_not_plain_is_left_to_the_careful_way(text: str) -> None:
    assert read_plain(text.encode()) is None


def test_bytes_that_are_no_utf8_are_left_to_the_careful_way() -> None:
    assert read_plain('{"rows": [{"a": "ü"}]}'.encode("latin-1")) is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"size": None}, "missing_field"),
        ({"size": True}, "bad_value"),
        ({"size": "1"}, "bad_value"),
        ({"size": float("inf")}, "bad_value"),
        ({"size": 10**400}, "bad_value"),
        ({"shop": 1}, "bad_value"),
        ({"shop": "\x00"}, "bad_value"),
        ({"shop": "x" * 20_001}, "bad_value"),
        ({"open": 1}, "bad_value"),
        ({"since": "yesterday"}, "bad_value"),
        ({"since": ["2026-01-31"]}, "bad_value"),
        ({"more": 1}, "unknown_field"),
    ],
)
def test_one_wrong_row_among_many_is_named(made: Contract, change: Json, code: str) -> None:
    rows: list[Any] = [dict(ROW) for _ in range(50)]
    rows[37] = {**ROW, **change}
    with pytest.raises(RefusalError) as caught:
        made.read_rows({"rows": rows})
    assert (caught.value.code, caught.value.row) == (code, 37)
    rows[37] = "no row"
    with pytest.raises(RefusalError, match="Row 37 is not an object"):
        made.read_rows({"rows": rows})


def test_many_rows_are_read_as_each_alone(made: Contract) -> None:
    rows: list[Json] = [dict(ROW) for _ in range(20)]
    rows[3] = {"size": 1e308}
    rows[4] = {"size": 1e308, "shop": None}
    rows[5] = {"note": "", "size": 2}
    alone = [made.read_rows({"rows": [row]})[0] for row in rows]
    assert made.read_rows({"rows": rows}) == alone
    assert made.find_all_warnings(alone) == [made.find_warnings(row) for row in alone]
    assert sum(map(bool, made.find_all_warnings(alone))) == 2
    usual = [row for row in alone if row["size"] < 10]
    assert made.find_all_warnings(usual) == [[] for _ in usual]


def test_a_table_of_one_column_is_read_too() -> None:
    made = Contract(Prototype("late", "binary", COLUMNS[:1], ("no", "yes")))
    rows: list[Json] = [{"size": number} for number in range(20)]
    assert made.read_rows(contract.read_body(body(*rows))) == rows


def test_new_ids_are_unique_and_ascend() -> None:
    ids = new_ids(1_000)
    assert list(ids) == sorted(ids)
    assert {len(one) for one in ids} == {24}
    assert len({one for _ in range(200) for one in new_ids(100)}) == 20_000
