"""Checks of single values: numbers or dates among words, and numbers far from all others."""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.collect.checks.table import CheckedTable, count, found, listing, name_list, not_applicable, passed
from core.collect.column_use import names_rows
from core.collect.conditions import as_date, as_number, meets
from core.records import CheckResult, ColumnProfile, Edit, Fix, Json

COLUMNS_A_QUERY = 16
NUMBER_BEGINS = re.compile(r"\s*[-+.]?\d")
MOSTLY = 0.8
"""From here on the column was meant to hold numbers or dates, and the rest are strays."""
FEW_STRAYS = 0.05
"""Where more is stray, it may be told on purpose, as in ">20": to be looked at rather than mended."""
MAX_STRAYS = 20
"""More different strays are codes with letters in them, not words among numbers."""
FAR, GAP = 5.0, 2.0
"""Interquartile ranges from the nearer quartile (Tukey calls 3 far out; long tails reach that by nature), and to the
next value: what is apart, and not the end of a long tail."""
FEW = 0.01
"""Whatever more than one row in a hundred does is a tail of the distribution, not an outlier."""
MIN_ROWS, MIN_LEVELS = 30, 12


def find_mixed_types(table: CheckedTable) -> CheckResult:
    """Look for columns of words in which nearly all values are numbers, or dates."""
    columns = [c for c in table.profiles("category", "text") if c.n_distinct > 2 and not names_rows(c)]
    if not columns:
        return not_applicable("No column holds words.")
    # A column in which no sampled value begins like a number need not be read.
    columns = [c for c in columns if any(NUMBER_BEGINS.match(value) for value in table.sample[c.name])]
    mixed = [found_one for column in columns if (found_one := _mixed(table, column))]
    if not mixed:
        return passed("No column of words holds mostly numbers or dates.")
    names = [one.name for one in mixed]
    fixes = [
        Fix(
            "edit",
            f"Make '{one.name}' a column of {one.what}s",
            f"{count(one.n_strays, 'cell')} become missing: {name_list(one.strays)}.",
            edit=Edit(f"to_{one.what}", f"'{one.name}' became a column of {one.what}s.", (one.name,)),
        )
        for one in mixed
    ]
    rows = [(one.name, f"{one.n_fitting:,} {one.what}s", f"{one.n_strays:,}", ", ".join(one.strays)) for one in mixed]
    return found(
        f"{name_list(names)}: nearly all values are {' or '.join(sorted({f'{one.what}s' for one in mixed}))}, but "
        "words among them make each value a category of its own.",
        problem=any(one.n_strays <= FEW_STRAYS * (one.n_strays + one.n_fitting) for one in mixed),
        columns=names,
        n_affected=sum(one.n_strays for one in mixed),
        evidence=listing(("Column", "Fitting", "Other cells", "Such as"), rows),
        fixes=fixes,
    )


@dataclass(frozen=True)
class Mixed:
    """A column of words that are nearly all of one other type."""

    name: str
    what: str
    n_fitting: int
    n_strays: int
    strays: tuple[str, ...]


def _mixed(table: CheckedTable, column: ColumnProfile) -> Mixed | None:
    name = table.sql(column.name)
    n_present = column.n_rows - column.n_missing
    for what, parsed in (("number", as_number(name)), ("date", as_date(name))):
        # Zeros at the front are kept as text on purpose: 007 is a code.
        codes = f"count(*) FILTER (regexp_matches({name}, '^0[0-9]'))" if what == "number" else "0"
        n_fitting, n_codes = table.ask(f"SELECT count({parsed}), {codes} FROM {{t}}")[0]  # noqa: S608
        if not MOSTLY * n_present <= n_fitting < n_present or n_codes:
            continue
        strays = table.ask(
            f"SELECT {name} FROM {{t}} WHERE {name} IS NOT NULL AND {parsed} IS NULL "  # noqa: S608
            f"GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT {MAX_STRAYS + 1}"
        )
        if len(strays) <= MAX_STRAYS:
            return Mixed(column.name, what, n_fitting, n_present - n_fitting, tuple(str(s) for (s,) in strays))
    return None


def find_outliers(table: CheckedTable) -> CheckResult:
    """Look for numbers far beyond all others and apart from them.

    Far is meant on the scale of the column and, where all its values are above 0, on that of their logarithm, too;
    apart means that there is a gap between them and the rest.
    """
    columns = _measured(table)
    if not columns:
        return not_applicable("No column holds measured numbers.")
    far = [found_one for column, fence in _fences(table, columns) if (found_one := _apart(table, column, fence))]
    if not far:
        return passed("No number lies far beyond all others.")
    names = [one.name for one in far]
    n_cells = sum(one.n_cells for one in far)
    rows = [
        (one.name, one.n_cells, one.middle, one.options.get("below", ""), one.options.get("above", "")) for one in far
    ]
    evidence = listing(("Column", "Far values", "Median of all", "All below", "All above"), rows)
    if len(far) == 1:
        others = [name for name in table.dataset.column_names if name != names[0]]
        evidence = table.show([names[0], *others], meets(table.sql(names[0]), far[0].options), n_found=n_cells)
    return found(
        f"{name_list(names)}: {count(n_cells, 'value')} far from all others. Slips or rare truths? They pull averages "
        "and straight lines towards them.",
        problem=False,
        columns=names,
        n_affected=n_cells,
        evidence=evidence,
        fixes=[_cap(names), *(_to_missing(one) for one in far)],
    )


