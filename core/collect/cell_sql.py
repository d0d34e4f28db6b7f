"""What a cell of text becomes, as SQL: its text, its value, and how it fares under the type of its column."""

from dataclasses import dataclass

from core.collect.rules import ColumnType
from core.collect.words import BLANKS, sql_list, sql_text

RESPELLED = "spellings"
"""The code of a type that writes words in another spelling: which cells change has to be counted."""


@dataclass(frozen=True)
class Proved:
    """The type of a column that all its rows bear out, and how they did.

    `trimmed`: blanks are taken off the ends of its values. `strays` are the few words that do not fit; where a person
    chose the kind (`chosen`), they may be any number and the first are named.
    """

    column_type: ColumnType
    trimmed: bool
    n_fitting: int = 0
    n_missing_words: int = 0
    n_failed: int = 0
    n_trimmed: int = 0
    strays: tuple[str, ...] = ()
    chosen: bool = False


def text_sql(index: int, proof: Proved) -> str:
    """Return SQL for the text of a cell."""
    return f"trim(c{index}, {sql_text(BLANKS)})" if proof.trimmed else f"c{index}"


def value_sql(index: int, proof: Proved) -> str:
    """Return SQL for what a cell becomes."""
    return proof.column_type.expression.replace("{x}", text_sql(index, proof))


def state_sql(index: int, proof: Proved) -> str:
    """Return SQL for how a cell fares: 0 blank, 1 fits, 2 a word for nothing, 3 does not fit."""
    text = text_sql(index, proof)
    fits = f"{value_sql(index, proof)} IS NOT NULL"
    if blanks_matter(proof):
        fits += f" AND NOT {has_blanks(text)}"  # At the ends, where the sample did not show any.
    return (
        f"CASE WHEN c{index} IS NULL OR {text} = '' THEN 0 WHEN {fits} THEN 1 "
        f"WHEN lower({text}) IN {sql_list(proof.column_type.missing_words)} THEN 2 ELSE 3 END"
    )


def blanks_matter(proof: Proved) -> bool:
    """Whether blanks at the ends of a text would show that the guess is wrong."""
    return not proof.trimmed and proof.column_type.dtype == "string"


def has_blanks(text: str) -> str:
    """Return SQL for whether blanks stand at the ends of a text."""
    blanks = sql_list(frozenset(BLANKS))
    return f"(left({text}, 1) IN {blanks} OR right({text}, 1) IN {blanks})"


def may_have_blanks(text: str) -> str:
    """Return SQL that is quicker than `has_blanks` and true wherever that is: blanks are no visible ASCII."""
    return f"NOT ({text} BETWEEN '!' AND '~' AND {text}[-1] BETWEEN '!' AND '~')"
