"""A table as checks look at it: SQL over all its rows, its profile, and what is to be predicted."""

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

import duckdb

from core.collect.column_use import is_empty, names_rows
from core.records import (
    CheckResult,
    Column,
    ColumnProfile,
    DatasetVersion,
    Evidence,
    Fix,
    Profile,
    TargetRelations,
    Task,
    Twins,
)

MAX_EVIDENCE = 10
MAX_CELLS = 8
MAX_NAMED = 5
MAX_TEXT, MAX_WORDS = 60, 300
MIN_MOMENTS = 20
MAX_LEVELS, ROWS_A_LEVEL = 5_000, 2
SAMPLE_ROWS = 2_000
LONG_NUMBER = 1e6
COLUMNS_A_QUERY = 50


@dataclass(frozen=True)
class CheckedTable:
    """A dataset version open in DuckDB.

    `relation` is a FROM clause with the columns c0, c1, ... and `n`, the row number from 0. `target` is None while
    nobody has chosen what to predict. `relate` tells how strongly each column alone tells the target,
    `find_twins` which columns say the same; `known_leaks` are columns of which whoever made the table says that they
    are filled in only afterwards.
    """

    connection: duckdb.DuckDBPyConnection
    relation: str
    dataset: DatasetVersion
    profile: Profile
    target: str | None
    task: Task | None
    relate: Callable[[], TargetRelations]
    find_twins: Callable[[], tuple[Twins, ...]]
    known_leaks: tuple[str, ...] = ()

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return self.dataset.n_rows

    @functools.cached_property
    def _positions(self) -> dict[str, int]:
        return {name: index for index, name in enumerate(self.dataset.column_names)}

    def sql(self, name: str) -> str:
        """Return how a column is called in the relation."""
        return f"c{self._positions[name]}"

    def profiles(self, *kinds: str) -> list[ColumnProfile]:
        """Return the profiles of the columns of these kinds that have a value, the target among them."""
        return [column for column in self.profile.columns if column.kind in kinds and not is_empty(column)]

    @functools.cached_property
    def row_names(self) -> tuple[str, ...]:
        """Columns that only name the row, the target apart."""
        return tuple(c.name for c in self.profile.columns if names_rows(c) and c.name != self.target)

    @functools.cached_property
    def inputs(self) -> tuple[Column, ...]:
        """The columns a model could learn from: without the target, empty columns and those that only name the row."""
        left_out = {self.target, *self.row_names, *(c.name for c in self.profile.columns if is_empty(c))}
        return tuple(column for column in self.dataset.columns if column.name not in left_out)

    @functools.cached_property
    def levels(self) -> dict[str, dict[str, int]]:
        """For each column of categories its levels and how many rows each has, the target among them.

        Columns with more than `MAX_LEVELS`, or whose levels occur less than `ROWS_A_LEVEL` times on average, hold names
        or codes and are left out.
        """
        found = {}
        for column in self.profiles("category"):
            n_present = column.n_rows - column.n_missing
            if 2 <= column.n_distinct <= min(MAX_LEVELS, n_present / ROWS_A_LEVEL):
                name = self.sql(column.name)
                found[column.name] = dict(
                    self.ask(f"SELECT {name}, count(*) FROM {{t}} GROUP BY 1 HAVING {name} <> ''")  # noqa: S608
                )
        return found

    @functools.cached_property
    def sample(self) -> dict[str, tuple[str, ...]]:
        """Different values, as text, of every column that may hold words or long numbers, from rows evenly spread."""
        columns = [*self.profiles("category", "text"), *(c for c in self.profiles("number") if _may_be_code(c))]
        step = max(1, self.n_rows // SAMPLE_ROWS)
        values: dict[str, tuple[str, ...]] = {}
        for start in range(0, len(columns), COLUMNS_A_QUERY):
            batch = columns[start : start + COLUMNS_A_QUERY]
            cells = ", ".join(f"CAST({self.sql(column.name)} AS VARCHAR)" for column in batch)
            rows = self.ask(f"SELECT {cells} FROM {{t}} WHERE n % {step} = 0 LIMIT {SAMPLE_ROWS}")  # noqa: S608
            for index, column in enumerate(batch):
                values[column.name] = tuple({row[index]: None for row in rows if row[index] is not None})
        return values

    @functools.cached_property
    def time_order(self) -> tuple[str, ...]:
        """Columns of dates without gaps, of `MIN_MOMENTS` or more, in whose order the rows are."""
        dates = [c for c in self.profiles("date") if c.n_distinct >= MIN_MOMENTS and c.n_missing == 0]
        dates = [column for column in dates if column.name != self.target]
        if not dates:
            return ()
        names = [self.sql(column.name) for column in dates]
        lags = ", ".join(f"{name} < lag({name}) OVER (ORDER BY n) AS back_{name}" for name in names)
        backward = ", ".join(f"count(*) FILTER (back_{name})" for name in names)
        counts = self.ask(f"SELECT {backward} FROM (SELECT {lags} FROM {{t}})")[0]  # noqa: S608
        return tuple(column.name for column, n_back in zip(dates, counts, strict=True) if n_back == 0)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query over the relation, which is written `{t}` in it."""
        found: list[tuple[Any, ...]] = self.connection.execute(query.replace("{t}", self.relation)).fetchall()
        return found

    def show(self, names: Sequence[str], where: str, *, order: str = "n", n_found: int) -> Evidence:
        """Return the first rows that fulfil a condition, with their numbers and the columns named."""
        shown = tuple(names[:MAX_CELLS])
        cells = "".join(f", {self.sql(name)}" for name in shown)
        rows = self.ask(f"SELECT n{cells} FROM {{t}} WHERE {where} ORDER BY {order}, n LIMIT {MAX_EVIDENCE}")  # noqa: S608
        told = tuple((f"{row[0] + 1:,}", *(say_cell(cell) for cell in row[1:])) for row in rows)
        return Evidence(("Row", *shown), told, max(0, n_found - len(told)))


def _may_be_code(column: ColumnProfile) -> bool:
    """Whether whole numbers have so many digits that they name something, as card numbers do."""
    return column.minimum is not None and column.minimum >= LONG_NUMBER


def say_cell(value: object, n_signs: int = MAX_TEXT) -> str:
    """Return a cell as text, short enough for a table."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d" if value.time() == time() else "%Y-%m-%d %H:%M:%S")
    text = str(value)
    return text if len(text) <= n_signs else f"{text[: n_signs - 1]}…"


