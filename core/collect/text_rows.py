"""From rows of text, out of a text file or a sheet, to a typed table: where it lies, what is left out, what is told."""

import csv
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from core.collect import staging
from core.collect.beginning import N_RECORDS, ONLY_BEGINNING
from core.collect.cell_sql import Proved
from core.collect.column_report import report_columns
from core.collect.decoding import Text
from core.collect.dialect import MAX_SAMPLE_ROWS, WHITESPACE, Dialect, find_dialect, split_rows
from core.collect.footer import cut_footer, find_footer
from core.collect.layout import Layout, Row, find_layout
from core.collect.proving import columns_of, write_typed_rows
from core.collect.rules import rules_of
from core.collect.workbook import open_sheet
from core.errors import BadInputError
from core.records import Column, ColumnKind, Decision, Reading, ReadingChoices

MAX_LINES_A_VALUE = 1_000
MAX_LINES_SHOWN = 5
MAX_SAMPLE_CELLS, MIN_SAMPLE_ROWS = 2_000_000, 20


@dataclass(frozen=True)
class Request:
    """What a file is to be read with: the database for work in between, the choices, and how much of it.

    `when_written` may be called when the table is written, while it is still found out what is to be told about it.
    """

    opening: Future[duckdb.DuckDBPyConnection]
    choices: ReadingChoices
    only_beginning: bool = False
    when_written: Callable[[], None] = lambda: None

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The database for work in between, when it is open."""
        return self.opening.result()


@dataclass(frozen=True)
class TextSource:
    """Text rows on disk, wherever they came from. `reading` is what is known of it so far."""

    path: Path
    dialect: Dialect
    reading: Reading

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield each row with the number of its last line."""
        with self.path.open(encoding="utf-8", newline="") as file:
            yield from split_rows(file, self.dialect)


def open_workbook(request: Request, path: Path, folder: Path) -> TextSource:
    """Return the rows of the chosen sheet, else of the first that has any."""
    copied = folder / "sheet.csv"
    with open_sheet(path, request.choices.sheet) as sheet, copied.open("w", encoding="utf-8", newline="") as file:
        rows = itertools.islice(sheet.rows, N_RECORDS) if request.only_beginning else sheet.rows
        csv.writer(file).writerows(row for row in rows if any(row))
        told = (ONLY_BEGINNING,) if next(sheet.rows, None) is not None else ()
        reading = Reading("Excel", sheet=sheet.name, sheets=sheet.all_names, decisions=(*told, *sheet.decisions))
    return TextSource(copied, Dialect(","), reading)


def open_text(request: Request, text: Text) -> TextSource:
    """Return the rows of a text file, cut at the chosen separator, else at the one found."""
    dialect = find_dialect(text.path, request.choices.delimiter)
    decisions = list(text.decisions)
    if dialect.lines_quoted:
        decisions.append(Decision("quoted_lines", "Each line was enclosed in quotes, which were taken off."))
    if dialect.delimiter is None:
        decisions.append(Decision("one_column", "No separator was found, so the table has one column."))
    reading = Reading("CSV", encoding=text.encoding, delimiter=dialect.delimiter, decisions=tuple(decisions))
    return TextSource(text.path, dialect, reading)


def convert_text(
    request: Request, source: TextSource, target: Path, folder: Path
) -> tuple[tuple[Column, ...], Reading]:
    """Write the table among rows of text as typed Parquet; return its columns and how it was read.

    Raises
    ------
    BadInputError
        When the rows are no table, or a choice cannot be followed.
    """
    try:
        source, layout = _find_table(request, source, folder)
    except csv.Error as error:
        raise BadInputError(f"The file cannot be cut into rows: {error}.", "Save it again as plain CSV.") from error
    n_rows, proofs, loading = _load(request, source, layout, target, folder)
    n_kept = pq.read_metadata(target).num_rows
    if n_kept == 0:
        raise BadInputError("The file holds no rows that fit together as a table.", "Look at it in a text editor.")
    request.when_written()
    told = report_columns(request.connection, layout.names, proofs)
    reading = replace(
        source.reading,
        has_header=layout.has_header,
        n_preamble=layout.n_preamble,
        n_rows_in=n_kept if n_rows is None else n_rows,
        n_rows_kept=n_kept,
        decisions=(*source.reading.decisions, *layout.decisions, *loading, *told),
    )
    return columns_of(layout.names, proofs), reading


