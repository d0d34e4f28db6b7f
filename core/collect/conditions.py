"""Which rows and cells are meant, in SQL: the same words for the check and for the edit that mends what it found."""

from collections.abc import Sequence

from core.collect.words import sql_text
from core.records import Json

MAIL = r"[A-Za-z0-9._%+\-]+@[A-Za-z0-9\-]+(\.[A-Za-z0-9\-]+)*\.[A-Za-z]{2,}"


def meets(name: str, options: Json) -> str:
    """Return SQL that is true for the cells that options describe, false for all others, missing ones too.

    Parameters
    ----------
    name : str
        The column in SQL.
    options : dict
        Any of `values` (list of text), `numbers`, `days` (list of ISO dates), `below` and `above` (numbers, exclusive).
    """
    parts = []
    if values := options.get("values"):
        parts.append(f"CAST({name} AS VARCHAR) IN ({', '.join(sql_text(str(value)) for value in values)})")
    if numbers := options.get("numbers"):
        parts.append(f"{name} IN ({', '.join(repr(float(number)) for number in numbers)})")
    if days := options.get("days"):
        parts.append(f"CAST({name} AS DATE) IN ({', '.join(f'CAST({sql_text(str(day))} AS DATE)' for day in days)})")
    if (below := options.get("below")) is not None:
        parts.append(f"{name} < {float(below)!r}")
    if (above := options.get("above")) is not None:
        parts.append(f"{name} > {float(above)!r}")
    return f"coalesce({' OR '.join(parts) or 'false'}, false)"


def is_empty_row(names: Sequence[str]) -> str:
    """Return SQL that is true for rows without any value in these columns."""
    return f"coalesce({', '.join(f'CAST({name} AS VARCHAR)' for name in names)}) IS NULL"


def as_number(text: str) -> str:
    """Return SQL for text as a number, blanks and commas between thousands taken off; NULL where it is none."""
    bare = f"CASE WHEN regexp_full_match(trim({text}), '[-+]?[0-9]{{1,3}}(,[0-9]{{3}})+(\\.[0-9]*)?') THEN "
    bare += f"replace(trim({text}), ',', '') ELSE trim({text}) END"
    return f"CASE WHEN isfinite(TRY_CAST({bare} AS DOUBLE)) THEN TRY_CAST({bare} AS DOUBLE) END"


def as_date(text: str) -> str:
    """Return SQL for text as a moment; NULL where it is none. Only years of four digits first, which is sure."""
    return (
        f"CASE WHEN regexp_matches({text}, '^\\s*[0-9]{{4}}-[0-9]{{1,2}}-[0-9]') THEN TRY_CAST({text} AS TIMESTAMP) END"
    )
