"""Drift with a known truth: what moved is found and named, what did not move raises no alarm."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core import monitor
from core.errors import NotReadyError
from core.monitor.current_window import CURRENT_ROWS, CurrentWindow
from core.monitor.drift import compare_counts
from core.monitor.measures import stability_index
from core.monitor.significance import CountPair, correct_over_columns
from core.records import ColumnDrift, ModelVersion, Reference
from core.store import Store, add_windows
from tests.core.monitor.conftest import as_current, make_reference, make_window

N_LEARNED = 4_000


def draw(n_rows: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "temperature": 20 + 5 * rng.standard_normal(n_rows),
            "delay": rng.exponential(10, n_rows).round(1),
            "passengers": rng.integers(0, 6, n_rows),
            "origin": pd.Series(rng.choice(["EWR", "JFK", "LGA"], n_rows, p=[0.4, 0.4, 0.2]), dtype="str"),
            "tail": pd.Series([f"N{number}" for number in rng.zipf(1.6, n_rows) % 500], dtype="str"),
        }
    )


def answers(n_rows: int, seed: int, share_yes: float = 0.3) -> list[str]:
    return np.random.default_rng(seed).choice(["no", "yes"], n_rows, p=[1 - share_yes, share_yes]).tolist()


@pytest.fixture(scope="module")
def reference() -> Reference:
    return make_reference(draw(N_LEARNED, 0), answers(1_000, 0))


def compare(reference: Reference, frame: pd.DataFrame, predictions: list[str] | None = None) -> dict[str, ColumnDrift]:
    window = make_window(reference, frame, predictions or answers(len(frame), 99))
    found = compare_counts(reference, as_current(window))
    return {column.name: column for column in (*found.columns, found.prediction)}


def names_of_drifted(found: dict[str, ColumnDrift]) -> set[str]:
    return {name for name, column in found.items() if column.outcome == "drifted"}


@pytest.mark.parametrize("n_learned", [150, 4_000])
def test_rows_like_those_learned_from_raise_an_alarm_in_at_most_one_of_a_hundred_windows(n_learned: int) -> None:
    alarms = 0
    for seed in range(100, 300):
        if seed % 10 == 0:
            built = make_reference(draw(n_learned, seed), answers(n_learned, seed))
        window = make_window(built, draw(500, 1_000 + seed), answers(500, 2_000 + seed))
        found = compare_counts(built, as_current(window))
        alarms += any(column.outcome == "drifted" for column in (*found.columns, found.prediction))
    assert alarms <= 2


def test_looking_again_and_again_does_not_add_up_to_a_false_alarm(reference: Reference) -> None:
    total, alarms = None, 0
    for look in range(1, 51):
        window = make_window(reference, draw(500, 5_000 + look), answers(500, look))
        total = window if total is None else add_windows(total, window)
        current = CurrentWindow(window, look, None, None)
        found = compare_counts(reference, current)
        alarms += any(column.outcome == "drifted" for column in (*found.columns, found.prediction))
    assert alarms == 0


def test_a_small_shift_of_one_column_is_found_and_only_that_column(reference: Reference) -> None:
    for seed in range(20):
        live = draw(5_000, 300 + seed)
        live["temperature"] += 1.5  # 0.3 standard deviations
        assert names_of_drifted(compare(reference, live)) == {"temperature"}


def test_a_certain_but_tiny_shift_is_not_worth_a_word(reference: Reference) -> None:
    rng = np.random.default_rng(3)
    learned = pd.DataFrame({"x": rng.standard_normal(1_000_000)})
    built = make_reference(learned, answers(1_000, 0))
    live = pd.DataFrame({"x": 0.05 + rng.standard_normal(200_000)})
    window = make_window(built, live, answers(len(live), 1))
    (column,) = compare_counts(built, as_current(window)).columns
    assert column.p_value is not None
    assert column.p_value < 1e-6
    assert column.outcome == "stable"


def test_a_change_of_unit_is_found(reference: Reference) -> None:
    live = draw(1_000, 7)
    live["temperature"] = live["temperature"] * 9 / 5 + 32
    found = compare(reference, live)
    assert names_of_drifted(found) == {"temperature"}
    assert found["temperature"].sentence.startswith("temperature: 100 % of rows are above 3")
    assert found["temperature"].sentence.endswith(", outside what the model saw.")


def test_a_shift_within_the_learned_range_is_told_with_a_border_and_both_shares(reference: Reference) -> None:
    live = draw(2_000, 17)
    live["delay"] = live["delay"] * 2
    sentence = compare(reference, live)["delay"].sentence
    assert sentence.startswith("delay: values above ")
    assert "times as often as when the model learnt" in sentence
    assert " of rows instead of " in sentence


def test_rows_beyond_everything_learned_are_told_as_outside(reference: Reference) -> None:
    live = draw(1_000, 8).assign(passengers=9)
    found = compare(reference, live)
    assert found["passengers"].sentence == "passengers: 100 % of rows are above 5, outside what the model saw."


def test_a_burst_of_missing_values_is_told_as_such(reference: Reference) -> None:
    live = draw(600, 9)
    live.loc[:59, "delay"] = np.nan
    found = compare(reference, live)
    assert names_of_drifted(found) == {"delay"}
    assert found["delay"].sentence.startswith("delay: missing values make up 10 % of rows")


def test_a_few_percent_of_a_new_category_are_found(reference: Reference) -> None:
    live = draw(1_000, 10)
    live.loc[:39, "origin"] = "ZRH"
    found = compare(reference, live)
    assert names_of_drifted(found) == {"origin"}
    assert found["origin"].sentence.startswith("origin: other values make up 4 % of rows")
    assert found["origin"].bins[-2:] == ("all others", "missing")


def test_a_category_that_came_more_often_is_named(reference: Reference) -> None:
    live = draw(1_000, 11).assign(origin="LGA")
    assert "'LGA' came 4.9 times as often" in compare(reference, live)["origin"].sentence


def test_predictions_that_moved_are_reported_apart_from_the_inputs(reference: Reference) -> None:
    found = compare(reference, draw(1_000, 12), answers(1_000, 1, share_yes=0.6))
    assert names_of_drifted(found) == {"y"}


def test_too_few_rows_are_a_verdict_that_says_how_many_more(reference: Reference) -> None:
    window = make_window(reference, draw(30, 13), answers(30, 1))
    found = compare_counts(reference, as_current(window))
    columns, n_missing = found.columns, found.n_missing
    assert {column.outcome for column in columns} == {"not_enough_data"}
    assert n_missing > 100
    assert all("more are needed" in column.sentence for column in columns)
    enough = make_window(reference, draw(30 + n_missing, 14), answers(30 + n_missing, 2))
    found = compare_counts(reference, as_current(enough))
    columns, n_missing = found.columns, found.n_missing
    assert n_missing == 0
    assert {column.outcome for column in columns} == {"stable"}


def test_a_small_reference_can_still_give_a_verdict() -> None:
    built = make_reference(draw(100, 15), answers(100, 0))
    n_missing = compare_counts(built, as_current(make_window(built, draw(100, 16), answers(100, 1)))).n_missing
    assert n_missing == 0


def test_the_index_of_equal_shares_is_zero_and_grows_with_the_shift() -> None:
    counts = np.array([100, 200, 300, 0])
    assert stability_index(CountPair(counts, counts * 7, True)) == 0
    small, large = np.array([120, 200, 280, 0]), np.array([300, 200, 100, 0])
    assert 0 < stability_index(CountPair(counts, small * 9, True)) < stability_index(CountPair(counts, large, True))


def test_holm_correction_follows_the_textbook() -> None:
    corrected = correct_over_columns(np.array([0.01, 0.04, 0.03, 0.005]))
    assert corrected.tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_drift_is_read_from_the_newest_rows_so_that_long_healthy_traffic_hides_nothing(
    store: Store, reference: Reference, make_live: Callable[..., ModelVersion]
) -> None:
    model = make_live(reference)
    healthy = [make_window(reference, draw(1_000, 40 + minute), answers(1_000, minute), minute) for minute in range(20)]
    odd = [
        make_window(reference, draw(1_000, 70 + minute).assign(origin="LGA"), answers(1_000, minute), minute)
        for minute in range(20, 22)
    ]
    store.log.append([], [replace(window, model_version_id=model.id) for window in (*healthy, *odd)])
    report = monitor.drift(store, "p")
    assert report.n_rows == CURRENT_ROWS
    assert [column.name for column in report.columns if column.outcome == "drifted"] == ["origin"]
    assert report.n_drifted == 1
    assert "'origin'" in report.sentence
    assert report.started_at == odd[0].started_at
    everything = monitor.drift(store, "p", since=healthy[0].started_at)
    assert everything.n_rows == 22_000


def test_drift_needs_live_predictions(
    store: Store, reference: Reference, make_live: Callable[..., ModelVersion]
) -> None:
    with pytest.raises(NotReadyError, match="No model is live"):
        monitor.drift(store, "p")
    make_live(reference)
    report = monitor.drift(store, "p")
    assert report.n_rows == 0
    assert report.n_rows_missing > 0
    assert report.sentence.startswith("Not enough data yet: 0 rows so far")
