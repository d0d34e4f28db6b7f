"""Records of how the bytes of a file became a table: what was found, what a person chose, what was done."""

from dataclasses import dataclass, field

from core.records.base import ColumnKind


@dataclass(frozen=True)
class Decision:
    """One thing that was decided or changed while a file was read, with how many rows or cells it touched.

    `column` names the column it is about; empty when it is about the file or its rows. `n_rows_lost` counts the rows of
    the file that are not in the table because of it.
    """

    code: str
    sentence: str
    count: int = 0
    examples: tuple[str, ...] = ()
    column: str = ""
    n_rows_lost: int = 0


@dataclass(frozen=True)
class ReadingChoices:
    """What a person decided about the reading of a file; None and empty: as found.

    `member` is the one file of a zip archive to be read. `sheet` is a sheet of an Excel file, or a list of records of a
    JSON file, named with dots.
    `n_preamble` and `n_footer` are lines above and below the table that are left out, blank ones not counted. `kinds`
    holds the kind of columns by their names. `missing_words` stand for nothing in every column, `kept_words` are real
    words in columns of words; upper and lower case make no difference. `decimal_comma` and `day_first` settle what
    "1,234" and "03/04/2026" mean where the column itself leaves it open.
    """

    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    has_header: bool | None = None
    n_preamble: int | None = None
    n_footer: int | None = None
    kinds: dict[str, ColumnKind] = field(default_factory=dict)
    missing_words: tuple[str, ...] = ()
    kept_words: tuple[str, ...] = ()
    decimal_comma: bool | None = None
    day_first: bool | None = None
    member: str | None = None


@dataclass(frozen=True)
class Reading:
    """How the bytes of a file became a table. Rows in = rows kept + rows reported.

    `delimiter` is None for formats without one (Parquet, Excel). `n_preamble` and `n_footer` are lines. `sheets` are
    those of an Excel file, or the lists of records of a JSON file that has several. `members` are the files of an
    archive that holds several, `member` the one that was read, where it was one. `original_id` names the bytes in the
    store's files, where they are kept to be read again.
    """

    format: str
    encoding: str | None = None
    delimiter: str | None = None
    has_header: bool = True
    n_preamble: int = 0
    n_footer: int = 0
    n_rows_in: int = 0
    n_rows_kept: int = 0
    decisions: tuple[Decision, ...] = ()
    sheet: str | None = None
    sheets: tuple[str, ...] = ()
    choices: ReadingChoices = field(default_factory=ReadingChoices)
    original_id: str | None = None
    member: str | None = None
    members: tuple[str, ...] = ()

    @property
    def n_rows_reported(self) -> int:
        """Rows of the file that are not in the table, each of them told in a decision."""
        return sum(decision.n_rows_lost for decision in self.decisions)
