"""Checks of the column to predict: missing, not to be learned, rare classes, few against many, sorted."""

import math

from core.collect.checks.table import (
    CheckedTable,
    count,
    found,
    listing,
    name_list,
    not_applicable,
    passed,
    text_of,
)
from core.errors import BadInputError
from core.records import CheckResult, Edit, Evidence, Fix

MANY_MISSING = 0.5
FEW_ROWS = 10
"""Ten rows of a class: eight to learn from in five folds, two in the test. Fewer teach and prove nothing."""
SMALL_SHARE = 0.1
"""Below one in ten, always giving the frequent answer is right in more than 90 of 100."""
IN_BLOCKS = 0.1
"""Classes that change ten times more seldom than in shuffled rows come in blocks."""
MIN_ROWS, MIN_CLASSES = 50, 2
IN_ORDER = 0.99
NO_TARGET = not_applicable("No target is chosen yet.")


def find_unlearnable(table: CheckedTable) -> CheckResult:
    """Look whether anything can be learned from the target."""
    if table.target is None:
        return NO_TARGET
    try:
        relations = table.relate()
    except BadInputError as error:
        return found(f"{error.message} {error.hint}", problem=True, columns=(table.target,), n_affected=table.n_rows)
    if table.task is not None and relations.task != table.task:
        return passed("The target can be learned, in the way you chose.")
    return passed("The target can be learned.")


def find_target_missing(table: CheckedTable) -> CheckResult:
    """Look for rows without an answer."""
    if table.target is None:
        return NO_TARGET
    column = table.profile.column(table.target)
    if not column.n_missing:
        return passed("Every row has an answer.")
    share = column.n_missing / column.n_rows
    others = [c.name for c in table.dataset.columns if c.name != table.target]
    where = f"{table.sql(table.target)} IS NULL"
    edit = Edit("drop_rows_without", f"Rows without '{table.target}' were dropped.", (table.target,))
    fix = Fix(
        "edit",
        f"Drop {count(column.n_missing, 'row')} without an answer",
        f"{count(column.n_rows - column.n_missing, 'row')} stay. Training leaves them out in any case.",
        edit=edit,
    )
    return found(
        f"{count(column.n_missing, 'row')} of {column.n_rows:,} {'has' if column.n_missing == 1 else 'have'} no "
        f"'{table.target}': nothing can be learned from them.",
        problem=share >= MANY_MISSING,
        columns=(table.target,),
        n_affected=column.n_missing,
        evidence=table.show([table.target, *others], where, n_found=column.n_missing),
        fixes=[fix] if column.n_missing < column.n_rows else [],
    )


def _classes(table: CheckedTable) -> list[tuple[str, int]]:
    """Return the classes and how many rows each has, the rarest first."""
    answer = text_of(table.sql(table.target or ""))
    return [
        (str(value), int(n))
        for value, n in table.ask(
            f"SELECT {answer} AS v, count(*) AS k FROM {{t}} WHERE v IS NOT NULL GROUP BY v ORDER BY k, v"  # noqa: S608
        )
    ]


def find_rare_classes(table: CheckedTable) -> CheckResult:
    """Look for classes with too few rows to be learned and tested."""
    if table.target is None:
        return NO_TARGET
    if table.task == "regression":
        return not_applicable("The target is a number, not a class.")
    classes = _classes(table)
    rare = [(value, n) for value, n in classes if n < FEW_ROWS]
    if not rare:
        return passed(f"Every class has at least {FEW_ROWS} rows.")
    n_rows, values = sum(n for _, n in rare), [value for value, _ in rare]
    told = f"{len(rare):,} of the {len(classes):,} classes of '{table.target}'"
    edit = Edit("drop_rows_with", "Rows of rare classes were dropped.", (table.target,), {"values": values})
    fix = Fix(
        "edit",
        f"Drop {count(n_rows, 'row')} of rare classes",
        f"The model will then never answer {name_list(values)}.",
        edit=edit,
    )
    return found(
        f"{told} {'has' if len(rare) == 1 else 'have'} fewer than {FEW_ROWS} rows, too few to learn from and to test "
        f"on: {name_list(values)}.",
        problem=True,
        columns=(table.target,),
        n_affected=n_rows,
        evidence=listing(("Class", "Rows"), rare),
        fixes=[fix] if len(classes) - len(rare) >= MIN_CLASSES else [],
    )


