"""Checks of whole rows: empty ones, repeated ones, ones that contradict each other, too few of them."""

import math
from collections.abc import Sequence

from core.collect.checks.table import CheckedTable, count, found, name_list, not_applicable, passed
from core.collect.conditions import is_empty_row
from core.records import CheckResult, Edit, Evidence, Fix

MAX_GROUPS = 5
MAX_LEFT_OUT, COPIED, COARSE = 5, 0.5, 0.5
"""Of the rows that agree in all columns but one of the five most diverse, half have to agree in that one as well.
Columns with a value of their own in most rows do not count: rows that agree in them do not do so by chance."""
CHANCE = 0.5
"""Where values drawn freely would make half of the equal rows, these are no sign of copies."""
MIN_COMPARED = 3
MUCH = 0.01
"""From one row in a hundred on, repeated or contradicting rows move a score that people compare."""
MIN_TEST_ROWS, TEST_SHARE = 30, 0.2
"""A verdict needs this many rows in the test part (as `plan.judge_objective`), which is a fifth by default."""
GOOD_TEST_ROWS = 100
"""With 100 rows, a share of right answers is known to about 10 points either way."""
ROWS_A_COLUMN = 5


def find_empty_rows(table: CheckedTable) -> CheckResult:
    """Look for rows without a single value."""
    n_empty = count_empty_rows(table)
    if not n_empty:
        return passed("Every row has a value.")
    names = table.dataset.column_names
    shown = table.show(names, is_empty_row([table.sql(name) for name in names]), n_found=n_empty)
    edit = Edit("drop_empty_rows", "Rows without any value were dropped.")
    fix = Fix("edit", f"Drop {count(n_empty, 'empty row')}", "The rows go; nothing is lost with them.", edit=edit)
    sentence = f"{count(n_empty, 'row')} {'has' if n_empty == 1 else 'have'} no value at all."
    return found(sentence, problem=True, n_affected=n_empty, evidence=shown, fixes=[fix])


def count_empty_rows(table: CheckedTable) -> int:
    """Return how many rows have no value at all."""
    if any(column.n_missing == 0 for column in table.profile.columns):
        return 0
    where = is_empty_row([table.sql(name) for name in table.dataset.column_names])
    return int(table.ask(f"SELECT count(*) FROM {{t}} WHERE {where}")[0][0])  # noqa: S608


def find_repeated_rows(table: CheckedTable) -> CheckResult:
    """Look for rows that are the same in every column."""
    names = table.dataset.column_names
    n_repeated = _count_repeated(table, names) - max(0, count_empty_rows(table) - 1)
    if not n_repeated:
        return passed("No two rows are the same.")
    by_chance = _by_chance(table, names, n_repeated)
    if by_chance and n_repeated < MUCH * table.n_rows:
        return passed(f"{count(n_repeated, 'row')} {_repeat(n_repeated)} an earlier one, as chance will have it.")
    sentence = f"{count(n_repeated, 'row')} of {table.n_rows:,} {_repeat(n_repeated)} an earlier row in every column."
    if by_chance:
        sentence += (
            " Many more rows differ in one column only, so these may well be different things that look the same."
        )
    problem = n_repeated >= MUCH * table.n_rows and not by_chance
    fixes = [_drop_repeated(table, n_repeated, ())]
    return found(
        sentence, problem=problem, n_affected=n_repeated, evidence=_twins(table, names, n_repeated), fixes=fixes
    )


def find_repeated_but_for_names(table: CheckedTable) -> CheckResult:
    """Look for rows that are the same but for the columns that only name them."""
    names = [name for name in table.dataset.column_names if name not in table.row_names]
    if not table.row_names or len(names) < MIN_COMPARED:
        return not_applicable("There is no column that only names the row, or hardly another one.")
    # Rows that are the same even in their name are told by the check for repeated rows.
    n_repeated = _count_repeated(table, names) - _count_repeated(table, table.dataset.column_names)
    if not n_repeated or _by_chance(table, names, n_repeated):
        return passed("No two rows are the same but for their name, unless by chance.")
    sentence = (
        f"{count(n_repeated, 'row')} of {table.n_rows:,} {_repeat(n_repeated)} an earlier row in everything but "
        f"{name_list(table.row_names)}."
    )
    shown = _twins(table, [*table.row_names, *names], n_repeated, compared=names)
    fixes = [_drop_repeated(table, n_repeated, table.row_names)]
    return found(sentence, problem=False, n_affected=n_repeated, evidence=shown, fixes=fixes)


def _repeat(number: int) -> str:
    return "repeats" if number == 1 else "repeat"


def hash_of(table: CheckedTable, names: Sequence[str]) -> str:
    """Return SQL for a number that tells rows apart by these columns (64 bits: a million rows collide once in 10^7)."""
    return f"hash({', '.join(table.sql(name) for name in names)})"


def _count_repeated(table: CheckedTable, names: Sequence[str]) -> int:
    return int(table.ask(f"SELECT count(*) - count(DISTINCT {hash_of(table, names)}) FROM {{t}}")[0][0])  # noqa: S608


def _twins(table: CheckedTable, names: Sequence[str], n_found: int, compared: Sequence[str] | None = None) -> Evidence:
    """Return the first groups of rows that are the same, side by side."""
    key = hash_of(table, compared or names)
    groups = table.ask(
        f"SELECT {key} AS h FROM {{t}} GROUP BY h HAVING count(*) > 1 ORDER BY min(n) LIMIT {MAX_GROUPS}"  # noqa: S608
    )
    where = f"{key} IN ({', '.join(str(h) for (h,) in groups)})"
    return table.show(names, where, order=f"min(n) OVER (PARTITION BY {key})", n_found=n_found)


