"""A Parquet file as a typed table: its own types, but for the columns a person chose a kind for."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from core.collect.beginning import N_RECORDS, ONLY_BEGINNING
from core.collect.column_report import report_columns
from core.collect.layout import NUMBER, unique_names
from core.collect.proving import columns_of, write_typed_rows
from core.collect.rules import rules_of
from core.collect.staging import define_raw
from core.collect.text_rows import Request, kinds_by_place
from core.collect.typed_source import parquet_relation, refuse_long_rows, write_typed
from core.collect.words import sql_text
from core.errors import BadInputError
from core.records import Column, ColumnKind, Decision, Reading, ReadingChoices


def write_parquet_table(request: Request, path: Path, target: Path, folder: Path) -> tuple[tuple[Column, ...], Reading]:
    """Write a Parquet file's table as typed Parquet; return its columns and how it was read.

    Words for nothing count in columns of text, and in those whose kind was chosen.

    Raises
    ------
    BadInputError
        When it is broken, has no rows, or unpacks to too much.
    """
    relation, schema = parquet_relation(path)
    try:
        refuse_long_rows(request.connection, relation, schema)
        return _write(request, path, target, folder)
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        raise BadInputError("The Parquet file is broken.", "Write it again, or save the table as CSV.") from error


def _write(request: Request, path: Path, target: Path, folder: Path) -> tuple[tuple[Column, ...], Reading]:
    relation, schema = parquet_relation(path)
    is_part = request.only_beginning and pq.read_metadata(path).num_rows > N_RECORDS
    if is_part:
        relation = f"(SELECT * FROM {relation} LIMIT {N_RECORDS}) AS t"  # noqa: S608
    names = unique_names(schema.names)
    chosen, told = kinds_by_place(request.choices, names)
    told = (*told, *((ONLY_BEGINNING,) if is_part else ()))
    kinds = {**_with_words(request.choices, schema), **chosen}
    like: tuple[Column, ...] = ()
    if kinds:
        part = folder / "chosen.parquet"
        columns, changed = _write_chosen(request, relation, schema, kinds, part)
        told = (*told, *changed)
        like = tuple(column for place, column in zip(kinds, columns, strict=True) if place in chosen)
        relation, schema = _put_in(relation, schema, list(kinds), part)
    columns, decisions = write_typed(request.connection, relation, schema, target, like=like)
    n_rows = pq.read_metadata(target).num_rows
    if n_rows == 0:
        raise BadInputError("The file has column names but no rows.", "Choose a file with data.")
    return columns, Reading("Parquet", n_rows_in=n_rows, n_rows_kept=n_rows, decisions=(*decisions, *told))


def _with_words(choices: ReadingChoices, schema: pa.Schema) -> dict[int, ColumnKind]:
    """Return the columns in which a word for nothing, or one that is none, may occur; numbers only for numbers."""
    if not choices.missing_words and not choices.kept_words:
        return {}
    some_number = any(NUMBER.fullmatch(word) for word in choices.missing_words)
    kinds: dict[int, ColumnKind] = {}
    for place, field in enumerate(schema):
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
            kinds[place] = "category"
        elif some_number and (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
            kinds[place] = "number"
    return kinds


def _write_chosen(
    request: Request, relation: str, schema: pa.Schema, kinds: dict[int, ColumnKind], target: Path
) -> tuple[tuple[Column, ...], list[Decision]]:
    """Write the columns whose kind is settled, read from their text; return them and what was decided."""
    # 5.0 is written 5, so that whole numbers stay whole.
    texts = ", ".join(
        f"regexp_replace(CAST(c{place} AS VARCHAR), '^(-?[0-9]+)[.]0$', '\\1') AS c{new}"
        for new, place in enumerate(kinds)
    )
    define_raw(request.connection, f"(SELECT {texts} FROM {relation})")  # noqa: S608
    unique = unique_names(schema.names)
    names = [unique[place] for place in kinds]
    rules = rules_of(request.choices)
    proofs = write_typed_rows(request.connection, names, target, rules, kinds=dict(enumerate(kinds.values())))
    decisions = report_columns(request.connection, names, proofs)
    return columns_of(names, proofs), decisions


def _put_in(relation: str, schema: pa.Schema, places: list[int], part: Path) -> tuple[str, pa.Schema]:
    """Return the relation and its schema with some columns taken, row by row, from another file."""
    types = pq.read_schema(part)
    fields = list(schema)
    selected = [f"c{place}" for place in range(len(fields))]
    for new, place in enumerate(places):
        fields[place] = pa.field(fields[place].name, types.field(new).type)
        selected[place] = f"n{new}"
    aliases = ", ".join(f"n{new}" for new in range(len(places)))
    # Rows of both files are in the same order: the second was written from the first.
    joined = f"{relation} POSITIONAL JOIN read_parquet({sql_text(str(part))}) AS n({aliases})"
    every = ", ".join(f"c{place}" for place in range(len(fields)))
    return f"(SELECT {', '.join(selected)} FROM {joined}) AS t({every})", pa.schema(fields)  # noqa: S608
