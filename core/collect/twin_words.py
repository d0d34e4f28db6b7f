"""What columns that say the same have in common, in a sentence."""

from collections.abc import Sequence

from core.collect.twin_numbers import Line

MAX_NAMED = 4


def say_columns(names: Sequence[str]) -> str:
    """Return names as "a, b and c", the first few of many."""
    if len(names) > MAX_NAMED:
        return f"{', '.join(names[:MAX_NAMED])} and {len(names) - MAX_NAMED:,} more columns"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def say_values(names: Sequence[str]) -> str:
    """Return the sentence for columns with the same values."""
    return f"{say_columns(names)} hold the same value in every row. One of them is enough."


def say_names(names: Sequence[str], n_levels: int) -> str:
    """Return the sentence for columns whose levels go with each other one to one."""
    return (
        f"{say_columns(names)} say the same in other words: each of the {n_levels:,} values of one goes with one value "
        "of the other."
    )


def say_line(names: Sequence[str], lines: Sequence[Line]) -> str:
    """Return the sentence for numbers on a straight line; `lines` lead from the first column to each of the others."""
    shown = [f"{name} = {_formula(line, names[0])}" for name, line in zip(names[1:], lines, strict=True)]
    more = f"; and {len(shown) - MAX_NAMED:,} more columns" if len(shown) > MAX_NAMED else ""
    return f"The same on another scale: {'; '.join(shown[:MAX_NAMED])}{more}."


def say_order(names: Sequence[str], correlation: float, *, turned: bool) -> str:
    """Return the sentence for numbers that put the rows in the same order."""
    order = "opposite orders" if turned else "the same order"
    nearly = "" if correlation > 0.99999 else "nearly "
    return (
        f"{say_columns(names)} put the rows in {nearly}{order} (rank correlation {correlation:.3f}): "
        "whoever knows one knows the other."
    )


def say_gaps(names: Sequence[str], n_missing: int) -> str:
    """Return the sentence for columns without a value in the same rows."""
    rows = "row" if n_missing == 1 else f"{n_missing:,} rows"
    return f"{say_columns(names)} lack a value in the same {rows}: there is likely one reason for it."


def _formula(line: Line, name: str) -> str:
    slope = "" if abs(line.slope - 1) < 1e-9 else f"{line.slope:.6g} × "
    if abs(line.start) < 1e-9 * max(1.0, abs(line.slope)):
        return f"{slope}{name}"
    return f"{slope}{name} {'+' if line.start > 0 else '−'} {abs(line.start):.6g}"
