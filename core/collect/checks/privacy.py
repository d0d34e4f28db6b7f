"""Checks for data about persons, by the look of the values and the names of the columns."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from core.collect.checks.given_names import GIVEN_NAMES
from core.collect.checks.table import (
    COLUMNS_A_QUERY,
    LONG_NUMBER,
    CheckedTable,
    count,
    found,
    listing,
    name_list,
    not_applicable,
    passed,
)
from core.collect.conditions import MAIL
from core.collect.words import sql_text
from core.records import CheckResult, ColumnProfile, Edit, Fix

MOSTLY, OFTEN = 0.8, 0.3
"""Shares of a column's values that have to look alike: most of them, or, for names of persons, many."""
MIN_DISTINCT, MANY_DISTINCT = 5, 20
MUCH = 0.01
PHONE = (
    r"\s*(\+\d[\d ()./\-]{6,19}|\(\d{2,5}\)[ \-/]?\d[\d \-/]{4,14}|\d{3}[-. ]\d{3}[-. ]\d{4})"
    r"\s*((ext\.?|x)\s*\d+)?"
)
DIGITS = r"\+?[\d ()./\-]{7,20}"
PHONE_HEADING = re.compile(
    r"(^|[_\W])(tele?)?(phone|fon|telefon|tel|mobile|handy|fax|whatsapp)(_?(no|nr|number))?$", re.IGNORECASE
)
NAME_HEADING = re.compile(
    r"^(first|last|given|family|sur|full|middle|maiden|customer|client|patient|person|employee|student|passenger|author"
    r"|contact|driver)[_ ]?names?$|^(vorname|nachname|familienname|pr[eé]nom|apellidos?|cognome)$",
    re.IGNORECASE,
)
CARD, IBAN, IP_ADDRESS = (
    r"(\d[ \-]?){12,18}\d",
    r"[A-Z]{2}\d{2}( ?[A-Z0-9]{4}){2,7}( ?[A-Z0-9]{1,3})?",
    r"(\d{1,3}\.){3}\d{1,3}",
)


def find_mail(table: CheckedTable) -> CheckResult:
    """Look for mail addresses, as values of their own or within longer text; in all rows."""
    rows, fixes = [], []
    for column in _with_sign(table, "@"):
        name = table.sql(column.name)
        full, part = f"regexp_full_match({name}, {sql_text(MAIL)})", f"regexp_matches({name}, {sql_text(MAIL)})"
        n_full, n_part = table.ask(
            f"SELECT count(*) FILTER ({full}), count(*) FILTER ({part}) FROM {{t}} WHERE contains({name}, '@')"  # noqa: S608
        )[0]
        if not n_part:
            continue
        whole = n_full >= MOSTLY * (column.n_rows - column.n_missing)
        rows.append((column.name, n_part, "the whole value" if whole else "within other text"))
        fixes += _hide(column) if whole else [_black_out(column, n_part)]
    much = any(n >= MUCH * table.n_rows for _, n, _ in rows)
    return _say(rows, fixes, "mail addresses", problem=much)


def _with_sign(table: CheckedTable, sign: str) -> Iterator[ColumnProfile]:
    """Give the columns of words that have a sign anywhere in their values."""
    columns = table.profiles("category", "text")
    for start in range(0, len(columns), COLUMNS_A_QUERY):
        batch = columns[start : start + COLUMNS_A_QUERY]
        counts = ", ".join(f"count(*) FILTER (contains({table.sql(c.name)}, {sql_text(sign)}))" for c in batch)
        for column, n_cells in zip(batch, table.ask(f"SELECT {counts} FROM {{t}}")[0], strict=True):  # noqa: S608
            if n_cells:
                yield column


def _say(rows: list[tuple[str, int, str]], fixes: list[Fix], what: str, *, problem: bool = True) -> CheckResult:
    if not rows:
        return passed(f"Nothing looks like {what}.")
    names = [name for name, *_ in rows]
    n_cells = sum(n for _, n, _ in rows)
    return found(
        f"{name_list(names)}: {count(n_cells, 'value')} that look like {what}. May they be here, and does the model "
        "need them?",
        problem=problem,
        columns=names,
        n_affected=n_cells,
        # The values themselves are not shown again: that would spread them further.
        evidence=listing(("Column", "Values", "What"), rows),
        fixes=fixes,
    )


def _hide(column: ColumnProfile) -> list[Fix]:
    drop = Edit("drop_columns", "A column about persons was dropped.", (column.name,))
    code = Edit("code_values", "Values were replaced by codes.", (column.name,))
    kept = "The versions before keep it, until the project is deleted."
    return [
        Fix("edit", f"Drop '{column.name}'", f"The column leaves the table. {kept}", edit=drop),
        Fix(
            "edit",
            f"Replace the values of '{column.name}' by codes",  # noqa: S608
            f"The same value gets the same code, so that rows still belong together; nobody can tell whose. {kept}",
            edit=code,
        ),
    ]