def _drop_repeated(table: CheckedTable, n_repeated: int, ignored: tuple[str, ...]) -> Fix:
    edit = Edit("drop_repeated_rows", "Rows that repeat an earlier one were dropped.", options={"ignored": ignored})
    left = count(table.n_rows - n_repeated, "row")
    return Fix(
        "edit", f"Drop {count(n_repeated, 'repeated row')}", f"The first of each stays, {left} in all.", edit=edit
    )


def _by_chance(table: CheckedTable, names: Sequence[str], n_repeated: int) -> bool:
    """Whether equal rows are no sign of a copy: many rows that agree in all other columns differ in some one.

    A copied row agrees in that one, too; different things that merely look the same often do not.
    """
    columns = [table.profile.column(name) for name in names]
    pairs = math.log(max(1, table.n_rows * (table.n_rows - 1) // 2))
    if pairs - sum(math.log(max(1, column.n_distinct)) for column in columns) > math.log(CHANCE * n_repeated):
        return True  # So many pairs would agree if all values were drawn freely.
    coarse = sorted((c for c in columns if c.n_distinct <= COARSE * c.n_rows), key=lambda column: -column.n_distinct)
    for column in coarse[:MAX_LEFT_OUT] if len(columns) > 1 else []:
        others = [name for name in names if name != column.name]
        if n_repeated < COPIED * _count_repeated(table, others):
            return True
    return len(columns) == 1


def find_contradictions(table: CheckedTable) -> CheckResult:
    """Look for rows that are alike in all inputs but have another answer."""
    if table.target is None or table.task is None:
        return not_applicable("No target is chosen yet.")
    if table.task == "regression" or not table.inputs:
        return not_applicable("Numbers differ by their nature; only classes can contradict each other.")
    names = [column.name for column in table.inputs]
    key, answer = hash_of(table, names), table.sql(table.target)
    groups = (
        f"SELECT h, sum(k) AS k, max(k) AS most, min(first) AS first FROM (SELECT {key} AS h, count(*) AS k, "  # noqa: S608
        f"min(n) AS first FROM {{t}} WHERE {answer} IS NOT NULL GROUP BY h, {answer}) GROUP BY h HAVING count(*) > 1"
    )
    n_rows, n_wrong = table.ask(f"SELECT coalesce(sum(k), 0), coalesce(sum(k - most), 0) FROM ({groups})")[0]  # noqa: S608
    if not n_rows:
        return passed("No two rows are alike in all inputs and differ in the answer.")
    n_repeated = _count_repeated(table, names)
    by_chance = bool(n_repeated) and _by_chance(table, names, n_repeated)
    shown = _show_contradictions(table, names, groups, n_found=int(n_rows))
    sentence = (
        f"{count(int(n_rows), 'row')} of {table.n_rows:,} have a twin with the same inputs and another "
        f"'{table.target}'. Whatever is learned, at least {n_wrong:,} of them will be told wrong."
    )
    if by_chance:
        sentence += " With inputs as coarse as these that is to be expected."
    edit = Edit("drop_contradictions", "Rows that contradict each other were dropped.", (*names, table.target))
    fix = Fix(
        "edit",
        f"Drop all {int(n_rows):,} contradicting rows",
        "Do so only where the answers are mistakes: where life itself is undecided, the rows are the truth.",
        edit=edit,
    )
    problem = n_rows >= MUCH * table.n_rows and not by_chance
    return found(
        sentence,
        problem=problem,
        columns=(table.target,),
        n_affected=int(n_rows),
        evidence=shown,
        fixes=[] if by_chance else [fix],
    )


def _show_contradictions(table: CheckedTable, names: Sequence[str], groups: str, *, n_found: int) -> Evidence:
    key, target = hash_of(table, names), table.target or ""
    first = table.ask(f"SELECT h FROM ({groups}) ORDER BY first LIMIT {MAX_GROUPS}")  # noqa: S608
    where = f"{key} IN ({', '.join(str(h) for (h,) in first)}) AND {table.sql(target)} IS NOT NULL"
    return table.show([target, *names], where, order=f"min(n) OVER (PARTITION BY {key})", n_found=n_found)


def find_too_few_rows(table: CheckedTable) -> CheckResult:
    """Look whether there are rows enough to learn from and to judge by."""
    if table.target is None:
        return not_applicable("No target is chosen yet.")
    column = table.profile.column(table.target)
    n_rows = column.n_rows - column.n_missing
    n_test = int(n_rows * TEST_SHARE)
    n_inputs = len(table.inputs)
    if n_test < MIN_TEST_ROWS:
        sentence = (
            f"{count(n_rows, 'row')} with an answer. A test on a fifth of them, {count(n_test, 'row')}, can prove "
            f"nothing; from {math.ceil(MIN_TEST_ROWS / TEST_SHARE)} rows on a verdict is given."
        )
        return found(sentence, problem=True, n_affected=n_rows)
    if n_test < GOOD_TEST_ROWS:
        points = 98 / math.sqrt(n_test)  # 1.96 standard errors of a share of one half, out of 100.
        sentence = (
            f"{count(n_rows, 'row')} with an answer. A test on a fifth of them, {count(n_test, 'row')}, tells how many "
            f"answers in 100 are right to about {points:.0f} either way. Twice as near takes four times the rows."
        )
        return found(sentence, problem=False, n_affected=n_rows)
    if n_rows < ROWS_A_COLUMN * n_inputs:
        sentence = (
            f"{count(n_rows, 'row')} for {count(n_inputs, 'input column')}: with fewer than {ROWS_A_COLUMN} rows for "
            "each, models find patterns that are not there. Leave out columns on Prepare data, or bring more rows."
        )
        return found(sentence, problem=False, n_affected=n_rows)
    return passed(f"{n_rows:,} rows with an answer are enough to learn from and to test on.")
