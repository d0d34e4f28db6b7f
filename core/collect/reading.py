"""From a file to a typed Parquet file, with every decision on record: rows in = rows kept + rows reported."""

import csv
import itertools
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from core.collect import staging
from core.collect.appending import append_tables
from core.collect.archives import Unpacked, unpack
from core.collect.decoding import Text, decode_file
from core.collect.dialect import MAX_SAMPLE_ROWS, WHITESPACE, Dialect, find_dialect, split_rows
from core.collect.json_records import looks_like_json, open_json, plan_rows, text_rows
from core.collect.layout import Layout, Row, find_layout
from core.collect.proving import Proved, columns_of, report_types, write_typed_rows
from core.collect.typed_source import parquet_relation, write_typed
from core.collect.workbook import is_workbook, open_sheet
from core.errors import BadInputError
from core.records import Column, Decision, Reading

MAX_LINES_A_VALUE = 1_000
PARQUET_START = b"PAR1"


def read_table(path: Path, filename: str) -> tuple[pa.Table, Reading]:
    """Return a file's table and how it was read; nothing is stored.

    Parameters
    ----------
    path : Path
        Where the bytes lie.
    filename : str
        What the person calls the file; shown in messages only, the bytes decide what it is.

    Raises
    ------
    BadInputError
        When the file holds no table: what it holds in its place, and the way out.
    """
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "table.parquet"
        _, reading = convert_file(path, filename, target, Path(folder))
        return pq.read_table(target), reading


def convert_file(path: Path, filename: str, target: Path, workspace: Path) -> tuple[tuple[Column, ...], Reading]:
    """Write a file's table as typed Parquet to `target`; return its columns and how it was read.

    Parameters
    ----------
    workspace : Path
        Folder on disk for work in between, several times the size of the file; left as it was.

    Raises
    ------
    BadInputError
        As `read_table`, with the file's name; what lies at `target` is of no use then.
    """
    try:
        with (
            tempfile.TemporaryDirectory(dir=workspace) as folder,
            staging.open_staging(Path(folder)) as connection,
        ):
            unpacked = unpack(path, Path(folder))
            if unpacked is None:
                return _convert(connection, path, target, Path(folder))
            return _convert_packed(connection, unpacked, target, Path(folder))
    except BadInputError as error:
        raise BadInputError(f"{filename}: {error.message}", error.hint) from error
    except duckdb.Error as error:
        raise BadInputError(
            f"{filename}: The rows cannot be brought into one table.",
            "Open the file in a spreadsheet program and save it again as CSV with one header line.",
        ) from error


def _convert(
    connection: duckdb.DuckDBPyConnection, path: Path, target: Path, folder: Path
) -> tuple[tuple[Column, ...], Reading]:
    with path.open("rb") as file:
        start = file.read(len(PARQUET_START))
    if start == PARQUET_START:
        return _convert_parquet(connection, path, target)
    if is_workbook(path):
        return _convert_text(connection, _open_workbook(path, folder), target, folder)
    text = decode_file(path, folder)
    if looks_like_json(text.path):
        return _convert_json(connection, text, target, folder)
    return _convert_text(connection, _open_text(text), target, folder)


def _convert_packed(
    connection: duckdb.DuckDBPyConnection, unpacked: Unpacked, target: Path, folder: Path
) -> tuple[tuple[Column, ...], Reading]:
    """Convert the one file of an archive, or append its several."""
    parts: list[tuple[str, Path, Reading]] = []
    columns: tuple[Column, ...] = ()
    for index, (name, path) in enumerate(unpacked.files):
        own = folder / f"part_{index}"
        own.mkdir()
        part = target if len(unpacked.files) == 1 else folder / f"part_{index}.parquet"
        try:
            columns, reading = _convert(connection, path, part, own)
        except BadInputError as error:
            raise BadInputError(f"{name}: {error.message}", error.hint) from error
        parts.append((name, part, reading))
        shutil.rmtree(own)
    reading = parts[0][2]
    if len(parts) > 1:
        columns, reading = append_tables(connection, parts, target)
    return columns, replace(reading, decisions=(*unpacked.decisions, *reading.decisions))


def _convert_json(
    connection: duckdb.DuckDBPyConnection, text: Text, target: Path, folder: Path
) -> tuple[tuple[Column, ...], Reading]:
    try:
        source = open_json(text.path)
        plan = plan_rows(source)
        rectangular = folder / "records.parquet"
        result = staging.write_rectangular(text_rows(source, plan.keys), len(plan.keys), rectangular)
    except RecursionError as error:
        raise BadInputError("The JSON is nested too deeply.", "Save the records as a plain list.") from error
    except UnicodeEncodeError as error:
        raise BadInputError("The JSON holds half a character.", "Write the file again as UTF-8.") from error
    staging.load_parquet(connection, rectangular)
    proofs = write_typed_rows(connection, plan.names, target, european=False)
    return columns_of(plan.names, proofs), Reading(
        source.format,
        encoding=text.encoding,
        n_rows_in=plan.n_records,
        n_rows_kept=result.n_rows,
        decisions=(*text.decisions, *plan.decisions, *report_types(plan.names, proofs)),
    )


def _convert_parquet(
    connection: duckdb.DuckDBPyConnection, path: Path, target: Path
) -> tuple[tuple[Column, ...], Reading]:
    relation, schema = parquet_relation(path)
    columns, decisions = write_typed(connection, relation, schema, target)
    n_rows = pq.read_metadata(target).num_rows
    if n_rows == 0:
        raise BadInputError("The file has column names but no rows.", "Choose a file with data.")
    return columns, Reading("Parquet", n_rows_in=n_rows, n_rows_kept=n_rows, decisions=tuple(decisions))


