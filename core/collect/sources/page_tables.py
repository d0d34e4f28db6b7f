"""The tables of a web page, as rows of text."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

from core.errors import BadInputError

MAX_PAGE_BYTES = 50 << 20
MAX_SPAN = 1_000
HEAD = 1_000
STARTS = ("<!doctype html", "<html", "<head", "<body", "<table", "<!--", "<?xml")
CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)


@dataclass
class _Table:
    rows: list[list[str]] = field(default_factory=list)


class _Collector(HTMLParser):
    """Collects tables; one within another's cell is a table of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[_Table] = []
        self._open: list[_Table] = []
        self._cells: list[list[str]] = []
        self._spans: list[int] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._open.append(_Table())
            self.tables.append(self._open[-1])
            self._cells.append([])
            self._spans.append(0)
        elif tag in ("script", "style"):
            self._unseen += 1
        elif tag == "tr" and self._open:
            self._open[-1].rows.append([])
            self._spans[-1] = 0
        elif tag in ("td", "th") and self._open and self._open[-1].rows:
            self._end_cell()
            span = dict(attrs).get("colspan") or "1"
            self._spans[-1] = min(int(span), MAX_SPAN) if span.isdecimal() else 1
        elif tag == "br" and self._open:
            self._cells[-1].append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._unseen = max(self._unseen - 1, 0)
        elif tag in ("td", "th", "tr", "table") and self._open:
            self._end_cell()
            if tag == "table":
                self._open.pop()
                self._cells.pop()
                self._spans.pop()

    def handle_data(self, data: str) -> None:
        if self._open and self._spans[-1] and not self._unseen:
            self._cells[-1].append(data)

    def _end_cell(self) -> None:
        if self._spans[-1]:
            text = " ".join("".join(self._cells[-1]).split())
            self._open[-1].rows[-1] += [text] * self._spans[-1]
            self._cells[-1].clear()
            self._spans[-1] = 0


def is_page(path: Path) -> bool:
    """Whether the bytes begin as a web page does."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    return head.decode("utf-8-sig", errors="ignore").lstrip().lower().startswith(STARTS)


def page_tables(path: Path) -> list[list[list[str]]]:
    """Return the tables of a page that have two rows and two columns at least, each as rows of text.

    Raises
    ------
    BadInputError
        When the page is too large, or has none.
    """
    if path.stat().st_size > MAX_PAGE_BYTES:
        raise BadInputError("The page is too large to look for tables.", "Use the address of a file.")
    collector = _Collector()
    collector.feed(_decode(path.read_bytes()))
    collector.close()
    tables = [[row for row in table.rows if row] for table in collector.tables]
    found = [rows for rows in tables if len(rows) > 1 and max(map(len, rows)) > 1]
    if not found:
        raise BadInputError("The page holds no table.", "Use the address of a file: CSV, Excel, JSON or Parquet.")
    return found


def _decode(content: bytes) -> str:
    """Return a page's text by the encoding it names, else UTF-8, else what browsers take for it."""
    named = CHARSET.search(content[: 4 * HEAD])
    for encoding in ([named[1].decode("ascii")] if named else []) + ["utf-8-sig"]:
        try:
            return content.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    return content.decode("cp1252", errors="replace")