def _cap(names: Sequence[str]) -> Fix:
    return Fix(
        "cap",
        "Cap them in the recipe",
        f"In {name_list(names)}, values more than {FAR:.0f} interquartile ranges from the middle half count as that "
        "far, in rows that come in later, too. The table itself stays as it is.",
        tuple(names),
        {"method": "iqr", "factor": FAR},
    )


def _to_missing(far: "Far") -> Fix:
    edit = Edit("to_missing", "Far values became missing.", (far.name,), far.options)
    label = f"Make {count(far.n_cells, 'value')} of '{far.name}' missing"
    return Fix("edit", label, "Do so only where they are slips: what is true should stay.", edit=edit)


@dataclass(frozen=True)
class Far:
    """Values of a column apart from all others: beyond the bounds in `options` (see `conditions.meets`)."""

    name: str
    options: Json
    n_cells: int
    middle: float | None


def _measured(table: CheckedTable) -> list[ColumnProfile]:
    return [c for c in table.profiles("number") if c.n_distinct >= MIN_LEVELS and c.n_rows - c.n_missing >= MIN_ROWS]


def _fences(table: CheckedTable, columns: Sequence[ColumnProfile]) -> Iterator[tuple[ColumnProfile, "Fence"]]:
    """Give the columns that have values beyond their fence, and no more than few."""
    for start in range(0, len(columns), COLUMNS_A_QUERY):
        batch = columns[start : start + COLUMNS_A_QUERY]
        values = [f"CAST({table.sql(column.name)} AS DOUBLE)" for column in batch]
        wanted = ", ".join(f"quantile_cont({value}, [0.25, 0.75])" for value in values)
        quartiles = table.ask(f"SELECT {wanted} FROM {{t}}")[0]  # noqa: S608
        fences = [_fence(column, *both) for column, both in zip(batch, quartiles, strict=True)]
        beyond = (
            f"count(*) FILTER ({value} < {fence.low!r} OR {value} > {fence.high!r})" if fence else "0"
            for value, fence in zip(values, fences, strict=True)
        )
        counts = table.ask(f"SELECT {', '.join(beyond)} FROM {{t}}")[0]  # noqa: S608
        for column, fence, n_far in zip(batch, fences, counts, strict=True):
            if fence and 0 < n_far <= FEW * column.n_rows:
                yield column, fence


@dataclass(frozen=True)
class Fence:
    """Bounds beyond which a value is far, and the interquartile range, also as a ratio where all values are above 0."""

    low: float
    high: float
    width: float
    ratio: float | None


def _fence(column: ColumnProfile, first: float, third: float) -> Fence | None:
    width = third - first
    if not width > 0:
        return None
    low, high = first - FAR * width, third + FAR * width
    if column.minimum is None or column.minimum <= 0:
        return Fence(low, high, width, None)
    ratio = third / first
    return Fence(min(low, first / ratio**FAR), max(high, third * ratio**FAR), width, ratio)


def _apart(table: CheckedTable, column: ColumnProfile, fence: Fence) -> Far | None:
    """Return the far values beyond the first gap, from the middle outwards; None when there is no gap."""
    value = f"CAST({table.sql(column.name)} AS DOUBLE)"
    inside = f"{value} BETWEEN {fence.low!r} AND {fence.high!r}"
    ((least, most),) = table.ask(f"SELECT min({value}), max({value}) FROM {{t}} WHERE {inside}")  # noqa: S608
    far = [
        x
        for (x,) in table.ask(f"SELECT {value} FROM {{t}} WHERE {value} < {fence.low!r} OR {value} > {fence.high!r}")  # noqa: S608
    ]
    options: Json = {}
    n_cells = 0
    for key, side, last in (
        ("above", sorted(x for x in far if x > fence.high), most),
        ("below", sorted((x for x in far if x < fence.low), reverse=True), least),
    ):
        for at, (before, x) in enumerate(itertools.pairwise([last, *side])):
            if _gap(before, x, fence):
                options[key] = before
                n_cells += len(side) - at
                break
    return Far(column.name, options, n_cells, column.median) if options else None


def _gap(first: float, second: float, fence: Fence) -> bool:
    wide = abs(second - first) > GAP * fence.width
    return wide and (fence.ratio is None or max(first / second, second / first) > fence.ratio**GAP)
