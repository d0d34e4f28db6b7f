"""How a text file writes a table: what separates the values, and what encloses values that hold the separator.

Each candidate is tried on a sample. The best one cuts the lines into rows of few shapes with many values, most of
which look like something: a number, a date, a word. (The measure of van den Burg, Nazabal and Sutton, "Wrangling
messy CSV files by detecting row and type patterns", 2019, simplified.)
"""

import csv
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import BadInputError

MAX_FIELD = 1 << 24
SAMPLE_CHARACTERS = 1 << 18
MAX_SAMPLE_ROWS = 1_000
DELIMITERS = (",", "\t", ";", "|", ":", "^", "~", "\x1f")
WHITESPACE = " "
VALUE = re.compile(
    r"""\s*(?:
    | [-+(]?[$€£¥₩]?\s*[-+]?(?:\d[\d.,'\s]*|\.\d+)(?:[eE][-+]?\d+)?\s*[%€$£)]?   # a number, perhaps of money
    | \d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T ]\d{1,2}:\d{2}.*)?                    # a date
    | \d{1,2}[- ][^\W\d_]{3,9}[- ]\d{2,4}(?:[ ]\d{1,2}:\d{2}.*)?                  # a date with a month's name
    | \d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:[aApP][mM])?                       # a time
    | [\w.+-]+@[\w-]+\.[\w.-]+ | \w+://\S+                                       # an address
    | [#?*.-]{1,3} | \#?N/A                                                      # a stand-in for nothing
    | [^\W_](?:[\w \-.'()/&+!?\#%*]*)                                            # words
    )\s*""",
    re.VERBOSE,
)
NUMBERS = re.compile(r"(?:^|\s)[-+]?[\d.,]*\d\.?\s+[-+]?[\d.,]*\d\.?(?:\s|$)")
"""Two numbers with blanks between them."""


@dataclass(frozen=True)
class Dialect:
    """Separator, quote and escape. `delimiter` is None for one value a line, a space for runs of blanks.

    `lines_quoted`: each line as a whole is enclosed in quotes and holds the real line.
    """

    delimiter: str | None
    quote: str | None = '"'
    escape: str | None = None
    lines_quoted: bool = False


def find_dialect(path: Path, delimiter: str | None = None) -> Dialect:
    """Return the dialect of a UTF-8 text file, judged by its beginning.

    Parameters
    ----------
    delimiter : str, optional
        What separates the values, where a person chose it: one character, a space for runs of blanks.

    Raises
    ------
    BadInputError
        When the file's beginning has no such character.
    """
    with path.open(encoding="utf-8", newline="") as file:
        sample = file.read(SAMPLE_CHARACTERS)
        if file.read(1):  # The last line may be cut off.
            sample = sample[: sample.rfind("\n") + 1] or sample
    quote = _find_quote(sample)
    if delimiter is not None and (len(delimiter) != 1 or delimiter not in sample):
        raise BadInputError(f"The separator '{delimiter}' does not occur in the file.", "Choose another one.")
    if delimiter == WHITESPACE:
        return Dialect(WHITESPACE, None)
    if delimiter is not None:
        wrapped = _every_line_quoted(sample, quote) and _best(sample, quote).delimiter is None
        return Dialect(delimiter, quote, _best(sample, quote, delimiter).escape, lines_quoted=wrapped)
    best = _best(sample, quote)
    if best.delimiter is None and _every_line_quoted(sample, quote):
        unwrapped = "".join(f"{unwrap_line(line, quote)}\n" for line in sample.splitlines())
        inner = _best(unwrapped, quote)
        if inner.delimiter is not None:
            return replace(inner, lines_quoted=True)
    return best


