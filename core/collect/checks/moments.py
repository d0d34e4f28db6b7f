"""Checks of time: gaps in it, and rows that are in its order."""

from core.collect.checks.table import (
    MIN_MOMENTS,
    CheckedTable,
    count,
    found,
    listing,
    name_list,
    not_applicable,
    passed,
)
from core.records import CheckResult, ColumnProfile, Fix

REGULAR = 0.8
"""Share of the steps from one moment to the next that have to be equally long before a longer one is a gap."""
LONG = 3
SECONDS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


def _dates(table: CheckedTable) -> list[ColumnProfile]:
    dates = table.profiles("date")
    return [column for column in dates if column.n_distinct >= MIN_MOMENTS and column.name != table.target]


def find_gaps(table: CheckedTable) -> CheckResult:
    """Look for stretches of time without rows in columns whose moments else follow at one pace."""
    dates = _dates(table)
    if not dates:
        return not_applicable(f"No column holds {MIN_MOMENTS} moments or more.")
    rows, names, n_gaps = [], [], 0
    for column in dates:
        gaps, step = _gaps(table, column)
        n_gaps += len(gaps)
        names += [column.name] if gaps else []
        rows += [
            (column.name, before, after, _say_seconds(length), _say_seconds(step)) for before, after, length in gaps
        ]
    if not n_gaps:
        return passed("No moment is missing where rows come at one pace.")
    rows_of = "stretch" if n_gaps == 1 else "stretches"
    return found(
        f"{name_list(names)}: {n_gaps:,} {rows_of} of time without rows, longer than {LONG} usual steps. What happened "
        "then is unknown to a model, and differences to the row before mean something else there.",
        problem=False,
        columns=names,
        n_affected=n_gaps,
        evidence=listing(("Column", "Last row before", "First row after", "Gap", "Usual step"), rows),
    )


def _gaps(table: CheckedTable, column: ColumnProfile) -> tuple[list[tuple[object, object, float]], float]:
    """Return the gaps, the longest first, and the usual step in seconds; none when there is no usual step."""
    moments = f"SELECT DISTINCT {table.sql(column.name)} AS m FROM {{t}} WHERE m IS NOT NULL"  # noqa: S608
    steps = f"SELECT lag(m) OVER (ORDER BY m) AS b, m, epoch(m) - epoch(b) AS s FROM ({moments})"  # noqa: S608
    table.connection.execute(f"CREATE OR REPLACE TEMP TABLE steps AS {steps}".replace("{t}", table.relation))
    step, share = table.ask(
        "SELECT s, k / sum(k) OVER () FROM (SELECT s, count(*) AS k FROM steps WHERE s IS NOT NULL GROUP BY s) "
        "ORDER BY k DESC, s LIMIT 1"
    )[0]
    if share < REGULAR:
        return [], step
    gaps = table.ask(f"SELECT b, m, s FROM steps WHERE s > {LONG * step} ORDER BY s DESC, m")  # noqa: S608
    return [(before, after, float(length)) for before, after, length in gaps], step


def _say_seconds(seconds: float) -> str:
    unit, length = next(((unit, length) for unit, length in SECONDS if seconds >= length), SECONDS[-1])
    return count(round(seconds / length), unit)


def find_time_order(table: CheckedTable) -> CheckResult:
    """Look whether the rows are in the order of time."""
    if not any(column.n_missing == 0 for column in _dates(table)):
        return not_applicable(f"No column holds {MIN_MOMENTS} moments or more without a gap.")
    if not table.time_order:
        return passed("The rows are in no order of time.")
    time = table.time_order[0]
    column = table.profile.column(time)
    fix = Fix(
        "split",
        "Test on the newest rows",
        f"The newest rows by '{time}' are set aside for the test: models learn from older rows, as they will in use.",
        options={"kind": "time", "time_column": time},
    )
    return found(
        f"The rows are in the order of '{time}', from {column.first} to {column.last}. In use a model answers for "
        "later rows than it learned from, so it should be tested on later rows, too.",
        problem=False,
        columns=(time,),
        n_affected=table.n_rows,
        fixes=[fix],
    )