def _black_out(column: ColumnProfile, n_cells: int) -> Fix:
    edit = Edit("black_out_mail", "Mail addresses were blacked out.", (column.name,))
    sentence = "'[mail]' stands in for each; the other words stay. The versions before keep them."
    return Fix("edit", f"Black out {count(n_cells, 'mail address')}es in '{column.name}'", sentence, edit=edit)


def _columns_like(
    table: CheckedTable, kinds: Sequence[str], looks: Callable[[ColumnProfile, Sequence[str]], bool]
) -> list[ColumnProfile]:
    """Return the columns whose different values, on a sample of rows, look like something."""
    candidates = [c for c in table.profiles(*kinds) if c.n_distinct >= MIN_DISTINCT and c.name in table.sample]
    return [column for column in candidates if looks(column, table.sample[column.name])]


def _share(values: Iterable[str], fits: Callable[[str], object]) -> float:
    told = [bool(fits(value)) for value in values]
    return sum(told) / len(told) if told else 0.0


def find_phones(table: CheckedTable) -> CheckResult:
    """Look for telephone numbers: written as such, or any long numbers under such a heading. Judged on a sample."""

    def looks(column: ColumnProfile, values: Sequence[str]) -> bool:
        pattern = DIGITS if PHONE_HEADING.search(column.name) else PHONE
        long = [value for value in values if len(re.sub(r"\D", "", value)) >= 7]
        return len(long) >= MOSTLY * len(values) and _share(values, re.compile(pattern).fullmatch) >= MOSTLY

    words = _columns_like(table, ("category", "text"), looks)
    numbers = [c for c in table.profiles("number") if PHONE_HEADING.search(c.name) and (c.minimum or 0) >= LONG_NUMBER]
    columns = [*words, *numbers]
    rows = [(c.name, c.n_rows - c.n_missing, "the whole value") for c in columns]
    return _say(rows, [fix for column in columns for fix in _hide(column)], "telephone numbers")


def find_names(table: CheckedTable) -> CheckResult:
    """Look for names of persons: by the heading, or because many values hold a common given name. On a sample."""

    def looks(column: ColumnProfile, values: Sequence[str]) -> bool:
        if NAME_HEADING.search(column.name):
            return _share(values, lambda value: not re.search(r"\d", value)) >= MOSTLY
        return len(values) >= MANY_DISTINCT and _share(values, _is_name) >= OFTEN

    columns = _columns_like(table, ("category", "text"), looks)
    rows = [(c.name, c.n_rows - c.n_missing, "the whole value") for c in columns]
    fixes = [fix for column in columns for fix in _hide(column)]
    return _say(rows, fixes, "names of persons", problem=False)


def _is_name(value: str) -> bool:
    """Whether a value is two to six words, nearly all with a capital, with a common given name among them."""
    words = re.findall(r"[^\W\d_]+", value)
    capitals = sum(word[0].isupper() for word in words)
    known = any(word.casefold() in GIVEN_NAMES for word in words)
    return 2 <= len(words) <= 6 and known and capitals >= len(words) - 1 and not re.search(r"\d", value)


def find_numbers_of_persons(table: CheckedTable) -> CheckResult:
    """Look for numbers of payment cards and bank accounts, proved by their check digits, and internet addresses."""
    tests = (
        ("card numbers", CARD, _luhn),
        ("account numbers (IBAN)", IBAN, _iban),
        ("internet addresses", IP_ADDRESS, _ip),
    )
    rows, fixes = [], []
    for what, pattern, proves in tests:

        def looks(
            _: ColumnProfile, values: Sequence[str], pattern: str = pattern, proves: Callable[[str], bool] = proves
        ) -> bool:
            return _share(values, lambda value: re.fullmatch(pattern, value) and proves(value)) >= MOSTLY

        for column in _columns_like(table, ("category", "text", "number"), looks):
            rows.append((column.name, column.n_rows - column.n_missing, what))
            fixes += _hide(column)
    if not table.profiles("category", "text", "number"):
        return not_applicable("No column holds words or numbers.")
    return _say(rows, fixes, "numbers that belong to persons")


def _luhn(value: str) -> bool:
    digits = [int(sign) for sign in re.sub(r"\D", "", value)]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return len(set(digits)) > 1 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _iban(value: str) -> bool:
    bare = value.replace(" ", "")
    return int("".join(str(int(sign, 36)) for sign in bare[4:] + bare[:4])) % 97 == 1


def _ip(value: str) -> bool:
    return all(int(part) <= 255 for part in value.split("."))
