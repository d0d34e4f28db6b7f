"""How text becomes values: the type of a column, and the rules a whole table is read by."""

from dataclasses import dataclass, replace

from core.collect.words import MISSING_TEXTS, MISSING_WORDS, sql_list
from core.records import ColumnKind, ReadingChoices


@dataclass(frozen=True)
class ColumnType:
    """How the text of a column becomes values.

    `expression` is SQL with `{x}` for the trimmed text; it gives NULL where the text does not fit. `missing_words`, in
    lower case, stand for nothing. `sentence` says what was done where that is not plain, `code` names it.
    """

    kind: ColumnKind
    dtype: str
    expression: str
    code: str = ""
    sentence: str = ""
    missing_words: frozenset[str] = MISSING_WORDS


@dataclass(frozen=True)
class Rules:
    """How a table is understood where its text leaves it open.

    `european`: 03/04/2026 is the third of April, and 1,234 a little over one, where nothing speaks against it.
    `decimal_comma` and `day_first` are chosen by a person and allow nothing else. Words are in lower case.
    """

    european: bool = False
    decimal_comma: bool | None = None
    day_first: bool | None = None
    missing_words: frozenset[str] = frozenset()
    kept_words: frozenset[str] = frozenset()

    def apply(self, column_type: ColumnType) -> ColumnType:
        """Return a type with the words of these rules taken as missing, or as real words."""
        expression = column_type.expression
        if self.kept_words and expression == PLAIN_TEXT:
            expression = text_but(frozenset(word for word in MISSING_TEXTS if word.lower() not in self.kept_words))
        if self.missing_words:
            expression = f"CASE WHEN lower({{x}}) NOT IN {sql_list(self.missing_words)} THEN {expression} END"
        return replace(column_type, expression=expression, missing_words=MISSING_WORDS | self.missing_words)


def rules_of(choices: ReadingChoices, *, european: bool = False) -> Rules:
    """Return the rules that follow from a person's choices.

    Parameters
    ----------
    european : bool
        What the file itself suggests.
    """
    return Rules(
        european=european,
        decimal_comma=choices.decimal_comma,
        day_first=choices.day_first,
        missing_words=frozenset(word.strip().lower() for word in choices.missing_words),
        kept_words=frozenset(word.strip().lower() for word in choices.kept_words),
    )


def text_but(missing: frozenset[str]) -> str:
    """Return SQL for text in which some words are missing values."""
    longest = max((len(word.encode()) for word in missing), default=0)  # Most texts are longer: no word is compared.
    return f"CASE WHEN strlen({{x}}) > {longest} OR {{x}} NOT IN {sql_list(missing)} THEN {{x}} END"


PLAIN_TEXT = text_but(MISSING_TEXTS)
