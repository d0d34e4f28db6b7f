"""What labels teach of rows like theirs."""

import numpy as np
import pytest
from scipy import special

from core.monitor.local_correction import FEWEST_ROWS_A_LEAF, learn_local_correction


def test_a_shift_is_found_where_it_is_and_nowhere_else() -> None:
    rng = np.random.default_rng(0)
    x = rng.random((2_000, 1))
    logits = np.full(2_000, 2.0)
    is_right = rng.random(2_000) < np.where(x[:, 0] > 0.5, 0.3, special.expit(2.0))
    found = special.expit(2.0 + learn_local_correction(x, logits, is_right).shift(np.array([[0.2], [0.8]], np.float32)))
    assert found == pytest.approx([special.expit(2.0), 0.3], abs=0.06)


def test_chances_that_are_right_are_left_nearly_as_they_are() -> None:
    rng = np.random.default_rng(1)
    x, logits = rng.random((2_000, 3)).astype(np.float32), rng.normal(1, 1, 2_000)
    is_right = rng.random(2_000) < special.expit(logits)
    shifted = special.expit(logits + learn_local_correction(x, logits, is_right).shift(x))
    assert shifted.mean() == pytest.approx(is_right.mean(), abs=0.01)
    assert np.abs(shifted - special.expit(logits)).mean() < 0.08


def test_few_labels_teach_nothing() -> None:
    n_rows = 2 * FEWEST_ROWS_A_LEAF - 1
    learnt = learn_local_correction(np.zeros((n_rows, 1)), np.zeros(n_rows), np.zeros(n_rows, dtype=bool))
    assert learnt.shift(np.zeros((3, 1), dtype=np.float32)).tolist() == [0.0, 0.0, 0.0]


def test_values_missing_only_in_the_new_rows_are_no_trouble() -> None:
    x = np.linspace(0, 1, 200)[:, None]
    learnt = learn_local_correction(x, np.zeros(200), x[:, 0] > 0.5)
    assert np.isfinite(learnt.shift(np.array([[np.nan]], dtype=np.float32))).all()


def test_labels_that_came_turn_the_correction_although_the_rows_are_the_same() -> None:
    x, logits = np.linspace(0, 1, 200)[:, None], np.zeros(200)
    right = learn_local_correction(x, logits, np.ones(200, dtype=bool)).shift(x.astype(np.float32))
    wrong = learn_local_correction(x, logits, np.zeros(200, dtype=bool)).shift(x.astype(np.float32))
    assert (right > 0).all()
    assert (wrong < 0).all()
