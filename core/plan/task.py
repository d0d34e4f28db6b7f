"""Which kind of question does a target column ask: one of two, one of several, or how much?"""

import numpy as np
import pandas as pd

from core.errors import BadInputError
from core.records import TaskGuess

MAX_NUMBER_CLASSES = 12
"""More different whole numbers than this are an amount, not names of classes."""
MIN_ROWS_PER_NUMBER_CLASS = 5
MAX_CLASSES = 1_000
MIN_ROWS = 2
HINT = "Choose another column as the target."


def recognise_task(target: pd.Series) -> TaskGuess:
    """Return the task a target column asks for, with the reason in words.

    Two different values make a binary task. Words make classes. Numbers are an amount (regression), unless they are
    few whole numbers (at most `MAX_NUMBER_CLASSES`) that do not look like counts.

    Parameters
    ----------
    target : pd.Series
        The target column as `collect.load_frame` gives it; missing values are left out.

    Raises
    ------
    BadInputError
        When nothing can be learned from the column: no values, one value, a different text in each row, more than
        `MAX_CLASSES` classes, or dates.
    """
    name = f"Column '{target.name}'"
    present = target.dropna()
    if len(present) < MIN_ROWS:
        raise BadInputError(f"{name} holds {_rows(len(present))} with a value; there is nothing to learn.", HINT)
    if pd.api.types.is_datetime64_any_dtype(present):
        raise BadInputError(f"{name} holds dates; a date itself cannot be predicted.", HINT)
    counts = present.value_counts()
    if len(counts) == 1:
        raise BadInputError(
            f"{name} holds the same value, '{counts.index[0]}', in every row; there is nothing to tell apart.", HINT
        )
    if len(counts) == 2:
        return TaskGuess("binary", f"{name} holds two different values: one of two is asked for.", _classes(counts))
    if pd.api.types.is_numeric_dtype(present):
        return _recognise_numbers(name, counts)
    return _recognise_words(name, counts)


def _recognise_numbers(name: str, counts: "pd.Series[int]") -> TaskGuess:
    values = counts.sort_index()
    numbers = values.index.to_numpy(dtype=float)
    whole = bool((numbers == np.floor(numbers)).all())
    few = len(values) <= MAX_NUMBER_CLASSES and values.sum() >= MIN_ROWS_PER_NUMBER_CLASS * len(values)
    if whole and few and not _looks_like_counts(values):
        return TaskGuess(
            "multiclass",
            f"{name} holds {len(values)} different whole numbers, which look like names of classes.",
            _classes(counts),
        )
    return TaskGuess("regression", f"{name} holds {len(values):,} different numbers: how much is asked for.")


def _looks_like_counts(values: "pd.Series[int]") -> bool:
    """Whether 0, 1, 2, ... (six or more) occur ever more rarely: how often something happened, not which kind it is.

    Six classes in an arbitrary order fall like that in 1 of 720 cases.
    """
    in_a_row = len(values) >= 6 and values.index.to_numpy(dtype=float).tolist() == list(range(len(values)))
    return in_a_row and bool((np.diff(values.to_numpy()) < 0).all())


def _recognise_words(name: str, counts: "pd.Series[int]") -> TaskGuess:
    n_rows = int(counts.sum())
    if counts.iloc[0] == 1:
        raise BadInputError(
            f"{name} holds a different text in each of its {_rows(n_rows)}; nothing is ever seen twice to learn from.",
            HINT,
        )
    if len(counts) > MAX_CLASSES:
        raise BadInputError(
            f"{name} holds {len(counts):,} different texts; at most {MAX_CLASSES:,} classes can be told apart.",
            "Choose another column as the target, or group its values before uploading.",
        )
    if len(counts) > n_rows / 2:
        raise BadInputError(
            f"{name} holds {len(counts):,} different texts in {_rows(n_rows)}; most are never seen twice.",
            "Choose another column as the target, or group its values before uploading.",
        )
    return TaskGuess("multiclass", f"{name} holds {len(counts)} different words: one of several.", _classes(counts))


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _classes(counts: "pd.Series[int]") -> tuple[str, ...]:
    """Name the classes as text, in their natural order where they have one."""
    try:
        ordered = sorted(counts.index)
    except TypeError:
        ordered = sorted(counts.index, key=str)
    return tuple(f"{value:g}" if isinstance(value, float) else str(value) for value in ordered)
