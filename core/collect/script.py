"""The table as a plain pandas program: the start of every exported program."""

import re
from pathlib import PurePath

from core.collect.file_script import file_code
from core.collect.program import Program, literal
from core.records import DatasetVersion
from core.store import Store


def table_script(store: Store, dataset_id: str, *, from_file: bool = False) -> str:
    """Return a program that reads a table and shows what is in it.

    Parameters
    ----------
    from_file : bool
        Whether it starts from the file as the person brought it, rather than from the stored table in Parquet.

    Raises
    ------
    NotReadyError
        When there is no plain code for the person's file.
    """
    shown = 'print(f"{len(table):,} rows, {table.shape[1]} columns")\nprint(table.describe(include="all"))'
    return table_program(store, dataset_id, "The table", from_file=from_file).then("A look at it", shown).text()


def table_program(store: Store, dataset_id: str, title: str, *, from_file: bool = False) -> Program:
    """Return the beginning of a program: the table of a dataset version as a frame called `table`."""
    dataset = store.get(DatasetVersion, dataset_id)
    if from_file:
        found = file_code(store, dataset_id)
        return Program(title).then(f"The file: {dataset.filename}", found.code, *found.imports)
    code = f"table = pd.read_parquet({literal(parquet_name(dataset))})"
    return Program(title).then(
        f"The table: version {dataset.number} of {dataset.filename}", code, "import pandas as pd"
    )


def parquet_name(dataset: DatasetVersion) -> str:
    """Return what a stored table's Parquet file is called when it is downloaded."""
    stem = re.sub(r"[^\w-]+", "_", PurePath(dataset.filename.replace("\\", "/")).stem).strip("_")[:60] or "table"
    return f"{stem}_v{dataset.number}.parquet"
