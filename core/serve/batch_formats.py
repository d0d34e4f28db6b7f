"""Files of many rows, read and written a part at a time: what of a row goes to the model, and what comes beside it."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from core.errors import BadInputError
from core.records import Prototype
from core.serve.batch_csv import CsvFile
from core.serve.batch_parquet import ParquetFile
from core.serve.batch_rows import Answered, Chunk

MEDIA_TYPES: Mapping[str, str] = MappingProxyType({"text/csv": "csv", "application/vnd.apache.parquet": "parquet"})
"""What files may be sent as, and what they are called here."""


class BatchFile(Protocol):
    """A file whose rows are to be answered."""

    columns: Sequence[str]

    def count_rows(self) -> int:
        """Return how many rows there are, having looked at all of them; BadInputError where they cannot be read."""
        ...

    def chunks(self, start: int, size: int) -> Iterator[Chunk]:
        """Yield the rows after the first `start`, `size` at a time."""
        ...

    def write_part(self, path: Path, chunk: Chunk, answered: Answered) -> None:
        """Write rows with their answers beside them."""
        ...

    def join(self, parts: Sequence[Path], path: Path, names: Sequence[str]) -> None:
        """Write one file out of parts; `names` are the columns beside the file's own."""
        ...


def open_file(path: Path, kind: str, prototype: Prototype) -> BatchFile:
    """Open a file by its kind, "csv" or "parquet".

    Raises
    ------
    BadInputError
        When it is none of that kind, or its columns are not those of the model.
    """
    file: BatchFile = CsvFile(path, prototype) if kind == "csv" else ParquetFile(path, prototype)
    _check_columns(file.columns, prototype)
    return file


def _check_columns(columns: Sequence[str], prototype: Prototype) -> None:
    wanted = [column.name for column in prototype.columns]
    twice = sorted({name for name in wanted if list(columns).count(name) > 1})
    if twice:
        raise BadInputError(f"The column '{twice[0]}' is in the file more than once.", "Leave one of them out.")
    missing = [column.name for column in prototype.columns if column.required and column.name not in columns]
    if missing:
        named = ", ".join(f"'{name}'" for name in missing[:5])
        raise BadInputError(
            f"The file lacks {len(missing)} of the columns that the model needs: {named}.",
            "Name the columns in the first line as the model does; GET the prototype to see them.",
        )
    if not set(wanted) & set(columns):
        raise BadInputError("The file has none of the model's columns.", "GET the prototype to see them.")


def say_columns(columns: Sequence[str], prototype: Prototype) -> list[str]:
    """Return what people should know of a file's columns: those the model does not use, and those that are missing."""
    known = {column.name for column in prototype.columns}
    extra = [name for name in columns if name not in known]
    missing = [name for name in sorted(known) if name not in columns]
    notes = []
    if extra:
        notes.append(f"Not used by the model, and kept in the result: {_name(extra)}.")
    if missing:
        notes.append(f"Not in the file, so taken as missing in every row: {_name(missing)}.")
    return notes


def _name(names: Sequence[str]) -> str:
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return ", ".join(f"'{name}'" for name in names[:10]) + more


def answer_columns(columns: Sequence[str], classes: Sequence[Any]) -> tuple[str, ...]:
    """Return the names of the columns beside a file's own: none that it has already."""
    wanted = ["prediction", *(f"probability_{name}" for name in classes)]
    wanted += ["model_version", "prediction_id", "warnings", "refused"]
    taken = set(columns)
    names: list[str] = []
    for name in wanted:
        free = name
        while free in taken:
            free += "_"
        taken.add(free)
        names.append(free)
    return tuple(names)
