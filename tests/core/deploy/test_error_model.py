"""What the test rows teach about a model's errors, and what that says of other rows."""

import numpy as np
import pandas as pd
import pytest

from core import deploy
from core.deploy.error_model import FEWEST_ROWS
from core.evaluate import ScoredRows
from core.records import Reference, ReferenceColumn
from core.store import record_from_json, record_to_json

N_ROWS = 2_000


def make_reference() -> Reference:
    edges = (-1e-9, 0.25, 0.5, 0.75, 1.0)
    inside = ReferenceColumn("x", "number", edges=edges, counts=(0, 250, 250, 250, 250, 0, 0))
    kind = ReferenceColumn("kind", "category", categories=("a", "b"), counts=(600, 400, 0, 0))
    return Reference((inside, kind), ReferenceColumn("y", "number"), 1_000)


def make_inputs(seed: int, n_rows: int = N_ROWS) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame({"x": rng.random(n_rows), "kind": rng.choice(["a", "b"], n_rows)})


def boastful(seed: int) -> tuple[pd.DataFrame, ScoredRows]:
    """Return answers of a model that is right as often as x, but says it is surer than that."""
    inputs = make_inputs(seed)
    true_proba = 0.5 + inputs["x"].to_numpy() / 2
    rng = np.random.default_rng(seed + 1)
    truth = np.where(rng.random(len(inputs)) < true_proba, "yes", "no")
    said = 1 - (1 - true_proba) / 4
    return inputs, ScoredRows(truth, np.full(len(inputs), "yes"), np.column_stack([1 - said, said]), ("no", "yes"))


def test_a_model_that_is_surer_than_it_is_right_is_corrected_on_rows_it_was_not_learnt_from() -> None:
    inputs, rows = boastful(0)
    errors = deploy.learn_errors("binary", make_reference(), inputs, rows)
    assert errors is not None
    _, others = boastful(10)
    assert others.y_proba is not None
    corrected = deploy.calibrate(others.y_proba, errors.curves)
    assert np.allclose(corrected.sum(axis=1), 1)
    share_right = float((others.truth == "yes").mean())
    assert others.y_proba[:, 1].mean() > share_right + 0.1
    assert corrected[:, 1].mean() == pytest.approx(share_right, abs=0.02)


def test_probabilities_that_are_right_as_they_are_stay_so() -> None:
    rng = np.random.default_rng(0)
    proba = rng.random(200)
    truth = np.where(rng.random(200) < proba, "yes", "no")
    rows = ScoredRows(truth, np.full(200, "yes"), np.column_stack([1 - proba, proba]), ("no", "yes"))
    errors = deploy.learn_errors("binary", make_reference(), make_inputs(0, 200), rows)
    assert errors is not None
    assert errors.curves == ()
    assert rows.y_proba is not None
    assert deploy.calibrate(rows.y_proba, errors.curves) is rows.y_proba


def test_the_error_of_numbers_is_expected_to_be_large_where_it_was_large() -> None:
    def answers(seed: int) -> tuple[pd.DataFrame, ScoredRows]:
        inputs = make_inputs(seed)
        spread = np.where(inputs["kind"] == "a", 1.0, 10.0)
        truth = 100 + np.random.default_rng(seed + 1).normal(0, spread)
        return inputs, ScoredRows(truth, np.full(N_ROWS, 100.0))

    reference = make_reference()
    errors = deploy.learn_errors("regression", reference, *answers(0))
    assert errors is not None
    inputs, others = answers(7)
    codes = deploy.bin_codes(reference, inputs)
    expected = deploy.expected_distance(errors.tree, np.column_stack([others.answers, codes]))
    distance = np.abs(others.truth - others.answers)
    for kind in ("a", "b"):
        rows = (inputs["kind"] == kind).to_numpy()
        assert expected[rows].mean() == pytest.approx(distance[rows].mean(), rel=0.1)
    assert record_from_json(type(errors), record_to_json(errors)) == errors


def test_few_test_rows_or_no_probabilities_teach_nothing() -> None:
    inputs, rows = boastful(0)
    few = rows.part(0, FEWEST_ROWS - 1)
    assert deploy.learn_errors("binary", make_reference(), inputs.head(FEWEST_ROWS - 1), few) is None
    silent = ScoredRows(rows.truth, rows.answers, None, ("no", "yes"))
    assert deploy.learn_errors("binary", make_reference(), inputs, silent) is None


def test_rows_beyond_all_that_was_learnt_from_are_found_one_by_one() -> None:
    reference = make_reference()
    rows = pd.DataFrame({"x": [0.5, 2.0, -1.0, 0.1, None], "kind": ["a", "b", "a", "new", "b"]})
    codes = deploy.bin_codes(reference, rows)
    assert codes[:, 0].tolist() == [2, 5, 0, 1, 6]
    assert codes[:, 1].tolist() == [0, 1, 0, 2, 1]
    assert deploy.are_outside(reference, codes).tolist() == [False, True, True, True, True]
