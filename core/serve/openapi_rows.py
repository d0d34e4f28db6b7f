"""What a deployment's rows, answers and labels look like, as JSON schemas made from its prototype."""

from collections.abc import Collection
from dataclasses import dataclass

from core.deploy.prototype import MOST_CATEGORIES
from core.records import Json, Prototype, PrototypeColumn
from core.serve.contract import LONGEST_TEXT, MOST_ROWS

LARGEST_NUMBER = 1.7976931348623157e308
NO_NUL = r"^[^\u0000]*$"
NO_OUTERMOST_YEAR = "^(?!0000|0001|9999)"
CATEGORIES_TOLD = 20


@dataclass(frozen=True)
class Refused:
    """Which columns refuse, rather than warn of, categories and numbers that the training rows did not have."""

    unknown_categories: Collection[str] = ()
    out_of_range: Collection[str] = ()


NOTHING_REFUSED = Refused()


def rows_schema(row: str) -> Json:
    """Return the schema of a request; `row` is where that of a row is."""
    rows = {"type": "array", "minItems": 1, "maxItems": MOST_ROWS, "items": {"$ref": row}}
    return {"type": "object", "required": ["rows"], "additionalProperties": False, "properties": {"rows": rows}}


def row_schema(prototype: Prototype, refused: Refused = NOTHING_REFUSED) -> Json:
    """Return the schema of a row: each column typed, nullable where it may be missing.

    Parameters
    ----------
    refused : Refused
        What the deployment refuses beyond wrong types; only that becomes part of the types.
    """
    return {
        "type": "object",
        "description": f"A row to predict '{prototype.target}' for.",
        "required": [column.name for column in prototype.columns if column.required],
        "additionalProperties": False,
        "properties": {column.name: column_schema(column, refused) for column in prototype.columns},
    }


def column_schema(column: PrototypeColumn, refused: Refused = NOTHING_REFUSED) -> Json:
    """Return the schema of a field, with the training rows' range or categories in words and an example."""
    schema = {"number": _number, "boolean": _boolean, "date": _date}.get(column.kind, _text)(column, refused)
    if not column.required:
        schema = _nullable(schema)
    if column.example is not None:
        schema["examples"] = [column.example]
    return schema


def _number(column: PrototypeColumn, refused: Refused) -> Json:
    schema: Json = {"type": "number", "minimum": -LARGEST_NUMBER, "maximum": LARGEST_NUMBER}
    if column.minimum is None or column.maximum is None:
        return {**schema, "description": "A finite number."}
    known = f"A finite number; in the training rows from {column.minimum:,.6g} to {column.maximum:,.6g}."
    if column.name in refused.out_of_range:
        return {"type": "number", "minimum": column.minimum, "maximum": column.maximum, "description": known}
    return {**schema, "description": f"{known} Others are answered with a warning."}


def _boolean(_column: PrototypeColumn, _refused: Refused) -> Json:
    return {"type": "boolean", "description": "True or false."}


def _date(_column: PrototypeColumn, _refused: Refused) -> Json:
    text = {"type": "string", "pattern": NO_OUTERMOST_YEAR}
    return {
        "description": "A date or a moment as in ISO 8601; without a time zone it is taken as in the training rows.",
        "anyOf": [{**text, "format": "date-time"}, {**text, "format": "date"}],
    }


def _text(column: PrototypeColumn, refused: Refused) -> Json:
    schema: Json = {"type": "string", "maxLength": LONGEST_TEXT, "pattern": NO_NUL}
    if column.kind != "category":
        return {**schema, "description": "A text."}
    known = len(column.categories) < MOST_CATEGORIES
    if known and column.name in refused.unknown_categories:
        return {"type": "string", "enum": list(column.categories), "description": "One of the known categories."}
    told = ", ".join(f"'{category}'" for category in column.categories[:CATEGORIES_TOLD])
    more = ", ..." if len(column.categories) > CATEGORIES_TOLD else ""
    warned = " Others are answered with a warning." if known else ""
    return {**schema, "description": f"A category; in the training rows {told}{more}.{warned}"}


def _nullable(schema: Json) -> Json:
    """Return the schema of a value that may be missing."""
    if "anyOf" in schema:
        return {**schema, "anyOf": [*schema["anyOf"], {"type": "null"}]}
    changed = {**schema, "type": [schema["type"], "null"]}
    return {**changed, "enum": [*schema["enum"], None]} if "enum" in schema else changed


def answer_schema(prototype: Prototype) -> Json:
    """Return the schema of an answer; more may be told in it than is said here."""
    prediction: Json = {"type": "string"} if prototype.classes else {"type": "number"}
    chance = {"type": "number", "minimum": 0, "maximum": 1}
    probabilities: Json = {"type": ["object", "null"], "additionalProperties": chance}
    if prototype.classes:
        probabilities["properties"] = {str(name): chance for name in prototype.classes}
        prediction["examples"] = [str(name) for name in prototype.classes]
    one = {
        "type": "object",
        "required": ["id", "prediction", "probabilities", "warnings"],
        "properties": {
            "id": {"type": "string", "description": "For the label that comes later."},
            "prediction": {**_nullable(prediction), "description": f"The model's answer for '{prototype.target}'."},
            "probabilities": {**probabilities, "description": "Of each class; null where the model gives none."},
            "warnings": {"type": "array", "items": {"type": "string"}, "description": "What is unusual, in words."},
            "status": {"type": "string", "enum": ["abstained"], "description": "There when a person answers instead."},
            "reasons": {"type": "array", "items": {"type": "string"}, "description": "Why the model does not answer."},
            "poll": {
                "type": "string",
                "description": "Where the answer of the person will be; left out where no person answers.",
            },
        },
    }
    return {
        "type": "object",
        "required": ["request_id", "model_version", "predictions"],
        "properties": {
            "request_id": {"type": "string"},
            "model_version": {"type": "integer", "minimum": 1},
            "predictions": {"type": "array", "items": one},
        },
    }


def labels_schema(prototype: Prototype) -> Json:
    """Return the schema of a request with labels."""
    text = {"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT, "pattern": NO_NUL}
    number = {"type": "number", "minimum": -LARGEST_NUMBER, "maximum": LARGEST_NUMBER}
    label = {"anyOf": [text, number, {"type": "boolean"}]} if prototype.classes else number
    entry = {
        "type": "object",
        "required": ["id", "label"],
        "additionalProperties": False,
        "properties": {
            "id": {"type": "string", "minLength": 1, "maxLength": 64, "pattern": NO_NUL},
            "label": {**label, "description": f"The true value of '{prototype.target}'."},
        },
    }
    labels = {"type": "array", "minItems": 1, "maxItems": MOST_ROWS, "items": entry}
    return {"type": "object", "required": ["labels"], "additionalProperties": False, "properties": {"labels": labels}}
