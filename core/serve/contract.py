"""What a request may contain: strict on everything, and silent about what was in it when it says no."""

import json
import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from core.records import Json, Label, Prototype, PrototypeColumn
from core.serve.refusal import RefusalError

MOST_ROWS = 1_000
LARGEST_BODY = 5_000_000
"""Bytes."""
LONGEST_TEXT = 20_000
CATEGORIES_LISTED = 100
"""A prototype lists at most so many categories; a full list may not be all of them."""
PROTOTYPE_HINT = "GET the prototype to see which fields the model expects."
ROWS_HINT = 'Send {"rows": [{"field": value, ...}, ...]}.'
LABELS_HINT = 'Send {"labels": [{"id": "...", "label": value}, ...]}.'


def read_body(body: bytes) -> Json:
    """Return the JSON object of a body.

    Raises
    ------
    RefusalError
        When it is not JSON in UTF-8, not an object, nested too deeply, or names a field twice.
    """
    try:
        content = json.loads(body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise RefusalError(422, "bad_json", "The body is nested too deeply.", ROWS_HINT) from error
    except ValueError as error:
        raise RefusalError(422, "bad_json", "The body is not JSON text in UTF-8.", ROWS_HINT) from error
    if not isinstance(content, dict):
        raise RefusalError(422, "bad_body", "The body is not a JSON object.", ROWS_HINT)
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


def read_rows(content: Json, prototype: Prototype) -> list[Json]:
    """Return the rows of a request, each with every column of the prototype; None stands for a missing value.

    Raises
    ------
    RefusalError
        With row and column, when anything differs from what the prototype says.
    """
    rows = _only_list(content, "rows", ROWS_HINT)
    columns = {column.name: column for column in prototype.columns}
    return [_read_row(row, columns, position) for position, row in enumerate(rows)]


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


def _read_row(row: Any, columns: dict[str, PrototypeColumn], position: int) -> Json:
    if not isinstance(row, dict):
        raise RefusalError(422, "bad_row", f"Row {position} is not an object.", ROWS_HINT, row=position)
    n_unknown = len(row.keys() - columns.keys())
    if n_unknown:
        message = f"Row {position} has {n_unknown} {'field' if n_unknown == 1 else 'fields'} the model does not know."
        raise RefusalError(422, "unknown_field", message, PROTOTYPE_HINT, row=position)
    return {name: _read_value(row.get(name), column, position) for name, column in columns.items()}


def _read_value(value: Any, column: PrototypeColumn, position: int) -> Label | None:
    if value is None:
        if column.required:
            message = f"Row {position} has no value in '{column.name}', which the model has never seen missing."
            raise RefusalError(422, "missing_field", message, PROTOTYPE_HINT, row=position, column=column.name)
        return None
    wanted = _problem(value, column)
    if wanted:
        message = f"The value of '{column.name}' in row {position} is not {wanted}."
        raise RefusalError(422, "bad_value", message, PROTOTYPE_HINT, row=position, column=column.name)
    known: Label = value
    return known


def _problem(value: Any, column: PrototypeColumn) -> str:
    """Return what the value should have been; empty when it is that."""
    if column.kind == "number":
        return "" if _is_number(value) else "a finite number"
    if column.kind == "boolean":
        return "" if isinstance(value, bool) else "true or false"
    if column.kind == "date":
        return (
            "" if isinstance(value, str) and _is_date(value) else 'a date such as "2026-01-31" or "2026-01-31T12:00:00"'
        )
    return "" if isinstance(value, str) and is_storable(value) else f"a text of at most {LONGEST_TEXT:,} characters"


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _is_date(text: str) -> bool:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return False
    # Week dates and the like are ISO, too, but tables do not hold them; the outermost years have no other time zones.
    return text[4:5] == text[7:8] == "-" and 1 < moment.year < 9999


def is_storable(text: str) -> bool:
    """Whether a database keeps the text: no NUL, no half of a character pair, not endless."""
    return len(text) <= LONGEST_TEXT and "\x00" not in text and not any("\ud800" <= sign <= "\udfff" for sign in text)


def find_warnings(row: Json, prototype: Prototype) -> list[str]:
    """Return in words what in a row lies outside the training rows, without repeating it."""
    return [
        f"'{column.name}': {unusual}"
        for column in prototype.columns
        if row[column.name] is not None and (unusual := _unusual(row[column.name], column))
    ]


def _unusual(value: Any, column: PrototypeColumn) -> str:
    if column.kind == "category" and len(column.categories) < CATEGORIES_LISTED and value not in column.categories:
        return "this category did not occur in the training rows."
    if column.minimum is not None and column.maximum is not None:
        if value < column.minimum:
            return "smaller than in any training row."
        if value > column.maximum:
            return "larger than in any training row."
    return ""


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


def describe_columns(columns: Sequence[PrototypeColumn]) -> dict[str, Json]:
    """Return the columns as JSON schema properties."""
    types: dict[str, Json] = {
        "number": {"type": "number"},
        "boolean": {"type": "boolean"},
        "date": {"type": "string", "format": "date-time"},
    }
    return {column.name: types.get(column.kind, {"type": "string"}) for column in columns}
