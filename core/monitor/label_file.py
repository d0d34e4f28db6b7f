"""Labels from a file: whoever knows the truth by now hands in a table of prediction ids and true values."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import collect, deploy
from core.errors import BadInputError
from core.monitor.drift import live_version_id
from core.prepare import label_text
from core.records import Label, LabelRecord
from core.store import Store

ID_NAMES = ("id", "prediction_id", "prediction id")
LABEL_NAMES = ("label", "truth", "true value", "actual", "value")
MOST_ROWS = 200_000
AT_ONCE = 2_000
SHOWN = 5


@dataclass(frozen=True)
class LabelFile:
    """What became of the rows of a file of labels; each is counted once.

    `n_repeated`: rows whose id comes again further down, where the last one counts. `unknown` are some of the ids that
    are no prediction of the project.
    """

    n_rows: int
    n_stored: int
    n_unknown: int
    n_unreadable: int
    n_repeated: int
    unknown: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """The same in words."""
        told = f"{self.n_stored:,} of {self.n_rows:,} rows are stored as the truth."
        left = (
            (self.n_unknown, "name a prediction that is not in this project's log"),
            (self.n_unreadable, "have no id, or no true value of the right kind"),
            (self.n_repeated, "are followed by another row for the same prediction, which counts"),
        )
        return " ".join([told, *(f"{n_rows:,} {words}." for n_rows, words in left if n_rows)])


def add_label_file(
    store: Store,
    project_id: str,
    path: Path,
    *,
    filename: str,
    by: str,
    report: Callable[[float], None] = lambda _share: None,
) -> LabelFile:
    """Store the labels of a file of any kind that Collect reads, and return what became of each row.

    The column of ids is called id or prediction_id, that of labels label, truth, actual, value or as the target.

    Parameters
    ----------
    report : callable
        Told the share that is done, in [0, 1].

    Raises
    ------
    BadInputError
        When the file cannot be read, has more than 200,000 rows, or no such columns.
    NotReadyError
        When no model is live.
    """
    prototype = deploy.load_prototype(store, live_version_id(store, project_id))
    table, _ = collect.read_table(path, filename)
    if table.num_rows > MOST_ROWS:
        raise BadInputError(
            f"The file has {table.num_rows:,} rows; at most {MOST_ROWS:,} are taken at a time.", "Hand it in in parts."
        )
    names = (_choose(table.column_names, ID_NAMES), _choose(table.column_names, (*LABEL_NAMES, prototype.target)))
    pairs = zip(*(table.column(name).to_pylist() for name in names), strict=True)
    is_number = prototype.task == "regression"
    read = [(_read_id(one), _read(value, is_number)) for one, value in pairs]
    readable = [(one, label) for one, label in read if one and label is not None]
    newest = dict(readable)
    labels = [LabelRecord(one, project_id, label, source="person", given_by=by) for one, label in newest.items()]
    n_stored, unknown = _store(store, labels, report)
    n_unreadable, n_repeated = table.num_rows - len(readable), len(readable) - len(newest)
    return LabelFile(table.num_rows, n_stored, len(unknown), n_unreadable, n_repeated, tuple(unknown[:SHOWN]))


def _choose(present: Sequence[str], wanted: Sequence[str]) -> str:
    found = [name for name in present if name.strip().lower() in {one.lower() for one in wanted}]
    if len(found) == 1:
        return found[0]
    problem = "more than one column" if found else "no column"
    raise BadInputError(
        f"The file has {problem} called {' or '.join(wanted[:2])}.",
        "It needs two columns: id, the prediction's id from the service's answer, and label, the true value.",
    )


def _read_id(value: Any) -> str:
    return (label_text(value) or "").strip()


def _read(value: Any, is_number: bool) -> Label | None:
    """Return a label as predictions are: classes as text, amounts as finite numbers; None if it is neither."""
    if not is_number:
        return label_text(value) or None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _store(store: Store, labels: list[LabelRecord], report: Callable[[float], None]) -> tuple[int, list[str]]:
    n_stored, unknown = 0, list[str]()
    for start in range(0, len(labels), AT_ONCE):
        stored, strange = store.log.add_labels(labels[start : start + AT_ONCE])
        n_stored, unknown = n_stored + stored, [*unknown, *strange]
        report(min(1.0, (start + AT_ONCE) / len(labels)))
    return n_stored, unknown
