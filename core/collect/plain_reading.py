"""How a delimited text file is read with pandas alone: the functions of the exported program, and used to prove it."""

from pathlib import Path
from typing import Any

import pandas as pd

from core.collect.words import BLANKS, MISSING_TEXTS, MISSING_WORDS


def read_text(path: str | Path, **options: Any) -> pd.DataFrame:
    """Return a delimited file with every value as the text that stands there."""
    table: pd.DataFrame = pd.read_csv(path, dtype=str, keep_default_na=False, **options)
    return table.fillna("")


def to_numbers(texts: "pd.Series[Any]", decimal: str = ".", thousands: str = "", whole: bool = False) -> Any:
    """Return text as numbers; words that stand for nothing, and what is no number, are missing."""
    texts = texts.str.strip(BLANKS)
    for sign in thousands:
        texts = texts.str.replace(sign, "", regex=False)
    numbers = pd.to_numeric(texts.str.replace(decimal, ".", regex=False), errors="coerce")
    return numbers if whole else numbers.astype("float64")


def to_dates(texts: "pd.Series[Any]", layout: str = "ISO8601") -> Any:
    """Return text as dates, read by a format of strptime; what is no date is missing."""
    return pd.to_datetime(texts.str.strip(BLANKS), format=layout, errors="coerce").astype("datetime64[us]")


def to_truth(texts: "pd.Series[Any]") -> Any:
    """Return "true" and "false" as truth values; anything else is missing."""
    found = texts.str.strip(BLANKS).str.lower().map({"true": True, "false": False})
    return found.astype(bool) if found.notna().all() else found.astype(object).where(found.notna(), None)


def to_words(texts: "pd.Series[Any]", strip: bool = True, kept: str = "") -> Any:
    """Return text as words; those in `MISSING_TEXTS`, but for the one that is kept, are missing."""
    texts = texts.str.strip(BLANKS) if strip else texts
    return texts.mask(texts.isin(MISSING_TEXTS - {kept}))


def to_nothing(texts: "pd.Series[Any]") -> Any:
    """Return a column without a single value."""
    return texts.mask(texts.str.strip(BLANKS).str.lower().isin(MISSING_WORDS))
