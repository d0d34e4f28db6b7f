"""Several files of the same shape as one table."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from core.collect.typed_source import write_typed
from core.collect.words import sql_name, sql_text
from core.records import Column, Decision, Reading

MAX_DECISIONS, MAX_NAMED = 50, 5


@dataclass(frozen=True)
class Part:
    """A table in our few types, as Parquet, that came from one of several files; `n_bytes` is the size of that."""

    name: str
    path: Path
    reading: Reading
    n_bytes: int = 0

    @property
    def column_names(self) -> list[str]:
        """The names of its columns, in order."""
        return list(pq.read_schema(self.path).names)


def choose_parts(parts: Sequence[Part]) -> tuple[list[Part], list[Decision]]:
    """Return the parts that belong together, having the same columns, in any order; of several such, the largest.

    Whether they are the largest is judged by their files, which are known as a whole where only their beginning is
    read.
    """
    alike: dict[frozenset[str], list[Part]] = {}
    for part in parts:
        alike.setdefault(frozenset(part.column_names), []).append(part)
    chosen = max(alike.values(), key=lambda group: sum(part.n_bytes for part in group))
    left = [part for part in parts if part not in chosen]
    if not left:
        return chosen, []
    names = ", ".join(part.name for part in chosen[:MAX_NAMED])
    more = f" and {len(chosen) - MAX_NAMED:,} more" if len(chosen) > MAX_NAMED else ""
    was_read = "were read, being together the largest" if len(chosen) > 1 else "was read, being the largest"
    words = f"Not all files have the same columns: {names}{more} {was_read}; another can be chosen."
    return chosen, [
        Decision(
            "other_tables",
            f"{words} The others were left out.",
            len(left),
            tuple(part.name for part in left[:MAX_NAMED]),
        )
    ]


def append_tables(
    connection: duckdb.DuckDBPyConnection, parts: Sequence[Part], target: Path
) -> tuple[tuple[Column, ...], Reading]:
    """Write the rows of all parts, one after the other, as one table; return its columns and how it was read.

    Parameters
    ----------
    parts : sequence of Part
        Their columns have the same names, perhaps in another order.
    """
    names = parts[0].column_names
    dtypes, decisions = _common_types([(part.path, pq.read_schema(part.path)) for part in parts], names)
    relation = " UNION ALL ".join(
        f"SELECT {', '.join(f'CAST({sql_name(column)} AS {dtypes[column][1]})' for column in names)} "  # noqa: S608
        f"FROM read_parquet({sql_text(str(part.path))})"
        for part in parts
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


def _join_readings(parts: Sequence[Part], mixed: list[Decision]) -> Reading:
    told = [
        replace(decision, sentence=f"{part.name}: {decision.sentence}")
        for part in parts
        for decision in part.reading.decisions
    ]
    appended = tuple(f"{part.name}: {part.reading.n_rows_kept:,} rows" for part in parts[:MAX_NAMED])
    decisions = [Decision("appended", "The files were put one after the other.", len(parts), appended), *mixed]
    decisions += told[:MAX_DECISIONS]
    if len(told) > MAX_DECISIONS:
        rest = told[MAX_DECISIONS:]
        lost = sum(decision.n_rows_lost for decision in rest)
        decisions.append(Decision("more", "More was decided than can be listed.", len(rest), n_rows_lost=lost))
    readings = [part.reading for part in parts]
    return replace(
        readings[0],
        n_preamble=sum(reading.n_preamble for reading in readings),
        n_footer=sum(reading.n_footer for reading in readings),
        n_rows_in=sum(reading.n_rows_in for reading in readings),
        n_rows_kept=sum(reading.n_rows_kept for reading in readings),
        decisions=tuple(decisions),
    )
