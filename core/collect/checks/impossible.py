"""The check for values that cannot be true: codes for "no value", and what lies outside the range a name implies."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.collect.checks.table import CheckedTable, count, found, listing, name_list, not_applicable, passed
from core.collect.conditions import meets
from core.records import CheckResult, ColumnProfile, Edit, Evidence, Fix, Json

MIN_LEVELS, MIN_REPEATS = 12, 3
CODES = (-1, -7, -8, -9, -88, -99, -200, -888, -999, -9999, -99999, 99, 999, 9999, 99999, 999999)
"""Numbers that people and machines write where there is no value."""
LOW_CODE = -88
"""Down from here a code may stand beside true values below zero, when it is far from all of them."""
ZERO_DATES = ("1970-01-01", "1900-01-01", "1899-12-30", "0001-01-01", "9999-12-31")
"""The first and last days of the calendars of programs."""
ANOTHER_MEANING = 0.05
"""Where more lies outside, the name means something else: an age in days, or brought to mean 0."""
RANGES: tuple[tuple[str, float | None, float | None, str], ...] = (
    (r"(^|[_\W])age(_?(in_)?years)?$", 0, 125, "nobody is younger than 0 or older than 125"),
    (r"(^|[_\W])(lat|latitude)$", -90, 90, "a latitude lies between -90 and 90"),
    (r"(^|[_\W])(lon|lng|long|longitude)$", -180, 360, "a longitude lies between -180 and 360"),
    (r"(^|[_\W])month$", 0, 12, "a month is at most 12"),
    (r"(^|[_\W])hour$", 0, 24, "an hour is at most 24"),
    (r"(^|[_\W])(weight|height|price|population)$", 0, None, "it cannot be less than 0"),
    (r"(^|[_\W])humidity$", 0, 105, "humidity lies between 0 and 100"),
    (r"(^|[_\W])(bmi|glucose|blood_?pressure)$", 1e-9, None, "nobody alive has 0"),
)
"""What the name of a column says about its values."""


@dataclass(frozen=True)
class Impossible:
    """Values of a column that cannot be: `options` describe them (see `conditions.meets`)."""

    name: str
    options: Json
    why: str
    n_cells: int = 0


def find_impossible(table: CheckedTable) -> CheckResult:
    """Look for values that cannot be true."""
    columns = table.profiles("number", "date")
    if not columns:
        return not_applicable("No column holds numbers or dates.")
    # A code such as -1 for an age is told once, as what it is.
    cases = [case for column in columns for case in (list(_codes(table, column)) or _out_of_range(table, column))]
    if not cases:
        return passed("No value is impossible.")
    names = list(dict.fromkeys(case.name for case in cases))
    n_cells = sum(case.n_cells for case in cases)
    return found(
        f"{name_list(names)}: {count(n_cells, 'value')} that cannot be true and would be taken for measurements.",
        problem=True,
        columns=names,
        n_affected=n_cells,
        evidence=_show(table, cases),
        fixes=[_to_missing(case) for case in cases],
    )


def _show(table: CheckedTable, cases: Sequence[Impossible]) -> Evidence:
    if len(cases) > 1:
        return listing(("Column", "Values", "Why"), [(case.name, f"{case.n_cells:,}", case.why) for case in cases])
    (case,) = cases
    others = [name for name in table.dataset.column_names if name != case.name]
    return table.show([case.name, *others], meets(table.sql(case.name), case.options), n_found=case.n_cells)


def _to_missing(case: Impossible) -> Fix:
    edit = Edit("to_missing", "Impossible values became missing.", (case.name,), case.options)
    return Fix(
        "edit",
        f"Make {count(case.n_cells, 'value')} of '{case.name}' missing",
        f"They cannot be true: {case.why}. Rows that come in later have to leave such values empty, too.",
        edit=edit,
    )


def _codes(table: CheckedTable, column: ColumnProfile) -> Iterator[Impossible]:
    if column.n_distinct < MIN_LEVELS or column.name == table.target:
        return
    if column.kind == "date":
        yield from _zero_dates(table, column)
    elif {column.minimum, column.maximum} & set(CODES):
        yield from _number_codes(table, column)


def _number_codes(table: CheckedTable, column: ColumnProfile) -> Iterator[Impossible]:
    name = table.sql(column.name)
    codes = f"({', '.join(map(str, CODES))})"
    ((low, high),) = table.ask(f"SELECT min({name}), max({name}) FROM {{t}} WHERE {name} NOT IN {codes}")  # noqa: S608
    if low is None:
        return
    counts = table.ask(f"SELECT {name}, count(*) FROM {{t}} WHERE {name} IN {codes} GROUP BY 1 ORDER BY 1")  # noqa: S608
    for code, n_cells in counts:
        above, below = code - high > high - low, low - code > high - low
        if n_cells >= MIN_REPEATS and (above or (code < 0 <= low) or (code <= LOW_CODE and below)):
            rest = f"{low:,.6g} to {high:,.6g}"
            why = f"{code:g} stands alone, {count(n_cells, 'time')}, while all others reach from {rest}"
            yield Impossible(column.name, {"numbers": [float(code)]}, why, n_cells)


def _zero_dates(table: CheckedTable, column: ColumnProfile) -> Iterator[Impossible]:
    name = table.sql(column.name)
    for day in ZERO_DATES:
        if day not in {str(column.first)[:10], str(column.last)[:10]}:
            continue
        options: Json = {"days": [day]}
        ((n_cells, low, high),) = table.ask(
            f"SELECT count(*) FILTER ({meets(name, options)}), min({name}) FILTER (NOT {meets(name, options)}), "  # noqa: S608
            f"max({name}) FILTER (NOT {meets(name, options)}) FROM {{t}}"
        )
        moment = datetime.fromisoformat(day)
        if n_cells >= MIN_REPEATS and low and max(low - moment, moment - high) > high - low:
            why = f"{day} is what programs write for no date; all others reach from {low:%Y-%m-%d} to {high:%Y-%m-%d}"
            yield Impossible(column.name, options, why, n_cells)


def _out_of_range(table: CheckedTable, column: ColumnProfile) -> Iterator[Impossible]:
    if column.kind != "number" or column.minimum is None or column.maximum is None:
        return
    for pattern, low, high, why in RANGES:
        if not re.search(pattern, column.name, re.IGNORECASE):
            continue
        options: Json = {"below": low if low is not None and column.minimum < low else None}
        options["above"] = high if high is not None and column.maximum > high else None
        options = {bound: value for bound, value in options.items() if value is not None}
        if not options:
            continue
        condition = meets(table.sql(column.name), options)
        ((n_cells,),) = table.ask(f"SELECT count(*) FROM {{t}} WHERE {condition}")  # noqa: S608
        if 0 < n_cells <= ANOTHER_MEANING * (column.n_rows - column.n_missing):
            yield Impossible(column.name, options, why, n_cells)
