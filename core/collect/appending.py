"""Several files of the same shape as one table."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from core.collect.typed_source import write_typed
from core.collect.words import sql_name, sql_text
from core.errors import BadInputError
from core.records import Column, Decision, Reading

MAX_DECISIONS = 50


def append_tables(
    connection: duckdb.DuckDBPyConnection, parts: Sequence[tuple[str, Path, Reading]], target: Path
) -> tuple[tuple[Column, ...], Reading]:
    """Write the rows of all parts, one after the other, as one table; return its columns and how it was read.

    Parameters
    ----------
    parts : sequence of (name, path, reading)
        Tables in our few types, as Parquet. Their columns have the same names, perhaps in another order.

    Raises
    ------
    BadInputError
        When the columns differ: which of them.
    """
    names = list(pq.read_schema(parts[0][1]).names)
    for name, path, _ in parts[1:]:
        differing = sorted(set(pq.read_schema(path).names) ^ set(names))
        if differing:
            raise BadInputError(
                f"The files in the archive have different columns: '{parts[0][0]}' and '{name}' differ in "
                f"{', '.join(repr(column) for column in differing[:5])}.",
                "Pack only files with the same columns together.",
            )
    dtypes, decisions = _common_types([(path, pq.read_schema(path)) for _, path, _ in parts], names)
    relation = " UNION ALL ".join(
        f"SELECT {', '.join(f'CAST({sql_name(column)} AS {dtypes[column][1]})' for column in names)} "  # noqa: S608
        f"FROM read_parquet({sql_text(str(path))})"
        for _, path, _ in parts
    )
    schema = pa.schema([(name, dtypes[name][0]) for name in names])
    aliases = ", ".join(f"c{index}" for index in range(len(names)))
    columns, _ = write_typed(connection, f"({relation}) AS t({aliases})", schema, target)
    return columns, _join_readings(parts, decisions)


SQL_TYPES = {
    pa.int64(): "BIGINT",
    pa.float64(): "DOUBLE",
    pa.bool_(): "BOOLEAN",
    pa.timestamp("us"): "TIMESTAMP",
    pa.string(): "VARCHAR",
}


def _common_types(
    parts: Sequence[tuple[Path, pa.Schema]], names: Sequence[str]
) -> tuple[dict[str, tuple[pa.DataType, str]], list[Decision]]:
    """Return a type for each column that loses nothing, and where it had to be text."""
    dtypes, decisions = {}, []
    for name in names:
        found = {schema.field(name).type for path, schema in parts if not _all_missing(path, name)} or {pa.string()}
        if found == {pa.int64(), pa.float64()}:
            found = {pa.float64()}
        dtype = found.pop() if len(found) == 1 else pa.string()
        if found:
            decisions.append(
                Decision(
                    "mixed_types", f"Column '{name}' differs in kind between the files; kept as text.", column=name
                )
            )
        dtypes[name] = (dtype, SQL_TYPES[dtype])
    return dtypes, decisions


def _all_missing(path: Path, name: str) -> bool:
    with pq.ParquetFile(path) as file:
        index = file.schema_arrow.get_field_index(name)
        groups = [file.metadata.row_group(at).column(index) for at in range(file.metadata.num_row_groups)]
        return all(group.statistics is not None and group.statistics.null_count == group.num_values for group in groups)


def _join_readings(parts: Sequence[tuple[str, Path, Reading]], mixed: list[Decision]) -> Reading:
    told = [
        replace(decision, sentence=f"{name}: {decision.sentence}")
        for name, _, reading in parts
        for decision in reading.decisions
    ]
    appended = tuple(f"{name}: {reading.n_rows_kept:,} rows" for name, _, reading in parts[:5])
    decisions = [Decision("appended", "The files were put one after the other.", len(parts), appended), *mixed]
    decisions += told[:MAX_DECISIONS]
    if len(told) > MAX_DECISIONS:
        rest = told[MAX_DECISIONS:]
        lost = sum(decision.n_rows_lost for decision in rest)
        decisions.append(Decision("more", "More was decided than can be listed.", len(rest), n_rows_lost=lost))
    first = parts[0][2]
    return replace(
        first,
        n_preamble=sum(reading.n_preamble for _, _, reading in parts),
        n_footer=sum(reading.n_footer for _, _, reading in parts),
        n_rows_in=sum(reading.n_rows_in for _, _, reading in parts),
        n_rows_kept=sum(reading.n_rows_kept for _, _, reading in parts),
        decisions=tuple(decisions),
    )
