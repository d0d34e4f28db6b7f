"""Words that stand for "no value" in tables."""

MISSING_WORDS = frozenset(
    [
        *("", "?", "-", "--", "---", ".", "..", "...", "*", "\\n", "na", "n/a", "#n/a", "nan", "-nan", "nat"),
        *("null", "none", "nil", "missing", "unknown", "<na>", "(null)", "(blank)", "n.a.", "n.d.", "n/d", "#n/d"),
        *("k.a.", "k. a.", "not available", "not applicable"),
        *("#div/0!", "#value!", "#ref!", "#name?", "#num!", "#null!"),
        *("inf", "+inf", "-inf", "infinity", "+infinity", "-infinity"),  # No model can take what is beyond all numbers.
    ]
)
"""In a column of numbers, dates or truth values any of these is a missing value; compared in lower case."""

MISSING_TEXTS = frozenset(("", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "null", "\\N", "?"))
"""In a column of words only these are: "none", "unknown" and "-" may be answers."""

BLANKS = " \t\r\n\u00a0\ufeff"
"""Characters that are taken off both ends of a value."""


def sql_list(words: frozenset[str]) -> str:
    """Return words as a list of SQL text."""
    return "(" + ", ".join(sql_text(word) for word in sorted(words)) + ")"


def sql_text(text: str) -> str:
    """Return a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def sql_name(name: str) -> str:
    """Return a column's name as SQL wants it."""
    return '"' + name.replace('"', '""') + '"'
