"""The check for leaks: columns that tell the answer so well that they may be known only after it."""

import itertools
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from core.collect.checks.columns import leave_out
from core.collect.checks.table import CheckedTable, found, listing, name_list, not_applicable, passed, text_of
from core.errors import BadInputError
from core.records import CheckResult, ColumnProfile, Fix, Relation

NEARLY_ALL, VERY_MUCH = 0.95, 0.88
"""Strength (see `relate_to_target`) of a copy with slips; and what honest measurements of real tables seldom reach."""
MUCH, TIMES_MORE = 0.5, 4
"""Half of what there is to tell, and so many times as much as any other column."""
MANY_LEVELS = 50
PURE, OFTEN = 0.95, 0.8
"""Where a value is given (or missing) nearly all rows have one answer, which not nearly all rows have in general."""
SURE = math.log(1e-6)
LATER, MIN_ROWS = 0.95, 30
MIN_LETTERS = 4


@dataclass(frozen=True)
class Suspicion:
    """Why a column is suspected; `grave` when there is hardly another explanation."""

    name: str
    reason: str
    grave: bool = False
    group: bool = False


def find_leaks(table: CheckedTable) -> CheckResult:
    """Look for columns that give the answer away, by their strength, their gaps, their name or their date."""
    if table.target is None or table.task is None:
        return not_applicable("No target is chosen yet.")
    try:
        relations = [one for one in table.relate().relations if one.name not in table.row_names]
    except BadInputError:
        return not_applicable("Nothing can be learned from the target.")
    suspicions: dict[str, Suspicion] = {}
    for one in (*_declared(table), *_filled(table), *_strong(table, relations), *_later(table)):
        known = suspicions.get(one.name)
        suspicions[one.name] = replace(known, reason=f"{known.reason}; {one.reason}") if known else one
    if not suspicions:
        return passed("No column gives the answer away.")
    strengths = {one.name: one.strength for one in relations}
    names = sorted(suspicions, key=lambda name: -strengths.get(name, 0.0))
    rows = [(name, suspicions[name].reason, f"{100 * strengths.get(name, 0.0):.0f} of 100") for name in names]
    groups = [one.name for one in suspicions.values() if one.group]
    first = suspicions[names[0]]
    sentence = f"'{first.name}': {first.reason}."
    if len(names) > 1:
        sentence = f"{name_list(names)} may give '{table.target}' away. {sentence}"
    return found(
        f"{sentence} Is that known when the answer is wanted? If not, leave it out.",
        problem=any(one.grave for one in suspicions.values()),
        columns=names,
        n_affected=len(names),
        evidence=listing(("Column", "Why", "Tells of what there is to tell"), rows),
        fixes=[leave_out(names, "what is known only after the answer cannot be asked for."), *map(_group, groups)],
    )


def _group(name: str) -> Fix:
    return Fix(
        "split",
        f"Keep rows with the same '{name}' together",
        "They come either into the training or into the test part as a whole: the test then asks about new ones.",
        options={"kind": "group", "group_column": name},
    )


def _declared(table: CheckedTable) -> Iterator[Suspicion]:
    for name in table.known_leaks:
        if name in table.dataset.column_names:
            yield Suspicion(name, "whoever made the sample says that it is known only afterwards", grave=True)


def _strong(table: CheckedTable, relations: list[Relation]) -> Iterator[Suspicion]:
    # The strongest come first. Time tells much wherever neighbours are alike; that is a matter of the split.
    strong = [one for one in relations if one.kind != "date"]
    following = {one.name: other.strength for one, other in itertools.pairwise(strong)}
    for one in strong:
        if one.strength < MUCH:
            return
        alone = _say_alone(one, table)
        column = table.profile.column(one.name)
        if one.kind in ("category", "text") and column.n_distinct > MANY_LEVELS and one.strength >= VERY_MUCH:
            yield Suspicion(one.name, f"{alone}, because its values come again with the same answer", group=True)
        elif one.strength >= VERY_MUCH:
            yield Suspicion(one.name, alone, grave=one.strength >= NEARLY_ALL)
        elif resembles(one.name, table.target or ""):
            yield Suspicion(one.name, f"its name resembles '{table.target}', and {alone}")
        elif one is strong[0] and one.strength >= TIMES_MORE * following.get(one.name, 0.0) and len(strong) > 2:
            yield Suspicion(one.name, f"{alone}, far better than any other column")


def _say_alone(one: Relation, table: CheckedTable) -> str:
    if table.relate().task == "regression":
        return f"alone it is {one.score:,.4g} off on average where guessing is {one.guessing:,.4g} off"
    return f"alone it gets {one.score:.0f} of 100 right where guessing gets {one.guessing:.0f}"


def resembles(name: str, target: str) -> bool:
    """Whether a column's name holds the target's: `price_per_m2` and `price`."""
    wanted, given = (re.sub(r"[\W_]+", "", text.casefold()) for text in (target, name))
    return len(wanted) >= MIN_LETTERS and wanted in given


def _filled(table: CheckedTable) -> Iterator[Suspicion]:
    """Columns with a value (or without one) only where the answer is one and the same."""
    if table.task == "regression":
        return
    answer = text_of(table.sql(table.target or ""))
    ((total,),) = table.ask(f"SELECT count(*) FROM {{t}} WHERE {answer} IS NOT NULL")  # noqa: S608
    shares = dict(table.ask(f"SELECT {answer}, count(*) FROM {{t}} WHERE {answer} IS NOT NULL GROUP BY 1"))  # noqa: S608
    for column in table.profile.columns:
        if column.name != table.target and 0 < column.n_missing < column.n_rows:
            yield from _filled_for_one(table, column, answer, {name: n / total for name, n in shares.items()})


def _filled_for_one(
    table: CheckedTable, column: ColumnProfile, answer: str, shares: dict[str, float]
) -> Iterator[Suspicion]:
    name = table.sql(column.name)
    rows = table.ask(
        f"SELECT {name} IS NULL AS gap, {answer} AS a, count(*) AS k FROM {{t}} WHERE a IS NOT NULL "  # noqa: S608
        "GROUP BY gap, a ORDER BY k DESC, a"
    )
    for gap, words in ((False, "has a value"), (True, "is empty")):
        counts = {value: n for is_gap, value, n in rows if is_gap == gap}
        if not counts:
            continue
        value, n_rows = next(iter(counts)), sum(counts.values())
        base = shares[value]
        if counts[value] >= PURE * n_rows and base <= OFTEN and n_rows * math.log(base) < SURE:
            reason = f"where it {words}, the answer is '{value}' in {100 * counts[value] / n_rows:.0f} of 100 rows"
            yield Suspicion(column.name, f"{reason} ({100 * base:.0f} of 100 in general)", grave=True)
            return


def _later(table: CheckedTable) -> Iterator[Suspicion]:
    """Dates that lie after the one in whose order the rows are."""
    if not table.time_order:
        return
    moment = table.sql(table.time_order[0])
    for column in table.profiles("date"):
        if column.name in (table.time_order[0], table.target):
            continue
        name = table.sql(column.name)
        ((n_later, n_both),) = table.ask(f"SELECT count(*) FILTER ({name} > {moment}), count({name}) FROM {{t}}")  # noqa: S608
        if n_both >= MIN_ROWS and n_later >= LATER * n_both:
            reason = f"it lies after '{table.time_order[0]}' in {100 * n_later / n_both:.0f} of 100 rows"
            yield Suspicion(column.name, reason)