@dataclass(frozen=True)
class _Source:
    """Text rows on disk, wherever they came from."""

    format: str
    path: Path
    dialect: Dialect
    encoding: str | None
    decisions: tuple[Decision, ...]

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield each row with the number of its last line."""
        with self.path.open(encoding="utf-8", newline="") as file:
            yield from split_rows(file, self.dialect)


def _open_workbook(path: Path, folder: Path) -> _Source:
    copied = folder / "sheet.csv"
    with open_sheet(path) as (rows, found), copied.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(row for row in rows if any(row))
    return _Source("Excel", copied, Dialect(","), None, found)


def _open_text(text: Text) -> _Source:
    dialect = find_dialect(text.path)
    decisions = list(text.decisions)
    if dialect.lines_quoted:
        decisions.append(Decision("quoted_lines", "Each line was enclosed in quotes, which were taken off."))
    if dialect.delimiter is None:
        decisions.append(Decision("one_column", "No separator was found, so the table has one column."))
    return _Source("CSV", text.path, dialect, text.encoding, tuple(decisions))


def _convert_text(
    connection: duckdb.DuckDBPyConnection, source: _Source, target: Path, folder: Path
) -> tuple[tuple[Column, ...], Reading]:
    try:
        layout = find_layout(list(itertools.islice(source.rows(), MAX_SAMPLE_ROWS)))
    except csv.Error as error:
        raise BadInputError(f"The file cannot be cut into rows: {error}.", "Save it again as plain CSV.") from error
    n_rows, proofs, loading = _load(connection, source, layout, target, folder)
    n_kept = pq.read_metadata(target).num_rows
    if n_kept == 0:
        raise BadInputError("The file holds no rows that fit together as a table.", "Look at it in a text editor.")
    reading = Reading(
        source.format,
        encoding=source.encoding,
        delimiter=source.dialect.delimiter if source.format == "CSV" else None,
        has_header=layout.has_header,
        n_preamble=layout.n_preamble,
        n_rows_in=n_kept if n_rows is None else n_rows,
        n_rows_kept=n_kept,
        decisions=(*source.decisions, *layout.decisions, *loading, *report_types(layout.names, proofs)),
    )
    return columns_of(layout.names, proofs), reading


def _load(
    connection: duckdb.DuckDBPyConnection, source: _Source, layout: Layout, target: Path, folder: Path
) -> tuple[int | None, list[Proved], list[Decision]]:
    """Write the table; return the number of rows where some may be left out, the types, and what was decided."""
    names, dialect = layout.names, source.dialect
    european = dialect.delimiter == ";"
    plain = dialect.delimiter not in (None, WHITESPACE) and not dialect.escape and not dialect.lines_quoted
    # DuckDB skips rows where a header spans lines, and lines where they are blank: only one row a line is safe.
    plain = plain and layout.first_line == layout.n_preamble + layout.has_header
    if plain and dialect.delimiter and dialect.quote and len(names) > 1:
        try:
            staging.load_csv(
                connection,
                source.path,
                len(names),
                delimiter=dialect.delimiter,
                quote=dialect.quote,
                skip=layout.first_line,
            )
            return None, write_typed_rows(connection, names, target, european=european), []
        except duckdb.Error:
            # A row is not as it should be: row by row, slower, every such row can be counted.
            pass
    n_rows, decisions = _load_row_by_row(connection, source, layout, folder)
    return n_rows, write_typed_rows(connection, names, target, european=european), decisions


def _load_row_by_row(
    connection: duckdb.DuckDBPyConnection, source: _Source, layout: Layout, folder: Path
) -> tuple[int, list[Decision]]:
    target, width = folder / "rectangular.parquet", len(layout.names)
    decisions: list[Decision] = []
    try:
        result = staging.write_rectangular(_data_rows(source, layout), width, target)
    except _UnclosedQuoteError as problem:
        decisions.append(Decision("unclosed_quote", str(problem), 1))
        unquoted = Dialect(source.dialect.delimiter, quote=None)
        bare = _Source(source.format, source.path, unquoted, source.encoding, source.decisions)
        result = staging.write_rectangular(_data_rows(bare, layout), width, target)
    if result.n_short:
        sentence = "Rows with fewer values than there are columns were filled up with missing values."
        decisions.append(Decision("short_rows", sentence, result.n_short))
    if result.too_long:
        sentence = "Rows with more values than there are columns were left out."
        shown = tuple(f"row {position:,}" for position in result.too_long[:5])
        decisions.append(Decision("long_rows", sentence, len(result.too_long), shown))
    staging.load_parquet(connection, target)
    return result.n_rows, decisions


class _UnclosedQuoteError(Exception):
    """A quote opens and does not close within a thousand lines."""


def _data_rows(source: _Source, layout: Layout) -> Iterable[Row]:
    try:
        for line, row in source.rows():
            if line > layout.first_line:
                if any(cell.count("\n") > MAX_LINES_A_VALUE for cell in row):
                    raise _UnclosedQuoteError(
                        f"The quote that opens before line {line:,} never closes; quotes were kept."
                    )
                yield row
    except csv.Error as error:
        raise _UnclosedQuoteError("A quote opens and never closes; quotes were kept.") from error
