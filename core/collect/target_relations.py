"""How strongly does each column, alone, tell the target? One scale for all kinds of columns and targets."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from core.collect.cells import MISSING, OTHERS, Cells, cut
from core.collect.column_values import Codes, Floats, read_columns
from core.collect.findings import recall, target_path
from core.collect.frames import load_frame
from core.collect.held_out import AmountTable, ClassTable
from core.collect.telling import say_amount, say_classes
from core.plan import recognise_task
from core.records import Column, DatasetVersion, Relation, TargetGroup, TargetRelations, Task
from core.store import Store

REVISION = 1
MAX_CELLS = 30_000_000
"""Tables with more rows times columns are looked at on a sample of rows."""
MIN_SAMPLE = 20_000
N_JOINED = (4, 16, 64)
"""Ranges are joined into so many, too: a coarse cut tells more where there are few rows."""
N_SHOWN, N_SHOWN_LEVELS = 12, 24
N_CLASSES_SHOWN = 6


def relate_to_target(store: Store, dataset_id: str, target: str) -> TargetRelations:
    """Return how strongly each column alone tells the target; the first call computes it, and it is kept.

    The strength is the share of the target's differences that the column takes away, each row told by other rows only:
    see `core.collect.held_out` for the formula. Amounts are taken by their rank, so that it does not matter whether a
    column or the target is told in euros or as a logarithm. An id, different in each row, has strength 0, a copy of the
    target 1. What repeats in many rows (a patient's number) may tell these rows and still say nothing of new ones.

    Exact over all rows with a target up to 30 million cells, on a stated random sample beyond.

    Raises
    ------
    NotFoundError
        When there is no such version.
    BadInputError
        When it has no such column, or nothing can be learned from it as a target.
    """
    path = target_path(store, dataset_id, target)
    return recall(store, path, TargetRelations, REVISION, lambda: _relate(store, dataset_id, target))


@dataclass(frozen=True, eq=False)
class _Target:
    """The target on the rows looked at.

    Parameters
    ----------
    classes : array of int, shape (n_rows,)
        The class of each row, the most frequent one 0; for amounts zeros.
    ranks : array of float, shape (n_rows,)
        For amounts their rank, scaled to 0 ... 1; for classes empty.
    amounts : array of float, shape (n_rows,)
        As in the table; for classes empty.
    """

    name: str
    task: Task
    rows: Codes
    n_known: int
    classes: Codes
    names: tuple[str, ...]
    amounts: Floats
    ranks: Floats


def _relate(store: Store, dataset_id: str, target: str) -> TargetRelations:
    dataset = store.get(DatasetVersion, dataset_id)
    known = _target(load_frame(store, dataset_id, columns=[target])[target], dataset.n_columns)
    relate = _relate_classes if known.names else _relate_amount
    inputs = [column for column in dataset.columns if column.name != target]
    path = store.files.dataset(dataset_id)
    found = [
        relate(known, column, list(cut(column, values))) for column, values in read_columns(path, inputs, known.rows)
    ]
    return TargetRelations(
        dataset_id,
        target,
        known.task,
        len(known.rows),
        known.n_known,
        tuple(sorted(found, key=lambda relation: -relation.strength)),
        _shown_classes(known.names),
        revision=REVISION,
    )


def _target(values: pd.Series, n_columns: int) -> _Target:
    """Return the target of the rows to look at: all that have one, or a sample of them in their order."""
    guess = recognise_task(values)
    present = np.flatnonzero(values.notna().to_numpy())
    limit = max(MIN_SAMPLE, MAX_CELLS // n_columns)
    rows = np.sort(np.random.default_rng(0).permutation(present)[:limit]) if len(present) > limit else present
    nothing = np.empty(0)
    base = partial(_Target, str(values.name), guess.task, rows, len(present))
    if guess.task == "regression":
        amounts = values.iloc[rows].to_numpy(dtype=np.float64)
        ranks = (pd.Series(amounts).rank().to_numpy() - 0.5) / len(amounts)
        return base(np.zeros(len(rows), np.int64), (), amounts, ranks)
    codes, uniques = pd.factorize(values.iloc[rows], sort=True)
    order = np.argsort(-np.bincount(codes), kind="stable")
    places = np.empty(len(order), np.int64)
    places[order] = np.arange(len(order))
    return base(places[codes], tuple(_class_name(uniques[place]) for place in order), nothing, nothing)


def _class_name(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _shown_classes(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(names) if len(names) <= N_CLASSES_SHOWN else (*names[: N_CLASSES_SHOWN - 1], OTHERS)


Cutting = tuple[Cells, Codes]
"""Cells, and the groups they are joined into."""


def _cuttings(ways: Sequence[Cells]) -> Iterator[Cutting]:
    for cells in ways:
        yield cells, np.arange(cells.n_cells)
        if cells.ordered:
            yield from ((cells, cells.joined(n_groups)) for n_groups in N_JOINED if n_groups < cells.n_cells - 1)


def _relate_classes(known: _Target, column: Column, ways: Sequence[Cells]) -> Relation:
    tables = {id(cells): ClassTable.count(cells.codes, known.classes, len(known.names)) for cells in ways}
    strength, (cells, groups) = _best(ways, lambda cells, groups: tables[id(cells)].join(groups).strength)
    table = tables[id(cells)].join(groups)
    guessing = 100 * table.share_guessed
    score = max(100 * table.share_right, guessing)
    shown = _class_groups(known, cells)
    sentence = say_classes(strength, score, guessing, _shown_classes(known.names), shown, cells.by)
    return Relation(column.name, column.kind, strength, cells.by, score, guessing, sentence, shown)


def _relate_amount(known: _Target, column: Column, ways: Sequence[Cells]) -> Relation:
    tables = {id(cells): AmountTable.count(cells.codes, known.ranks, cells.n_cells) for cells in ways}
    strength, (cells, groups) = _best(ways, lambda cells, groups: tables[id(cells)].join(groups).strength)
    answers = tables[id(cells)].join(groups).answers(groups[cells.codes], known.ranks)
    guessing = _mean_error(known, np.full(len(known.ranks), 0.5))
    score = min(_mean_error(known, answers), guessing) if strength else guessing
    shown = _amount_groups(known, cells)
    sentence = say_amount(strength, score, guessing, known.name, shown, cells.by)
    return Relation(column.name, column.kind, strength, cells.by, score, guessing, sentence, shown)


def _best(ways: Sequence[Cells], score: Callable[[Cells, Codes], float]) -> tuple[float, Cutting]:
    """Return the cutting that tells most; the first one where several tell the same."""
    return max(((score(*cutting), cutting) for cutting in _cuttings(ways)), key=lambda pair: pair[0])


def _mean_error(known: _Target, ranks: Floats) -> float:
    """Return how far off the amounts at these ranks are on average, in the target's unit."""
    amounts = np.sort(known.amounts)
    guesses = np.interp(ranks, (np.arange(len(amounts)) + 0.5) / len(amounts), amounts)
    return float(np.abs(guesses - known.amounts).mean())


def _groups(cells: Cells) -> tuple[Codes, list[str]]:
    """Return for each row the group it is shown in, and the names of the groups."""
    joined = cells.joined(N_SHOWN if cells.ordered else N_SHOWN_LEVELS)
    held = np.bincount(cells.codes, minlength=cells.n_cells) > 0
    names = []
    for group in range(joined[-1]):
        members = np.flatnonzero((joined[:-1] == group) & held[:-1])
        names.append(cells.name(int(members[0]), int(members[-1])) if len(members) else "")
    return joined[cells.codes], [*names, MISSING]


def _class_groups(known: _Target, cells: Cells) -> tuple[TargetGroup, ...]:
    rows, names = _groups(cells)
    classes = np.minimum(known.classes, N_CLASSES_SHOWN - 1) if len(known.names) > N_CLASSES_SHOWN else known.classes
    n_classes = len(_shown_classes(known.names))
    counts = np.bincount(rows * n_classes + classes, minlength=len(names) * n_classes).reshape(-1, n_classes)
    return tuple(
        TargetGroup(name, int(found.sum()), tuple((found / found.sum()).tolist()))
        for name, found in zip(names, counts, strict=True)
        if found.sum()
    )


def _amount_groups(known: _Target, cells: Cells) -> tuple[TargetGroup, ...]:
    rows, names = _groups(cells)
    order = np.argsort(rows, kind="stable")
    borders = np.searchsorted(rows[order], np.arange(len(names) + 1))
    groups = []
    for name, start, end in zip(names, borders[:-1], borders[1:], strict=True):
        if end > start:
            low, middle, high = np.quantile(known.amounts[order[start:end]], (0.25, 0.5, 0.75)).tolist()
            groups.append(TargetGroup(name, int(end - start), low=low, middle=middle, high=high))
    return tuple(groups)