def split_rows(lines: Iterable[str], dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
    """Yield each row's values with the number of its last line (from 1); blank lines are no rows.

    Parameters
    ----------
    lines : iterable of str
        Lines with their ends, as an open file with `newline=""` gives them.
    """
    csv.field_size_limit(MAX_FIELD)
    if dialect.delimiter == WHITESPACE:
        numbered = ((number, line.split()) for number, line in enumerate(lines, 1))
        yield from ((number, row) for number, row in numbered if row)
        return
    if dialect.lines_quoted and dialect.quote:
        lines = (f"{unwrap_line(line, dialect.quote)}\n" for line in lines)
    reader = csv.reader(
        lines,
        delimiter=dialect.delimiter or "\x1f",
        quotechar=dialect.quote,
        escapechar=dialect.escape,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
    )
    try:
        for row in reader:
            if row and (len(row) > 1 or row[0].strip()):
                yield reader.line_num, row
    except csv.Error as error:
        message = f"line {reader.line_num:,} or one below it: {error}"
        if "field limit" in str(error):
            message = f"line {reader.line_num:,} ends a value of more than {MAX_FIELD:,} characters"
        raise csv.Error(message) from error


def unwrap_line(line: str, quote: str) -> str:
    """Return what a wholly quoted line holds."""
    return line.strip().removeprefix(quote).removesuffix(quote).replace(quote * 2, quote)


def _find_quote(sample: str) -> str:
    """Return the quote character: the double one unless single ones enclose values and double ones do not."""
    return '"' if _count_enclosed(sample, "'") <= 5 or _count_enclosed(sample, '"') else "'"


def _count_enclosed(sample: str, quote: str) -> int:
    """Return how many values stand between quotes."""
    enclosed = rf"(?:^|[,;\t|]){quote}[^{quote}\n]*{quote}(?=[,;\t|\r\n])"
    return len(re.findall(enclosed, sample, re.MULTILINE)) if quote in sample else 0


def _best(sample: str, quote: str, chosen: str | None = None) -> Dialect:
    """Return the dialect that fits best, of those with the chosen delimiter or, without one, of all."""
    lines = sample.splitlines(keepends=True)
    candidates = [
        Dialect(delimiter, quote, escape)
        for delimiter in (chosen or DELIMITERS)
        if delimiter in sample
        for escape in _escapes(sample, quote)
    ]
    if not chosen and not ("\t" in sample and _tabs_cut(lines, quote)):
        candidates.append(Dialect(WHITESPACE, None))
    highest, best = 0.0, Dialect(None, quote, _escapes(sample, quote)[0])
    for candidate in candidates:
        score = _score(lines, candidate, highest)
        if score > highest:
            highest, best = score, candidate
    return best


def _tabs_cut(lines: Iterable[str], quote: str) -> bool:
    """Return whether tabs alone make equal rows whose blanks are within words: "1st class", not "18.0  8  307.0"."""
    try:
        rows = [row for _, row in itertools.islice(split_rows(lines, Dialect("\t", quote)), MAX_SAMPLE_ROWS)]
    except csv.Error:
        return False
    widths = set(map(len, rows))
    return len(widths) == 1 and widths != {1} and not any(NUMBERS.search(cell) for row in rows for cell in row)


def _escapes(sample: str, quote: str) -> tuple[str | None, ...]:
    """Return what may mark a quote within a text: a backslash before a quote may as well be the text's last sign."""
    may_escape = f"\\{quote}" in sample and quote * 3 not in sample
    return ("\\", None) if may_escape else (None,)


def _score(lines: Iterable[str], dialect: Dialect, wanted: float) -> float:
    """Return how well a dialect fits: 0 when it does not cut rows at all, or cannot score more than is wanted."""
    try:
        rows = [row for _, row in itertools.islice(split_rows(lines, dialect), MAX_SAMPLE_ROWS)]
    except csv.Error:
        return 0.0
    widths = Counter(map(len, rows))
    needed = 3 if dialect.delimiter in (WHITESPACE, ":") else 2
    if not widths or widths.most_common(1)[0][0] < needed:
        return 0.0
    shape = sum(count * (width - 1) / width for width, count in widths.items()) / len(widths) / len(rows)
    if shape <= wanted:
        return 0.0
    cells = [cell for row in rows[:200] for cell in row]
    known = sum(VALUE.fullmatch(cell[:200]) is not None for cell in cells) / len(cells)
    return shape * known


def _every_line_quoted(sample: str, quote: str) -> bool:
    lines = [line.strip() for line in sample.splitlines() if line.strip()]
    return len(lines) > 1 and all(len(line) > 1 and line[0] == line[-1] == quote for line in lines)
