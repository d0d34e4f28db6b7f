"""The table as a plain pandas program: the start of every exported program."""

import re
from pathlib import PurePath

from core.collect.program import Program, literal
from core.records import DatasetVersion
from core.store import Store


def table_script(store: Store, dataset_id: str) -> str:
    """Return a program that reads a stored table from its Parquet file and shows what is in it."""
    shown = 'print(f"{len(table):,} rows, {table.shape[1]} columns")\nprint(table.describe(include="all"))'
    return table_program(store, dataset_id, "The table").then("A look at it", shown).text()


def table_program(store: Store, dataset_id: str, title: str) -> Program:
    """Return the beginning of a program: the table of a dataset version as a frame called `table`."""
    dataset = store.get(DatasetVersion, dataset_id)
    code = f"table = pd.read_parquet({literal(parquet_name(dataset))})"
    return Program(title).then(
        f"The table: version {dataset.number} of {dataset.filename}", code, "import pandas as pd"
    )


def parquet_name(dataset: DatasetVersion) -> str:
    """Return what a stored table's Parquet file is called when it is downloaded."""
    stem = re.sub(r"[^\w-]+", "_", PurePath(dataset.filename.replace("\\", "/")).stem).strip("_")[:60] or "table"
    return f"{stem}_v{dataset.number}.parquet"
