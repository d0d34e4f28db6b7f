"""What a request may contain: strict on everything, and silent about what was in it when it says no."""

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from core.deploy.prototype import MOST_CATEGORIES, unusual_in
from core.records import ColumnKind, Json, Label, Prototype, PrototypeColumn
from core.serve.plain_body import PlainRows, is_usual_for, read_plain
from core.serve.refusal import RefusalError

MOST_ROWS = 1_000
LARGEST_BODY = 5_000_000
"""Bytes."""
LONGEST_TEXT = 20_000
NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")
MANY_ROWS = 5
"""From so many on, looking column by column is quicker than row by row."""
PROTOTYPE_HINT = "GET the prototype to see which fields the model expects."
ROWS_HINT = 'Send {"rows": [{"field": value, ...}, ...]}.'
LABELS_HINT = 'Send {"labels": [{"id": "...", "label": value}, ...]}.'


def read_body(body: bytes, hint: str = ROWS_HINT) -> Json:
    """Return the JSON object of a body; `hint` says in a refusal what it should look like.

    Raises
    ------
    RefusalError
        When it is not JSON in UTF-8, not an object, nested too deeply, or names a field twice.
    """
    plain = read_plain(body)
    if plain is not None:
        return plain
    try:
        content = json.loads(body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise RefusalError(422, "bad_json", "The body is nested too deeply.", hint) from error
    except ValueError as error:
        raise RefusalError(422, "bad_json", "The body is not JSON text in UTF-8.", hint) from error
    if not isinstance(content, dict):
        raise RefusalError(422, "bad_body", "The body is not a JSON object.", hint)
    return content


def _unique(pairs: list[tuple[str, Any]]) -> Json:
    content = dict(pairs)
    if len(content) < len(pairs):
        raise RefusalError(
            422, "duplicate_field", "A field is given twice in the same object.", "Send each field once."
        )
    return content


def _refuse_constant(_name: str) -> Any:
    raise RefusalError(422, "not_finite", "A number is not finite.", "Send null for a missing value.")


class Contract:
    """What a row of one model must look like, made ready once: one check a column.

    Parameters
    ----------
    prototype : Prototype
        What the model expects.
    """

    def __init__(self, prototype: Prototype) -> None:
        self._known = frozenset(column.name for column in prototype.columns)
        self._checks = [(column.name, IS_RIGHT[column.kind], column) for column in prototype.columns]
        self._unusual = [(column.name, unusual_in(column)) for column in prototype.columns]
        self._plain = PlainRows(prototype.columns, IS_RIGHT)
        self._are_usual = [is_usual_for(column, most_listed=MOST_CATEGORIES) for column in prototype.columns]

    def read_rows(self, content: Json) -> list[Json]:
        """Return the rows of a request, each with every column of the prototype; None stands for a missing value.

        Raises
        ------
        RefusalError
            With row and column, when anything differs from what the prototype says.
        """
        rows = _only_list(content, "rows", ROWS_HINT)
        if len(rows) >= MANY_ROWS and (plain := self._plain.read(rows)) is not None:
            return plain
        return [self._read_row(row, position) for position, row in enumerate(rows)]

    def _read_row(self, row: Any, position: int) -> Json:
        if not isinstance(row, dict):
            raise RefusalError(422, "bad_row", f"Row {position} is not an object.", ROWS_HINT, row=position)
        if not row.keys() <= self._known:
            raise _unknown_fields(len(row.keys() - self._known), position)
        values = {}
        for name, is_right, column in self._checks:
            value = row.get(name)
            if value is None:
                if column.required:
                    raise _missing(column, position)
            elif not is_right(value):
                raise _wrong(column, position)
            values[name] = value
        return values

    def read_each(self, rows: list[Json], *, first: int = 0) -> list[Json | RefusalError]:
        """Return for each row what `read_rows` would of it alone; `first` is the number of the first in refusals."""
        plain = self._plain.read(rows) if rows else None
        if plain is not None:
            return [*plain]
        return [self._try_row(row, first + place) for place, row in enumerate(rows)]

    def _try_row(self, row: Any, position: int) -> Json | RefusalError:
        try:
            return self._read_row(row, position)
        except RefusalError as refusal:
            return refusal

    def find_all_warnings(self, rows: Sequence[Json]) -> list[list[str]]:
        """Return `find_warnings` of each row."""
        if len(rows) >= MANY_ROWS:
            by_column = self._plain.columns(rows)
            if all(are_usual(values) for are_usual, values in zip(self._are_usual, by_column, strict=True)):
                return [[] for _ in rows]
        return [self.find_warnings(row) for row in rows]

    def find_warnings(self, row: Json) -> list[str]:
        """Return in words what in a row lies outside the training rows, without repeating it."""
        found = []
        for name, find_unusual in self._unusual:
            value = row[name]
            if value is not None and (unusual := find_unusual(value)):
                found.append(f"'{name}': {unusual}")
        return found


def _only_list(content: Json, name: str, hint: str) -> list[Any]:
    items = content.get(name)
    if not isinstance(items, list) or len(content) != 1:
        raise RefusalError(422, "bad_body", f"The body is not an object with the one field '{name}', a list.", hint)
    if not items:
        raise RefusalError(422, "no_rows", f"The list '{name}' is empty.", hint)
    if len(items) > MOST_ROWS:
        raise RefusalError(
            413,
            "too_many_rows",
            f"The list '{name}' has {len(items):,} entries; at most {MOST_ROWS:,} are taken at a time.",
            "Send them in several parts.",
        )
    return items


def _unknown_fields(n_unknown: int, position: int) -> RefusalError:
    message = f"Row {position} has {n_unknown} {'field' if n_unknown == 1 else 'fields'} the model does not know."
    return RefusalError(422, "unknown_field", message, PROTOTYPE_HINT, row=position)


def _missing(column: PrototypeColumn, position: int) -> RefusalError:
    message = f"Row {position} has no value in '{column.name}', which the model has never seen missing."
    return RefusalError(422, "missing_field", message, PROTOTYPE_HINT, row=position, column=column.name)


def _wrong(column: PrototypeColumn, position: int) -> RefusalError:
    message = f"The value of '{column.name}' in row {position} is not {WANTED[column.kind]}."
    return RefusalError(422, "bad_value", message, PROTOTYPE_HINT, row=position, column=column.name)


def _is_number(value: Any) -> bool:
    if type(value) is float:
        return math.isfinite(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _is_boolean(value: Any) -> bool:
    return isinstance(value, bool)


def _is_date(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return False
    # Week dates and the like are ISO, too, but tables do not hold them; the outermost years have no other time zones.
    return value[4:5] == value[7:8] == "-" and 1 < moment.year < 9999


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and is_storable(value)


def is_storable(text: str) -> bool:
    """Whether a database keeps the text: no NUL, no half of a character pair, not endless."""
    return len(text) <= LONGEST_TEXT and NOT_STORABLE.search(text) is None


IS_RIGHT: Mapping[ColumnKind, Callable[[Any], bool]] = MappingProxyType(
    {"number": _is_number, "boolean": _is_boolean, "date": _is_date, "category": _is_text, "text": _is_text}
)
A_TEXT = f"a text of at most {LONGEST_TEXT:,} characters"
WANTED: Mapping[ColumnKind, str] = MappingProxyType(
    {
        "number": "a finite number",
        "boolean": "true or false",
        "date": 'a date such as "2026-01-31" or "2026-01-31T12:00:00"',
        "category": A_TEXT,
        "text": A_TEXT,
    }
)


def read_labels(content: Json) -> list[tuple[str, Label]]:
    """Return the prediction ids and labels of a request.

    Raises
    ------
    RefusalError
        With the row, when an entry is not an id with a text, a finite number or a truth value.
    """
    return [_read_label(entry, position) for position, entry in enumerate(_only_list(content, "labels", LABELS_HINT))]


def _read_label(entry: Any, position: int) -> tuple[str, Label]:
    if not isinstance(entry, dict) or entry.keys() != {"id", "label"}:
        raise RefusalError(422, "bad_row", f"Entry {position} is not an id and a label.", LABELS_HINT, row=position)
    prediction_id, label = entry["id"], entry["label"]
    if not isinstance(prediction_id, str) or not 0 < len(prediction_id) <= 64 or not is_storable(prediction_id):
        raise RefusalError(
            422, "bad_value", f"The id of entry {position} is not a prediction id.", LABELS_HINT, row=position
        )
    if not (isinstance(label, bool) or _is_number(label) or (isinstance(label, str) and label and is_storable(label))):
        message = f"The label of entry {position} is not a text, a finite number, true or false."
        raise RefusalError(422, "bad_value", message, LABELS_HINT, row=position)
    return prediction_id, label
