"""From a file to a typed Parquet file, with every decision on record: rows in = rows kept + rows reported."""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from core.collect import staging
from core.collect.appending import Part, append_tables, choose_parts
from core.collect.archives import Unpacked, unpack
from core.collect.beginning import N_RECORDS, ONLY_BEGINNING, TEXT_BYTES, cut_text
from core.collect.column_report import report_columns
from core.collect.decoding import Text, decode_file
from core.collect.json_records import looks_like_json, open_json, plan_rows, text_rows
from core.collect.proving import columns_of, write_typed_rows
from core.collect.rules import rules_of
from core.collect.text_rows import Request, convert_text, kinds_by_place, open_text, open_workbook
from core.collect.typed_choices import write_parquet_table
from core.collect.workbook import is_workbook
from core.errors import BadInputError
from core.records import Column, Reading, ReadingChoices

PARQUET_START = b"PAR1"
MAX_OFFERED = 200
"""So many files of an archive are named to choose from."""
AS_FOUND = ReadingChoices()
Converted = tuple[tuple[Column, ...], Reading]


def read_table(path: Path, filename: str, choices: ReadingChoices = AS_FOUND) -> tuple[pa.Table, Reading]:
    """Return a file's table and how it was read; nothing is stored.

    Parameters
    ----------
    path : Path
        Where the bytes lie.
    filename : str
        What the person calls the file; shown in messages only, the bytes decide what it is.
    choices : ReadingChoices, optional
        What is not to be as found.

    Raises
    ------
    BadInputError
        When the file holds no table: what it holds in its place, and the way out.
    """
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "table.parquet"
        _, reading = convert_file(path, filename, target, Path(folder), choices)
        return pq.read_table(target), reading


def convert_file(  # noqa: PLR0913 - what the reading depends on, each part named
    path: Path,
    filename: str,
    target: Path,
    workspace: Path,
    choices: ReadingChoices = AS_FOUND,
    *,
    only_beginning: bool = False,
    when_written: Callable[[], None] = lambda: None,
) -> Converted:
    """Write a file's table as typed Parquet to `target`; return its columns and how it was read.

    Parameters
    ----------
    workspace : Path
        Folder on disk for work in between, several times the size of the file; left as it was.
    choices : ReadingChoices, optional
        What is not to be as found.
    only_beginning : bool
        Read no more than the first part of a large file (see `beginning`).
    when_written : function, optional
        Called when what lies at `target` is whole, before the rest is found out; not with every kind of file.

    Raises
    ------
    BadInputError
        As `read_table`, with the file's name; what lies at `target` is of no use then. Also when a choice cannot be
        followed at all: an encoding or sheet that is not there, a separator that does not occur.
    """
    try:
        with (
            tempfile.TemporaryDirectory(dir=workspace) as folder,
            staging.open_beside(Path(folder)) as opening,
        ):
            request = Request(opening, choices, only_beginning, when_written)
            unpacked = unpack(path, Path(folder), choices.member, TEXT_BYTES if only_beginning else None)
            if unpacked is None:
                columns, reading = _convert(request, path, target, Path(folder))
            else:
                columns, reading = _convert_packed(request, unpacked, target, Path(folder))
            return columns, replace(reading, choices=choices)
    except BadInputError as error:
        raise BadInputError(f"{filename}: {error.message}", error.hint) from error
    except duckdb.OutOfMemoryException as error:
        raise BadInputError(
            f"{filename}: The rows are too long to be read in the memory that there is.",
            "Leave out columns with very long texts.",
        ) from error
    except duckdb.Error as error:
        raise BadInputError(
            f"{filename}: The rows cannot be brought into one table.",
            "Open the file in a spreadsheet program and save it again as CSV with one header line.",
        ) from error


def _convert(request: Request, path: Path, target: Path, folder: Path) -> Converted:
    with path.open("rb") as file:
        start = file.read(len(PARQUET_START))
    if start == PARQUET_START:
        return write_parquet_table(request, path, target, folder)
    if is_workbook(path):
        return convert_text(request, open_workbook(request, path, folder), target, folder)
    beginning = cut_text(path, folder) if request.only_beginning else path
    text = decode_file(beginning, folder, request.choices.encoding)
    if beginning != path:
        text = replace(text, decisions=(ONLY_BEGINNING, *text.decisions))
    if looks_like_json(text.path):
        return _convert_json(request, text, target, folder)
    return convert_text(request, open_text(request, text), target, folder)


def _convert_packed(request: Request, unpacked: Unpacked, target: Path, folder: Path) -> Converted:
    """Convert the one file of an archive, or append those of its several that belong together."""
    request = replace(request, when_written=lambda: None)  # A part is not the whole.
    parts, columns_of_parts = [], []
    for index, member in enumerate(unpacked.members):
        own, written = folder / f"part_{index}", folder / f"part_{index}.parquet"
        own.mkdir()
        try:
            columns, reading = _convert(request, member.path, written, own)
        except BadInputError as error:
            raise BadInputError(f"{member.name}: {error.message}", error.hint) from error
        parts.append(Part(member.name, written, reading, member.n_bytes))
        columns_of_parts.append(columns)
        shutil.rmtree(own)
    chosen, told = choose_parts(parts)
    if len(chosen) > 1:
        columns, reading = append_tables(request.connection, chosen, target)
    else:
        columns, reading = columns_of_parts[parts.index(chosen[0])], chosen[0].reading
        shutil.move(chosen[0].path, target)
    decisions = (*unpacked.decisions, *told, *reading.decisions)
    if len(unpacked.names) > 1:
        reading = replace(
            reading, member=chosen[0].name if len(chosen) == 1 else None, members=unpacked.names[:MAX_OFFERED]
        )
    return columns, replace(reading, decisions=decisions)


def _convert_json(request: Request, text: Text, target: Path, folder: Path) -> Converted:
    connection = request.connection
    try:
        source = open_json(text.path, request.choices.sheet)
        if request.only_beginning and source.document is not None:
            part = source.document[:N_RECORDS]
            told = (ONLY_BEGINNING,) if len(part) < len(source.document) else ()
            source = replace(source, document=part, decisions=(*told, *source.decisions))
        plan = plan_rows(source)
        rectangular = folder / "records.parquet"
        result = staging.write_rectangular(text_rows(source, plan.keys), len(plan.keys), rectangular)
    except RecursionError as error:
        raise BadInputError("The JSON is nested too deeply.", "Save the records as a plain list.") from error
    except UnicodeEncodeError as error:
        raise BadInputError("The JSON holds half a character.", "Write the file again as UTF-8.") from error
    staging.load_parquet(connection, rectangular)
    kinds, unknown = kinds_by_place(request.choices, plan.names)
    proofs = write_typed_rows(connection, plan.names, target, rules_of(request.choices), kinds=kinds)
    return columns_of(plan.names, proofs), Reading(
        source.format,
        encoding=text.encoding,
        sheet=source.list_name,
        sheets=source.lists,
        n_rows_in=plan.n_records,
        n_rows_kept=result.n_rows,
        decisions=(*text.decisions, *plan.decisions, *unknown, *report_columns(connection, plan.names, proofs)),
    )