def listing(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> Evidence:
    """Return findings that are not rows of the table, as evidence."""
    told = tuple(tuple(say_cell(cell, MAX_WORDS) for cell in row) for row in rows[:MAX_EVIDENCE])
    return Evidence(tuple(headings), told, max(0, len(rows) - MAX_EVIDENCE))


def name_list(names: Iterable[str]) -> str:
    """Return names in quotes as part of a sentence, the first few of many."""
    quoted = [f"'{name}'" for name in names]
    if len(quoted) > MAX_NAMED:
        return f"{', '.join(quoted[:MAX_NAMED])} and {len(quoted) - MAX_NAMED:,} more"
    return " and ".join(filter(None, [", ".join(quoted[:-1]), *quoted[-1:]]))


def count(number: int, noun: str) -> str:
    """Return "1 row", "2 rows"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def text_of(name: str) -> str:
    """Return SQL for a cell as text."""
    return f"CAST({name} AS VARCHAR)"


def passed(sentence: str) -> CheckResult:
    """Return that nothing was found."""
    return CheckResult("", "", "passed", sentence)


def not_applicable(sentence: str) -> CheckResult:
    """Return that there is nothing to look at, and why."""
    return CheckResult("", "", "not_applicable", sentence)


def found(
    sentence: str,
    *,
    problem: bool,
    columns: Iterable[str] = (),
    n_affected: int,
    evidence: Evidence | None = None,
    fixes: Sequence[Fix] = (),
) -> CheckResult:
    """Return what was found: a problem, or else a note. Code and title are put in by `run_checks`."""
    outcome = "problem" if problem else "note"
    return CheckResult("", "", outcome, sentence, "", tuple(columns), n_affected, evidence, tuple(fixes))  # type: ignore[arg-type]