def kinds_by_place(choices: ReadingChoices, names: Sequence[str]) -> tuple[dict[int, ColumnKind], tuple[Decision, ...]]:
    """Return the chosen kinds by the place of the column, and what is to be said of names that no column has."""
    places = {name: index for index, name in enumerate(names)}
    kinds = {places[name]: kind for name, kind in choices.kinds.items() if name in places}
    unknown = tuple(name for name in choices.kinds if name not in places)
    words = "Types were chosen for columns that are not there now; nothing came of that."
    return kinds, ((Decision("choice_unused", words, len(unknown), unknown[:5]),) if unknown else ())


def _find_table(request: Request, source: TextSource, folder: Path) -> tuple[TextSource, Layout]:
    """Return where the table lies, and the source without the lines below it."""
    rows = list(_first_rows(source))
    footer = None
    if ONLY_BEGINNING not in source.reading.decisions:
        footer = find_footer(source.path, source.dialect, rows, request.choices.n_footer)
    if footer is not None:
        shown = tuple(line[:80] for line in footer.lines[:MAX_LINES_SHOWN])
        told = Decision("footer", "Lines below the table were left out.", len(footer.lines), shown)
        reading = replace(source.reading, n_footer=len(footer.lines), decisions=(*source.reading.decisions, told))
        source = replace(source, path=cut_footer(source.path, footer, folder), reading=reading)
        rows = list(_first_rows(source))
    if not rows:
        raise BadInputError("Nothing is left of the file as a table.", "Leave out fewer lines.")
    return source, find_layout(rows, request.choices)


def _first_rows(source: TextSource) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that the layout is judged by: fewer where they are very wide."""
    n_cells = 0
    for n_rows, (line, row) in enumerate(itertools.islice(source.rows(), MAX_SAMPLE_ROWS)):
        n_cells += len(row)
        if n_cells > MAX_SAMPLE_CELLS and n_rows >= MIN_SAMPLE_ROWS:
            return
        yield line, row


def _load(
    request: Request, source: TextSource, layout: Layout, target: Path, folder: Path
) -> tuple[int | None, list[Proved], list[Decision]]:
    """Write the table; return the number of rows where some may be left out, the types, and what was decided."""
    names, dialect, connection = layout.names, source.dialect, request.connection
    rules = rules_of(request.choices, european=dialect.delimiter == ";")
    kinds, unknown = kinds_by_place(request.choices, names)
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
            return None, write_typed_rows(connection, names, target, rules, kinds=kinds), [*unknown]
        except duckdb.Error:
            # A row is not as it should be: row by row, slower, every such row can be counted.
            pass
    n_rows, decisions = _load_row_by_row(connection, source, layout, folder)
    return n_rows, write_typed_rows(connection, names, target, rules, kinds=kinds), [*decisions, *unknown]


def _load_row_by_row(
    connection: duckdb.DuckDBPyConnection, source: TextSource, layout: Layout, folder: Path
) -> tuple[int, list[Decision]]:
    target, width = folder / "rectangular.parquet", len(layout.names)
    decisions: list[Decision] = []
    try:
        result = staging.write_rectangular(_data_rows(source, layout), width, target)
    except _UnclosedQuoteError as problem:
        decisions.append(Decision("unclosed_quote", str(problem), 1))
        bare = replace(source, dialect=Dialect(source.dialect.delimiter, quote=None))
        try:
            result = staging.write_rectangular(_data_rows(bare, layout), width, target)
        except _UnclosedQuoteError as error:
            raise BadInputError(f"The file cannot be cut into rows: {error}", "Save it again as plain CSV.") from error
    if result.n_short:
        sentence = "Rows with fewer values than there are columns were filled up with missing values."
        decisions.append(Decision("short_rows", sentence, result.n_short, result.short))
    if result.n_long:
        sentence = "Rows with more values than there are columns were left out."
        decisions.append(Decision("long_rows", sentence, result.n_long, result.long, n_rows_lost=result.n_long))
    staging.load_parquet(connection, target)
    return result.n_rows, decisions


class _UnclosedQuoteError(Exception):
    """A quote opens and does not close within a thousand lines."""


def _data_rows(source: TextSource, layout: Layout) -> Iterable[Row]:
    try:
        for line, row in source.rows():
            if line > layout.first_line:
                if any(cell.count("\n") > MAX_LINES_A_VALUE for cell in row):
                    raise _UnclosedQuoteError(
                        f"The quote that opens before line {line:,} never closes; quotes were kept."
                    )
                yield row
    except csv.Error as error:
        raise _UnclosedQuoteError(f"A quote opens and never closes ({error}); quotes were kept.") from error
