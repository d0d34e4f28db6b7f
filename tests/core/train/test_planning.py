import pytest

from core import train
from core.errors import BadInputError
from core.train import CandidatePlan

ALL = [family.key for family in train.FAMILIES]


def plans(n_rows: int, n_columns: int = 20, budget_s: float = 120, task: str = "binary") -> dict[str, CandidatePlan]:
    return {plan.family: plan for plan in train.plan_candidates(task, ALL, n_rows, n_columns, budget_s)}


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)


def test_a_small_table_is_learned_from_whole_by_every_family() -> None:
    assert {plan.n_rows_used for plan in plans(1_000).values()} == {1_000}
    assert {plan.note for plan in plans(1_000).values()} == {""}


def test_a_family_too_slow_for_the_table_learns_from_a_sample_and_says_why() -> None:
    svm = plans(50_000)["svm"]
    assert 1_000 < svm.n_rows_used < 20_000
    assert svm.note.startswith(f"Learns from {svm.n_rows_used:,} of 50,000 rows, because all of them would take")


def test_a_family_too_slow_even_for_a_sample_is_left_out_and_says_why() -> None:
    svm = plans(50_000, n_columns=2_000, budget_s=10)["svm"]
    assert svm.left_out
    assert svm.note.startswith("Left out: with 50,000 rows all of them would take")


def test_a_table_too_wide_for_memory_is_sampled() -> None:
    tree = plans(100_000, n_columns=2_000, budget_s=36_000)["decision_tree"]
    assert tree.n_rows_used == 20_000
    assert "would not fit in memory" in tree.note


def test_what_is_planned_fits_the_budget() -> None:
    assert sum(plan.estimate_s for plan in plans(50_000).values()) <= 120 * 2


def test_time_that_quick_families_do_not_need_goes_to_the_slow_ones() -> None:
    alone = {plan.family: plan for plan in train.plan_candidates("binary", ["svm"], 50_000, 20, 60)}
    assert alone["svm"].n_rows_used > plans(50_000, budget_s=60)["svm"].n_rows_used


def test_more_time_means_more_rows() -> None:
    assert plans(50_000, budget_s=600)["svm"].n_rows_used > plans(50_000, budget_s=60)["svm"].n_rows_used


def test_guessing_is_always_among_the_candidates_and_comes_first() -> None:
    assert [plan.family for plan in train.plan_candidates("binary", ["linear"], 100, 5, 60)] == ["dummy", "linear"]
    assert plans(2_000_000, budget_s=5)["dummy"].n_rows_used == 2_000_000


def test_a_family_that_cannot_predict_numbers_is_left_out_in_words() -> None:
    naive_bayes = plans(1_000, task="regression")["naive_bayes"]
    assert naive_bayes.left_out
    assert naive_bayes.note == "Naive Bayes cannot predict numbers."


def test_an_unknown_family_is_refused() -> None:
    with pytest.raises(BadInputError, match="crystal_ball"):
        train.plan_candidates("binary", ["crystal_ball"], 100, 5, 60)
