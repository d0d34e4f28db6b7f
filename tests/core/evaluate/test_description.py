"""What a model gets right and wrong, as tables, curves, importances and sentences."""

import numpy as np
import pandas as pd
import pytest

from core.errors import LifecycleError
from core.evaluate import ScoredRows
from core.evaluate.curves import actual_and_predicted, confusion_matrix, precision_recall, roc
from core.evaluate.importance import permutation_importance
from core.evaluate.sentences import describe_quality


def rows_of(truth: list[str], answers: list[str], positive: str | None = None) -> ScoredRows:
    return ScoredRows(
        np.array(truth, dtype=object), np.array(answers, dtype=object), None, ("late", "on time"), positive
    )


def test_sentences_say_what_share_of_flags_is_right_and_how_many_are_found() -> None:
    truth = ["late"] * 10 + ["on time"] * 30
    answers = ["late"] * 6 + ["on time"] * 4 + ["late"] * 2 + ["on time"] * 28
    said = " ".join(describe_quality("binary", rows_of(truth, answers, "late"), "arrival"))
    assert "Of 100 rows for which it says arrival is 'late', 75 really are." in said
    assert "Of 100 rows whose arrival really is 'late', it finds 60." in said
    assert "It is right 85 times in 100; always saying 'on time' would be right 75 times." in said


def test_a_model_that_never_flags_is_described_without_dividing_by_zero() -> None:
    said = describe_quality("binary", rows_of(["late", "on time"], ["on time"] * 2, "late"), "arrival")
    assert said[0] == "It never says that arrival is 'late'."


def test_of_several_classes_the_hardest_is_named() -> None:
    rows = ScoredRows(np.array(list("aabbcc")), np.array(list("aabacc")), None, ("a", "b", "c"))
    assert "Hardest is 'b': of 100 such rows it finds 50." in describe_quality("multiclass", rows, "kind")


def test_numbers_are_described_in_their_own_unit() -> None:
    truth = np.array([10.0, 20.0, 30.0, 40.0])
    said = describe_quality("regression", ScoredRows(truth, truth + np.array([1, -1, 1, -1])), "weight")
    assert said[0] == "Half of its answers are within 1 of the true weight, nine of ten within 1."
    assert said[1] == "On average it is off by 1; always saying the middle value would be off by 10."


def test_the_confusion_matrix_counts_truth_by_rows_and_answers_by_columns() -> None:
    matrix = confusion_matrix(rows_of(["late", "late", "on time"], ["late", "on time", "on time"]))
    assert matrix.labels == ("late", "on time")
    assert matrix.counts == ((1, 1), (0, 1))


def test_a_confusion_matrix_of_many_classes_puts_the_rare_ones_together() -> None:
    truth = [f"c{number}" for number in range(30) for _ in range(30 - number)]
    labels = np.array(truth, dtype=object)
    matrix = confusion_matrix(ScoredRows(labels, labels, None, tuple(dict.fromkeys(truth))))
    assert len(matrix.labels) == 20
    assert matrix.labels[-1] == "all others"
    assert np.sum(matrix.counts) == len(truth)
    assert matrix.counts[-1][-1] == sum(range(1, 12))


def test_curves_run_from_corner_to_corner_with_their_area() -> None:
    rng = np.random.default_rng(0)
    truth = rng.random(5_000) < 0.4
    score = np.clip(truth * 0.2 + rng.random(5_000) * 0.8, 0, 1)
    rows = ScoredRows(np.where(truth, "b", "a"), np.where(score > 0.5, "b", "a"), np.c_[1 - score, score], ("a", "b"))
    curve = roc(rows)
    assert curve is not None
    assert (curve.x[0], curve.y[0], curve.x[-1], curve.y[-1]) == (0, 0, 1, 1)
    assert len(curve.x) <= 400
    assert curve.area == pytest.approx(np.trapezoid(curve.y, curve.x), abs=0.005)
    recall = precision_recall(rows)
    assert recall is not None
    assert recall.x[0] == 0
    assert recall.x[-1] == 1


def test_there_is_no_curve_of_a_single_class() -> None:
    rows = ScoredRows(np.array(["a"] * 3), np.array(["a"] * 3), np.full((3, 2), 0.5), ("a", "b"))
    assert roc(rows) is None
    assert precision_recall(rows) is None


def test_a_large_test_part_is_drawn_as_a_sample_of_pairs_that_belong_together() -> None:
    truth = np.arange(10_000.0)
    actual, predicted = actual_and_predicted(ScoredRows(truth, truth + 1))
    assert len(actual) == 2_000
    assert all(b == a + 1 for a, b in zip(actual, predicted, strict=True))


def frame_and_target() -> tuple[pd.DataFrame, pd.Series]:
    rng = np.random.default_rng(0)
    # "self" is a word Python functions know, too.
    frame = pd.DataFrame({"useful": rng.normal(size=400), "self": rng.normal(size=400), "name": ["x"] * 400})
    return frame, frame["useful"] * 2


def double_useful(frame: pd.DataFrame, target: pd.Series) -> ScoredRows:
    return ScoredRows(target, frame["useful"] * 2)


def minus_error(rows: ScoredRows) -> float:
    return -float(np.abs(rows.answers - rows.truth).mean())


def nothing() -> None: ...


def test_only_the_column_the_model_uses_is_important() -> None:
    found = permutation_importance(*frame_and_target(), double_useful, minus_error, check_stop=nothing)
    assert found[0].column == "useful"
    assert found[0].mean > 1
    assert {one.column: one.mean for one in found[1:]} == {"self": 0, "name": 0}


def test_columns_asked_about_together_matter_as_much_as_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = frame_and_target()
    together = permutation_importance(*rows, double_useful, minus_error, check_stop=nothing)
    monkeypatch.setattr("core.evaluate.importance.ROWS_A_CALL", 1)
    one_by_one = permutation_importance(*rows, double_useful, minus_error, check_stop=nothing)
    assert together == one_by_one


def test_few_calls_do_for_many_columns() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(100, 500))).add_prefix("c").rename(columns={"c0": "useful"})
    n_rows: list[int] = []

    def counting(rows: pd.DataFrame, target: pd.Series) -> ScoredRows:
        n_rows.append(len(rows))
        return double_useful(rows, target)

    found = permutation_importance(frame, frame["useful"] * 2, counting, minus_error, check_stop=nothing)
    assert found[0].column == "useful"
    assert len(found) == 500
    assert n_rows[:6] == [100, 10_000, 10_000, 10_000, 10_000, 10_000]
    assert len(n_rows) <= 1 + 5 * 5


def test_importance_stops_when_asked() -> None:
    def stop() -> None:
        raise LifecycleError("Stopped.")

    with pytest.raises(LifecycleError, match="Stopped"):
        permutation_importance(*frame_and_target(), double_useful, minus_error, check_stop=stop)
