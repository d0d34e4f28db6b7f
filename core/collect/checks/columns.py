"""Checks of whole columns: of no use, hardly filled, or the same as another."""

from collections.abc import Sequence

from core.collect.checks.table import (
    CheckedTable,
    count,
    found,
    listing,
    name_list,
    passed,
    say_cell,
)
from core.collect.column_use import is_constant, is_empty
from core.records import CheckResult, ColumnProfile, Fix

SAME = {"values": "the same values", "names": "other names for them", "scale": "another scale"}
MOSTLY_MISSING = 0.5
"""Beyond one half, what is filled in outweighs what was observed."""


def leave_out(names: Sequence[str], why: str) -> Fix:
    """Return the fix that leaves columns out of learning."""
    return Fix(
        "leave_out",
        f"Leave out {count(len(names), 'column')}",
        f"The recipe leaves out {name_list(names)}: {why} The table itself stays as it is.",
        tuple(names),
    )


def _inputs(table: CheckedTable) -> list[ColumnProfile]:
    return [column for column in table.profile.columns if column.name != table.target]


def find_row_names(table: CheckedTable) -> CheckResult:
    """Look for columns that only name or count the rows."""
    names = table.row_names
    if not names:
        return passed("No column only names or counts the rows.")
    columns = [table.profile.column(name) for name in names]
    rows = [
        (c.name, f"{c.n_distinct:,} different in {c.n_rows - c.n_missing:,}", ", ".join(c.examples)) for c in columns
    ]
    sentence = f"{name_list(names)} {_differ(names)} in (nearly) every row and can only be learned by heart."
    return found(
        sentence,
        problem=False,
        columns=names,
        n_affected=len(names),
        evidence=listing(("Column", "Values", "For example"), rows),
        fixes=[leave_out(names, "they only name the row.")],
    )


def _differ(names: Sequence[str]) -> str:
    return "differs" if len(names) == 1 else "differ"


def find_constants(table: CheckedTable) -> CheckResult:
    """Look for columns with the same value in every row."""
    columns = [column for column in _inputs(table) if is_constant(column)]
    if not columns:
        return passed("Every column has different values.")
    names = [column.name for column in columns]
    return found(
        f"{name_list(names)} {_hold(names)} the same value in every row.",
        problem=False,
        columns=names,
        n_affected=len(names),
        evidence=listing(
            ("Column", "Value"), [(c.name, say_cell(c.examples[0]) if c.examples else "") for c in columns]
        ),
        fixes=[leave_out(names, "what never changes tells nothing.")],
    )


def _hold(names: Sequence[str]) -> str:
    return "holds" if len(names) == 1 else "hold"


def find_empty_columns(table: CheckedTable) -> CheckResult:
    """Look for columns without any value."""
    names = [column.name for column in _inputs(table) if is_empty(column)]
    if not names:
        return passed("Every column has values.")
    return found(
        f"{name_list(names)} {'has' if len(names) == 1 else 'have'} no value in any row.",
        problem=False,
        columns=names,
        n_affected=len(names),
        evidence=listing(("Column", "Values"), [(name, "none") for name in names]),
        fixes=[leave_out(names, "there is nothing in them.")],
    )


def find_mostly_missing(table: CheckedTable) -> CheckResult:
    """Look for columns with more gaps than values."""
    columns = [c for c in _inputs(table) if not is_empty(c) and c.n_missing > MOSTLY_MISSING * c.n_rows]
    if not columns:
        return passed("No column has more gaps than values.")
    columns.sort(key=lambda column: -column.n_missing)
    names = [column.name for column in columns]
    rows = [(c.name, f"{100 * c.n_missing / c.n_rows:.0f} of 100", f"{c.n_rows - c.n_missing:,}") for c in columns]
    return found(
        f"{name_list(names)} {'has' if len(names) == 1 else 'have'} a value in less than half of the rows.",
        problem=False,
        columns=names,
        n_affected=len(names),
        evidence=listing(("Column", "Missing", "Values"), rows),
        fixes=[leave_out(names, "more would be filled in than was observed.")],
    )


def find_twin_columns(table: CheckedTable) -> CheckResult:
    """Look for columns that say the same as another one: equal values, other names or another scale for them.

    Columns that merely rise together, or have the same gaps, are no news here.
    """
    skipped = {
        table.target,
        *table.row_names,
        *(c.name for c in table.profile.columns if is_empty(c) or is_constant(c)),
    }
    rows: list[tuple[str, str, str]] = []
    for twins in table.find_twins():
        names = [name for name in twins.columns if name not in skipped]
        if twins.kind in SAME and len(names) > 1:
            rows += [(name, names[0], SAME[twins.kind]) for name in names[1:]]
    if not rows:
        return passed("No two columns say the same.")
    later = [name for name, *_ in rows]
    return found(
        f"{name_list(later)} {'says' if len(later) == 1 else 'say'} the same as another column in every row.",
        problem=False,
        columns=later,
        n_affected=len(later),
        evidence=listing(("Column", "Says the same as", "How"), rows),
        fixes=[leave_out(later, "another column says the same.")],
    )
