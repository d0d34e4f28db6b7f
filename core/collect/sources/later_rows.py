"""Rows that come later to a table, such as those of another collection, put after those that are there."""

from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq

from core.collect import staging
from core.collect.appending import Part, append_tables
from core.collect.words import sql_name, sql_text
from core.records import Column, DatasetVersion, Decision, Reading


def append_rows(
    earlier: Path, before: DatasetVersion, table: Path, reading: Reading, folder: Path
) -> tuple[tuple[Column, ...], Reading]:
    """Put the rows of a new table after those of an earlier version, in place; what either lacks is missing there.

    Parameters
    ----------
    earlier, table : Path
        Parquet files of the two; `table` holds both at the end.
    """
    known = {earlier: list(before.column_names), table: list(pq.read_schema(table).names)}
    names = [*known[earlier], *(name for name in known[table] if name not in known[earlier])]
    with staging.open_staging(folder) as duck:
        parts = []
        for path, called in ((earlier, "Earlier"), (table, "New")):
            filled = folder / f"{called}.parquet"
            chosen = ", ".join(
                sql_name(name) if name in known[path] else f"CAST(NULL AS VARCHAR) AS {sql_name(name)}"
                for name in names
            )
            duck.execute(
                f"COPY (SELECT {chosen} FROM read_parquet({sql_text(str(path))})) "  # noqa: S608
                f"TO {sql_text(str(filled))} (FORMAT parquet)"
            )
            parts.append(Part(called, filled, reading))
        columns, joined = append_tables(duck, parts, table)
    mixed = [decision for decision in joined.decisions if decision.code == "mixed_types"]
    told = Decision("appended", "The rows were put after those of the version before.", before.n_rows)
    n_rows = before.n_rows + reading.n_rows_kept
    return columns, replace(reading, n_rows_in=n_rows, n_rows_kept=n_rows, decisions=(told, *mixed, *reading.decisions))
