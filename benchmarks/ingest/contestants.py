"""`python -m benchmarks.ingest.contestants NAME SOURCE TARGET`: one measured thing in a process of its own.

Prints JSON: seconds from the first touch of the file to the end, and the most memory the process held, in MB. What a
process does once, such as importing its libraries and opening an empty store, is not timed; nor is looking through what
was imported for garbage, which Python does once, too, at some moment.
"""

import gc
import json
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.memory import peak_memory_mb

COLUMNS = """
    i AS id,
    TIMESTAMP '2023-01-01' + to_seconds(draw(i, 1, 50000000)) AS sold_at,
    strftime(DATE '2020-01-01' + CAST(draw(i, 2, 1800) AS INTEGER), '%d/%m/%Y') AS ordered_on,
    round(draw(i, 3, 10000000) / 1000 - 5000, 3) AS x1,
    round(draw(i, 4, 10000000) / 100000, 5) AS x2,
    round(sqrt(draw(i, 5, 1000000)), 6) AS x3,
    round(ln(1 + draw(i, 6, 1000000)), 8) AS x4,
    draw(i, 7, 100000) / 100 AS price,
    CASE WHEN draw(i, 8, 20) > 0 THEN round(draw(i, 9, 100000) / 7, 4) END AS with_gaps,
    draw(i, 10, 90) AS age,
    draw(i, 11, 2000000) - 1000000 AS balance,
    CASE WHEN draw(i, 12, 50) = 0 THEN 'NA' ELSE CAST(draw(i, 13, 500) AS VARCHAR) END AS visits,
    ['red', 'green', 'blue'][1 + draw(i, 14, 3)] AS colour,
    'town ' || draw(i, 15, 40) AS town,
    'shop ' || draw(i, 16, 1000) AS shop,
    ['yes', 'no'][1 + draw(i, 17, 2)] AS bought,
    CASE WHEN draw(i, 18, 10) > 0 THEN 'group ' || draw(i, 19, 12) END AS grouped,
    lpad(CAST(draw(i, 20, 100000) AS VARCHAR), 5, '0') AS postcode,
    draw(i, 21, 3) = 0 AS returned,
    'a remark, number ' || draw(i, 22, 200000) || ', as somebody wrote it' AS remark
"""
"""Twenty columns of a sales table as SQL over a number i: the same at every run."""


def write_csv(n_rows: str, target: Path) -> None:
    """Write the table with so many rows as CSV."""
    import duckdb

    rows = f"SELECT {COLUMNS} FROM range({int(n_rows)}) AS numbers(i)"  # noqa: S608
    with duckdb.connect() as connection:
        connection.execute("CREATE MACRO draw(i, number, below) AS CAST(hash(i, number) % below AS BIGINT)")
        connection.execute(f"COPY ({rows}) TO '{target}' (FORMAT csv, HEADER)")


def full_circle(source: str, target: Path) -> Callable[[], object]:
    """From CSV to a stored version: encoding, dialect, layout, types proved on all rows, original, hash, record.

    The file lies where the dashboard puts the bytes of an upload as they come in, which is the only time that they are
    written to disk: the original that is kept is the same file.
    """
    from core import collect, plan
    from core.records import new_id
    from core.store import open_store

    store = open_store(target)
    project = plan.find_project(store, plan.create_project(store, "Sales", by="bench").slug)
    upload = store.files.upload(new_id())
    with store.files.write_file(upload) as temporary:
        shutil.copyfile(source, temporary)

    def read_upload() -> None:
        collect.add_dataset(store, project.id, upload, filename="sales.csv", by="bench")
        upload.unlink()

    return read_upload


def full_circle_profile(source: str, _: Path) -> Callable[[], object]:
    """Profile a stored version; `source` is the home of a store that `full_circle` has filled."""
    from core import collect, plan
    from core.store import open_store

    store = open_store(Path(source))
    version = collect.current_dataset(store, plan.list_projects(store)[0].id)
    store.files.profile(version.id).unlink(missing_ok=True)
    return lambda: collect.profile_dataset(store, version.id)


def duckdb_csv(source: str, target: Path) -> Callable[[], object]:
    """DuckDB's own way from CSV to Parquet, dialect and types detected on its sample."""
    import duckdb

    connection = duckdb.connect()
    return lambda: connection.execute(f"COPY (SELECT * FROM read_csv('{source}')) TO '{target}' (FORMAT parquet)")  # noqa: S608


def duckdb_summarize(source: str, _: Path) -> Callable[[], object]:
    """DuckDB's SUMMARIZE of the Parquet file of a stored version; `source` is the home of its store."""
    import duckdb

    connection = duckdb.connect()
    table = next(Path(source).rglob("*.parquet"))
    return lambda: connection.execute(f"SUMMARIZE SELECT * FROM read_parquet('{table}')").fetchall()  # noqa: S608


def pandas(source: str, target: Path) -> Callable[[], object]:
    """Do it as most people do, with the separator and the types as pandas takes them."""
    import pandas as pd

    return lambda: pd.read_csv(source).to_parquet(target)


def pyarrow(source: str, target: Path) -> Callable[[], object]:
    """Read with pyarrow's threaded reader, everything in memory."""
    import pyarrow.parquet as pq
    from pyarrow import csv

    return lambda: pq.write_table(csv.read_csv(source), target)


CONTESTANTS = {
    contestant.__name__: contestant
    for contestant in (full_circle, full_circle_profile, duckdb_csv, duckdb_summarize, pandas, pyarrow)
}


def main(name: str, source: str, target: str) -> int:
    """Run one contestant once, or write the table for them, and print the figures."""
    if name == "write_csv":
        write_csv(source, Path(target))
        return 0
    work = CONTESTANTS[name](source, Path(target))
    gc.collect()
    started_at = time.perf_counter()
    work()
    seconds = time.perf_counter() - started_at
    print(json.dumps({"seconds": round(seconds, 4), "peak_mb": round(peak_memory_mb())}))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
