"""Rows of text from JSON: an array of records, an object that holds one, or a record a line."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.collect.json_shapes import find_records
from core.collect.layout import MAX_COLUMNS, unique_names
from core.errors import BadInputError
from core.records import Decision

MAX_DOCUMENT_BYTES = 100 << 20
"""A document is held in memory as a whole; JSON lines of any length are not."""
HEAD = 1 << 16


@dataclass(frozen=True)
class JsonSource:
    """Records of a JSON file; `document` is None when they stand one a line.

    Where the file has several lists of records, `lists` are their names and `list_name` is the one that is read.
    """

    path: Path
    document: list[Any] | None
    decisions: tuple[Decision, ...] = ()
    list_name: str | None = None
    lists: tuple[str, ...] = ()

    @property
    def format(self) -> str:
        """What to call the file."""
        return "JSON lines" if self.document is None else "JSON"

    def records(self) -> Iterator[tuple[int, Any]]:
        """Yield each record with its place, from 1; None where a line cannot be read."""
        if self.document is not None:
            yield from enumerate(self.document, 1)
            return
        with self.path.open(encoding="utf-8-sig") as file:
            yield from ((number, _parse_line(line)) for number, line in enumerate(file, 1) if line.strip())


@dataclass(frozen=True)
class JsonRows:
    """How records become rows: the columns, how many rows come, and what was decided."""

    keys: tuple[str, ...]
    names: tuple[str, ...]
    n_records: int
    decisions: tuple[Decision, ...]


def looks_like_json(path: Path) -> bool:
    """Whether text begins as JSON records do; a list of anything else is no table."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        head = "".join(file.read(HEAD).split())[:2]
    return (head[:1] == "{" and head[1:] in ('"', "}", "")) or head in ("[{", "[]", "[[")


def open_json(path: Path, chosen: str | None = None) -> JsonSource:
    """Find the records of a JSON file: the chosen list, else the longest.

    Raises
    ------
    BadInputError
        When it is broken or too large, or has no list of the chosen name.
    """
    if _is_lines(path):
        return JsonSource(path, None)
    if path.stat().st_size > MAX_DOCUMENT_BYTES:
        raise BadInputError(
            f"The JSON file is larger than {MAX_DOCUMENT_BYTES >> 20} MB.", "Save it as JSON lines: one record a line."
        )
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        message = f"The JSON breaks off or is wrong in line {error.lineno:,}, character {error.colno:,}: {error.msg}."
        raise BadInputError(message, "Write the file again.") from error
    except ValueError as error:
        raise BadInputError("The JSON holds a number of thousands of digits.", "Write such numbers as text.") from error
    found = find_records(document, chosen)
    return JsonSource(path, found.records, found.decisions, found.name if found.all_names else None, found.all_names)


def plan_rows(source: JsonSource) -> JsonRows:
    """Look at all records: which columns there are, and what is no record.

    Raises
    ------
    BadInputError
        When there is no record, or there are too many columns.
    """
    seen: dict[str, None] = {}
    n_records = n_nested = n_lists = 0
    left_out: list[int] = []
    for place, record in source.records():
        n_records += 1
        if not isinstance(record, dict):
            left_out.append(place)
            continue
        flat = flatten(record)
        seen.update(dict.fromkeys(flat))
        n_nested += any(isinstance(value, dict) and value for value in record.values())
        n_lists += any(isinstance(value, list) for value in flat.values())
        if len(seen) > MAX_COLUMNS:
            raise BadInputError(f"The records have more than {MAX_COLUMNS:,} different fields.", "Leave some out.")
    if not seen:
        raise BadInputError("The JSON holds no records with named fields.", "Choose a list of records.")
    told = [
        ("nested", "Fields within fields became columns of their own, named with dots.", n_nested, ()),
        ("json_text", "Lists within records were kept as text.", n_lists, ()),
        ("no_record", "Entries that are no record were left out.", len(left_out), _places(left_out)),
    ]
    decisions = tuple(
        Decision(code, words, count, shown, n_rows_lost=count if code == "no_record" else 0)
        for code, words, count, shown in told
        if count
    )
    names = unique_names(list(seen))
    renamed = tuple(name for key, name in zip(seen, names, strict=True) if key != name)
    if renamed:
        decisions += (
            Decision("names", "Names that are blank or occur twice were changed.", len(renamed), renamed[:5]),
        )
    return JsonRows(tuple(seen), tuple(names), n_records, (*source.decisions, *decisions))


def text_rows(source: JsonSource, keys: tuple[str, ...]) -> Iterator[list[str | None]]:
    """Yield each record as text, a value for each key; None where it has none."""
    for _, record in source.records():
        if isinstance(record, dict):
            flat = flatten(record)
            yield [_as_text(flat.get(key)) for key in keys]


def flatten(record: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return a record with fields within fields named with dots; no value is lost when names meet."""
    flat: dict[str, Any] = {}
    for key, value in record.items():
        inner = flatten(value, f"{prefix}{key}.") if isinstance(value, dict) and value else {f"{prefix}{key}": value}
        for name, found in inner.items():
            while name in flat:
                name += "_2"
            flat[name] = found
    return flat


def _as_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return repr(value)


def _places(places: list[int]) -> tuple[str, ...]:
    return tuple(f"number {place:,}" for place in places[:5])


def _parse_line(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _is_lines(path: Path) -> bool:
    """Whether the first line is a whole record and another line follows."""
    with path.open(encoding="utf-8-sig") as file:
        lines = (line for line in file if line.strip())
        first = next(lines, "")
        return isinstance(_parse_line(first), dict) and next(lines, None) is not None