def find_imbalance(table: CheckedTable) -> CheckResult:
    """Look whether one class hides all others."""
    if table.target is None:
        return NO_TARGET
    if table.task == "regression":
        return not_applicable("The target is a number, not a class.")
    classes = _classes(table)
    total = sum(n for _, n in classes)
    if len(classes) < MIN_CLASSES:
        return not_applicable("There is only one class.")
    (rarest, n_rarest), (most, n_most) = classes[0], classes[-1]
    # With many classes each is rare; what misleads is one that fills nearly all rows.
    if n_most <= (1 - SMALL_SHARE) * total:
        return passed("No class fills nearly all rows.")
    sentence = (
        f"{100 * n_most / total:.0f} of 100 rows are '{most}', {100 * n_rarest / total:.2g} are '{rarest}'. Always "
        f"answering '{most}' is right that often and useless: judge by another metric than accuracy."
    )
    return found(
        sentence,
        problem=False,
        columns=(table.target,),
        n_affected=total - n_most,
        evidence=listing(("Class", "Rows"), classes[::-1]),
        fixes=[_spread("keep the share of each answer the same in both parts")],
    )


def _spread(purpose: str) -> Fix:
    return Fix(
        "split",
        "Split with the same share of each answer",
        f"The rows set aside for the test are drawn at random to {purpose}.",
        options={"kind": "stratified"},
    )


def find_sorted(table: CheckedTable) -> CheckResult:
    """Look whether the order of the rows gives the answer away."""
    if table.target is None:
        return NO_TARGET
    answer = table.sql(table.target)
    if table.n_rows < MIN_ROWS:
        return not_applicable(f"Fewer than {MIN_ROWS} rows show no order.")
    if table.task == "regression":
        return _sorted_numbers(table, table.target, answer)
    n_changes, n_rows = table.ask(
        f"SELECT count(*) FILTER (a IS DISTINCT FROM b), count(*) FROM (SELECT {answer} AS a, "  # noqa: S608
        f"lag({answer}) OVER (ORDER BY n) AS b FROM {{t}} WHERE {answer} IS NOT NULL)"
    )[0]
    classes = _classes(table)
    expected = n_rows * (1 - sum((n / max(n_rows, 1)) ** 2 for _, n in classes))
    if len(classes) < MIN_CLASSES or n_changes >= IN_BLOCKS * expected or expected < MIN_ROWS * IN_BLOCKS:
        return passed("The rows are not ordered by their answer.")
    if n_changes > len(classes) and table.time_order:
        return passed(
            f"Rows with the same answer stand together because the rows are in the order of '{table.time_order[0]}'."
        )
    blocks = n_changes  # The first row counts as a change: it follows nothing.
    if blocks == len(classes):
        sentence = f"The rows are sorted by '{table.target}': first all of one class, then all of the next."
    else:
        sentence = (
            f"Rows with the same '{table.target}' stand together in {blocks:,} blocks; shuffled it would be about "
            f"{expected:,.0f}."
        )
    return found(
        f"{sentence} A split by position, or a column that counts the rows, would mislead.",
        problem=False,
        columns=(table.target,),
        n_affected=int(n_rows),
        evidence=_blocks(table, answer),
        fixes=[_spread("have every class in both parts")],
    )


def _blocks(table: CheckedTable, answer: str) -> Evidence:
    """Return the first rows of the first blocks."""
    return table.show(
        [table.target or ""],
        f"n IN (SELECT n FROM (SELECT n, {answer} AS a, lag({answer}) OVER (ORDER BY n) AS b FROM {{t}} "  # noqa: S608
        f"WHERE {answer} IS NOT NULL) WHERE a IS DISTINCT FROM b)",
        n_found=0,
    )


def _sorted_numbers(table: CheckedTable, target: str, answer: str) -> CheckResult:
    """Compare the order of the rows with the order of the answers (Spearman)."""
    ((correlation,),) = table.ask(
        f"SELECT corr(n, r) FROM (SELECT n, rank() OVER (ORDER BY {answer}) AS r FROM {{t}} WHERE {answer} IS NOT NULL)"  # noqa: S608
    )
    if correlation is None or math.isnan(correlation) or abs(correlation) < IN_ORDER:
        return passed("The rows are not ordered by their answer.")
    if table.time_order:
        return passed(f"The answer changes with '{table.time_order[0]}', in whose order the rows are.")
    way = "rises" if correlation > 0 else "falls"
    return found(
        f"'{target}' {way} from the first row to the last. A split by position, or a column that counts the "
        "rows, would mislead.",
        problem=False,
        columns=(target,),
        n_affected=table.n_rows,
        evidence=table.show([target], f"n % {max(1, table.n_rows // 8)} = 0", n_found=0),
        fixes=[Fix("split", "Split at random", "The rows set aside are drawn at random.", options={"kind": "random"})],
    )
