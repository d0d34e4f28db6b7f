"""Truth values, and words that come in twos: yes and no stay the words people wrote, in one spelling."""

from collections import Counter

from core.collect.rules import ColumnType
from core.collect.words import sql_list, sql_text

TRUE, FALSE = frozenset(("true", "t")), frozenset(("false", "f"))
PAIRS = (
    (frozenset(("yes", "y")), frozenset(("no", "n"))),
    (frozenset(("ja", "j")), frozenset(("nein", "nee", "nej", "nei", "n"))),
    (frozenset(("oui", "o")), frozenset(("non", "n"))),
    (frozenset(("sí", "si", "sì", "sim", "s")), frozenset(("no", "não", "nao", "n"))),
)
"""Yes and no, in one language at a time."""
YES, NO = frozenset().union(*(yes for yes, _ in PAIRS)), frozenset().union(*(no for _, no in PAIRS))
KNOWN = TRUE | FALSE | YES | NO
ALL_TRUE = TRUE | YES | frozenset(("1", "on", "x", "wahr", "vrai", "verdadero", "vero"))
ALL_FALSE = FALSE | NO | frozenset(("0", "off", "falsch", "faux", "falso"))
"""What a person may mean who says that a column holds truth values."""


def _truth(true: frozenset[str], false: frozenset[str], code: str = "", sentence: str = "") -> ColumnType:
    # The usual spelling first, which is found without a word made of it.
    expression = (
        "CASE WHEN {x} = 'true' THEN true WHEN {x} = 'false' THEN false "
        f"WHEN lower({{x}}) IN {sql_list(true)} THEN true WHEN lower({{x}}) IN {sql_list(false)} THEN false END"
    )
    return ColumnType("boolean", "bool", expression, code, sentence)


PLAIN_TRUTH = _truth(frozenset(("true",)), frozenset(("false",)))
SHORT_TRUTH = _truth(TRUE, FALSE, "truth_words", "Several spellings of true and false were read as truth values.")
ANY_TRUTH = _truth(ALL_TRUE, ALL_FALSE, "truth_words", "These words were read as true or false.")


def find_truth(values: Counter[str]) -> ColumnType | None:
    """Return the type of a column of truth values, or of yes and no; None when it holds anything else.

    "T" and "F" are truth values only beside "true" or "false": alone they may be anything. "yes" and "no" remain
    categories, because a model is to answer in the words people wrote; of several spellings each becomes the most
    frequent.
    """
    if any(value.lower() not in KNOWN for value in values):
        return None
    words = {value.lower() for value in values}
    if words <= {"true", "false"}:
        return PLAIN_TRUTH
    if words <= TRUE | FALSE and words & {"true", "false"}:
        return SHORT_TRUTH
    pair = next((pair for pair in PAIRS if words <= pair[0] | pair[1] and words & pair[0] and words & pair[1]), None)
    return _yes_and_no(values, pair) if pair else None


def _yes_and_no(values: Counter[str], pair: tuple[frozenset[str], frozenset[str]]) -> ColumnType:
    usual, others = [], []
    for meaning in pair:
        written = Counter({value: n for value, n in values.items() if value.lower() in meaning})
        if written:
            word = sql_text(_usual(written))
            usual.append(f"WHEN {{x}} = {word} THEN {word}")
            others.append(f"WHEN lower({{x}}) IN {sql_list(meaning)} THEN {word}")
    expression = f"CASE {' '.join([*usual, *others])} END"
    return ColumnType("category", "string", expression, "spellings", "Several spellings of yes and no became one.")


def _usual(written: Counter[str]) -> str:
    return max(written, key=lambda value: (written[value], value))
