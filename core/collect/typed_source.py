"""From data that has types already (Parquet, Arrow) to the few types a stored table has."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from core.collect.column_types import find_words
from core.collect.layout import MAX_COLUMNS, unique_names
from core.collect.staging import ROW_GROUP_SIZE
from core.collect.words import sql_name, sql_text
from core.errors import BadInputError
from core.records import Column, ColumnKind, Decision

MAX_SAMPLE_VALUES = 5_000
MAX_ROW_BYTES = 100_000
"""Rows with more text than this, on average, are refused: some thousands of them are held in memory at once."""
MAX_BYTES = 8 << 30
"""A Parquet file that unpacks to more than this is refused: a few KB can hold billions of equal values."""


def parquet_relation(path: Path) -> tuple[str, pa.Schema]:
    """Return a Parquet file as a FROM clause with the columns c0, c1, ..., and its schema.

    Raises
    ------
    BadInputError
        When the file is broken or unpacks to more than `MAX_BYTES`.
    """
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise BadInputError("The Parquet file is broken.", "Write it again, or save the table as CSV.") from error
    with file:
        metadata, schema = file.metadata, file.schema_arrow
        n_bytes = sum(metadata.row_group(index).total_byte_size for index in range(metadata.num_row_groups))
    if n_bytes > MAX_BYTES:
        raise BadInputError(
            f"The file unpacks to {n_bytes / (1 << 30):,.0f} GB; at most {MAX_BYTES >> 30} GB can be taken in.",
            "Leave out rows or columns.",
        )
    return f"read_parquet({sql_text(str(path))}) AS t({_aliases(schema)})", schema


def numbered_relation(path: Path) -> str:
    """Return a stored table as a FROM clause with the columns c0, c1, ... and `n`, the number of the row from 0."""
    names = [*(f"c{index}" for index in range(len(pq.read_schema(path)))), "n"]
    return f"read_parquet({sql_text(str(path))}, file_row_number = true) AS t({', '.join(names)})"


def refuse_long_rows(connection: duckdb.DuckDBPyConnection, relation: str, schema: pa.Schema) -> None:
    """Refuse a file whose rows hold far too much text: a few KB can hold the same long text thousands of times.

    Raises
    ------
    BadInputError
        When rows hold more than `MAX_ROW_BYTES` of text, on average.
    """
    texts = [f"sum(strlen(c{index}))" for index, field in enumerate(schema) if _holds_text(field.type)]
    if not texts:
        return
    n_rows, *sums = connection.execute(f"SELECT count(*), {', '.join(texts)} FROM {relation}").fetchall()[0]  # noqa: S608
    a_row = sum(filter(None, sums)) / max(n_rows, 1)
    if a_row > MAX_ROW_BYTES:
        raise BadInputError(
            f"A row holds {a_row / 1e3:,.0f} KB of text, {a_row * n_rows / 1e6:,.0f} MB in all; "
            f"at most {MAX_ROW_BYTES / 1e3:,.0f} KB a row can be taken in.",
            "Leave out columns with very long texts.",
        )


def _holds_text(arrow_type: pa.DataType) -> bool:
    if pa.types.is_dictionary(arrow_type):
        return _holds_text(arrow_type.value_type)
    return bool(pa.types.is_string(arrow_type) or pa.types.is_large_string(arrow_type))


def _aliases(schema: pa.Schema) -> str:
    return ", ".join(f"c{index}" for index in range(len(schema)))


def write_typed(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    schema: pa.Schema,
    target: Path,
    *,
    like: Sequence[Column] = (),
) -> tuple[tuple[Column, ...], list[Decision]]:
    """Write a relation with columns c0, c1, ... as Parquet in our few types.

    Parameters
    ----------
    relation : str
        A FROM clause.
    schema : pyarrow.Schema
        Names and types of its columns.
    like : sequence of Column
        Columns of a parent table, whose kinds columns of the same name keep.

    Raises
    ------
    BadInputError
        When there is no column, or there are too many.
    """
    if not 0 < len(schema) <= MAX_COLUMNS:
        raise BadInputError(f"The table has {len(schema):,} columns.", f"It needs 1 to {MAX_COLUMNS:,}.")
    before = {column.name: column for column in like}
    columns, selected, decisions = [], [], []
    for index, (name, field) in enumerate(zip(unique_names(schema.names), schema, strict=True)):
        kind, dtype, expression, note = _convert(field.type, f"c{index}")
        known = before.get(name)
        if kind == "category":
            same = known is not None and known.dtype == dtype
            kind = known.kind if known and same else _kind_of_words(connection, relation, expression)
        if dtype == "double" and known and known.dtype == "int64" and _all_whole(connection, relation, expression):
            dtype, expression = "int64", f"CAST({expression} AS BIGINT)"
        if note:
            decisions.append(Decision("converted", f"Column '{name}': {note}"))
        columns.append(Column(name, kind, dtype))
        selected.append(f"{expression} AS {sql_name(name)}")
    connection.execute(
        f"COPY (SELECT {', '.join(selected)} FROM {relation}) TO {sql_text(str(target))} "  # noqa: S608
        f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP_SIZE})"
    )
    return tuple(columns), decisions


def _convert(arrow_type: pa.DataType, source: str) -> tuple[ColumnKind, str, str, str]:
    """Return kind, stored type, SQL expression and what is to be said about a column of this type."""
    if pa.types.is_dictionary(arrow_type):
        return _convert(arrow_type.value_type, source)
    if pa.types.is_boolean(arrow_type):
        return "boolean", "bool", source, ""
    if pa.types.is_integer(arrow_type):
        if pa.types.is_uint64(arrow_type):
            return "number", "double", f"CAST({source} AS DOUBLE)", "Stored as decimal numbers."
        return "number", "int64", f"CAST({source} AS BIGINT)", ""
    if pa.types.is_floating(arrow_type) or pa.types.is_decimal(arrow_type):
        # What is no number and no missing value (infinity, NaN) is stored as missing.
        value = f"CAST({source} AS DOUBLE)"
        return "number", "double", f"CASE WHEN isfinite({value}) THEN {value} END", ""
    if pa.types.is_date(arrow_type) or pa.types.is_timestamp(arrow_type):
        zone = "Stored in UTC." if getattr(arrow_type, "tz", None) else ""
        value = f"timezone('UTC', {source})" if zone else source
        return "date", "timestamp[us]", f"CAST({value} AS TIMESTAMP)", zone
    is_text = pa.types.is_string(arrow_type) or pa.types.is_large_string(arrow_type)
    is_text = is_text or pa.types.is_string_view(arrow_type) or pa.types.is_null(arrow_type)
    return "category", "string", f"CAST({source} AS VARCHAR)", "" if is_text else f"Stored as text, being {arrow_type}."


def _kind_of_words(connection: duckdb.DuckDBPyConnection, relation: str, expression: str) -> ColumnKind:
    rows = connection.execute(
        f"SELECT {expression} AS x FROM {relation} LIMIT {MAX_SAMPLE_VALUES}"  # noqa: S608
    ).fetchall()
    return find_words(Counter(value for (value,) in rows if value is not None)).kind


def _all_whole(connection: duckdb.DuckDBPyConnection, relation: str, expression: str) -> bool:
    query = f"SELECT count(*) FROM {relation} WHERE {expression} % 1 <> 0 OR abs({expression}) > 9e15"  # noqa: S608
    return bool(connection.execute(query).fetchall()[0][0] == 0)
