"""The task a target asks for, and targets nothing can be learned from."""

import numpy as np
import pandas as pd
import pytest

from core import plan
from core.errors import BadInputError

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("values", "task", "classes"),
    [
        (["yes", "no", "yes"] * 10, "binary", ("no", "yes")),
        ([0, 1, 1, 0] * 10, "binary", ("0", "1")),
        ([0.0, 1.0, np.nan] * 10, "binary", ("0", "1")),
        ([True, False, None] * 10, "binary", ("False", "True")),
        ([1, 2] * 10, "binary", ("1", "2")),
        (["a", "b", "c"] * 10, "multiclass", ("a", "b", "c")),
        ([1, 2, 3, 5, 6, 7] * 10, "multiclass", ("1", "2", "3", "5", "6", "7")),
        ([10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22] * 10, "regression", ()),
        (RANDOM.normal(size=50), "regression", ()),
        ([1.5, 2.5, 3.5] * 10, "regression", ()),
        ([1, 2, 3, 4, 5], "regression", ()),
        ([0] * 90 + [1] * 60 + [2] * 40 + [3] * 20 + [4] * 10 + [5] * 5, "regression", ()),
    ],
)
def test_the_task_is_seen_from_the_values(values: list[object], task: str, classes: tuple[str, ...]) -> None:
    guess = plan.recognise_task(pd.Series(values, name="y"))
    assert (guess.task, guess.classes) == (task, classes)
    assert "'y'" in guess.reason


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([], "0 rows with a value"),
        ([None, None, "a"], "1 row with a value"),
        (["same"] * 20, "the same value, 'same'"),
        ([f"text {number}" for number in range(50)], "different text in each of its 50 rows"),
        ([f"text {number // 2}" for number in range(100_000)], "50,000 different texts"),
        ([f"text {number}" for number in range(50)] * 1 + ["text 1"], "most are never seen twice"),
        (pd.date_range("2024-01-01", periods=20), "holds dates"),
    ],
)
def test_targets_nothing_can_be_learned_from_are_declined_in_words(values: list[object], words: str) -> None:
    with pytest.raises(BadInputError, match=words) as caught:
        plan.recognise_task(pd.Series(values, name="y", dtype=object if not len(values) else None))
    assert caught.value.hint
