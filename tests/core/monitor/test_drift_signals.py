"""Signals of their own: new categories, gaps, what lies outside, ages of dates; importance; what could be seen."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from core import deploy, monitor
from core.monitor.drift import Comparison, compare_counts
from core.monitor.measures import cramers_v, jensen_shannon, kolmogorov_smirnov, wasserstein
from core.monitor.significance import CountPair
from core.records import ColumnDrift, ModelVersion, Reference, ReferenceColumn
from core.store import Store
from tests.core.monitor.conftest import START, as_current, make_reference, make_window


def draw(n_rows: int, seed: int, years: float = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    seconds = rng.integers(0, int(years * 365 * 86_400), n_rows).astype("timedelta64[s]")
    return pd.DataFrame(
        {
            "temperature": 20 + 5 * rng.standard_normal(n_rows),
            "town": pd.Series([f"town {number}" for number in rng.zipf(1.5, n_rows) % 60], dtype="str"),
            "day": (np.datetime64("2020-01-01T00:00:00") + seconds).astype("datetime64[us]"),
        }
    )


def answers(n_rows: int, seed: int) -> list[str]:
    return np.random.default_rng(seed).choice(["no", "yes"], n_rows, p=[0.7, 0.3]).tolist()


@pytest.fixture(scope="module")
def reference() -> Reference:
    return make_reference(draw(20_000, 0), answers(2_000, 0))


def compare(reference: Reference, frame: pd.DataFrame) -> dict[str, ColumnDrift]:
    found = compare_counts(reference, as_current(make_window(reference, frame, answers(len(frame), 7))))
    return {column.name: column for column in found.columns}


def drifted_signals(column: ColumnDrift) -> set[str]:
    return {signal.kind for signal in column.signals if signal.drifted}


def test_categories_never_seen_are_a_signal_even_among_many_that_are_not_listed(reference: Reference) -> None:
    live = draw(3_000, 1)
    assert drifted_signals(compare(reference, live)["town"]) == set()
    live.loc[::40, "town"] = "town of tomorrow"
    found = compare(reference, live)["town"]
    assert "new" in drifted_signals(found)
    signal = next(one for one in found.signals if one.kind == "new")
    assert signal.now == pytest.approx(0.025, abs=0.002)


def test_gaps_are_a_signal_apart_from_the_values(reference: Reference) -> None:
    live = draw(3_000, 2)
    live.loc[::20, "temperature"] = np.nan
    found = compare(reference, live)["temperature"]
    assert drifted_signals(found) == {"missing"}
    assert "missing values make up 5 % of rows" in found.sentence


def test_the_average_is_told_in_the_unit_of_the_column(reference: Reference) -> None:
    live = draw(3_000, 3)
    live["temperature"] -= 6
    found = compare(reference, live)["temperature"]
    assert found.outcome == "drifted"
    assert found.difference.startswith("On average 'temperature' is 6")
    assert " lower than when the model learnt (1" in found.difference
    assert compare(reference, draw(3_000, 4))["temperature"].difference == ""


def test_an_average_far_outside_what_was_learnt_is_still_exact(reference: Reference) -> None:
    live = draw(3_000, 5)
    live["temperature"] = live["temperature"] * 9 / 5 + 32
    assert f"({live['temperature'].mean():.3g} instead of" in compare(reference, live)["temperature"].difference


def test_dates_later_than_all_learnt_from_are_told_and_no_alarm(reference: Reference) -> None:
    live = draw(3_000, 6)
    live["day"] += pd.Timedelta(days=3 * 365)
    found = compare(reference, live)["day"]
    assert found.outcome == "stable"
    assert found.sentence.startswith("day: 100 % of rows are later than 3")
    assert found.current_share[-2] == 1.0
    early = draw(3_000, 6)
    early["day"] -= pd.Timedelta(days=200)
    assert drifted_signals(compare(reference, early)["day"]) >= {"outside"}


def test_dates_that_get_old_before_they_are_asked_about_are_found(reference: Reference) -> None:
    window = make_window(reference, draw(3_000, 8), answers(3_000, 1))
    fresh = replace(window, ages={"day": (0, 0, 10, 2_900, 90, 0, 0, 0, 0, 0)})
    stuck = replace(window, ages={"day": (0, 0, 0, 0, 100, 2_900, 0, 0, 0, 0)})
    same = compare_counts(reference, replace(as_current(fresh), earlier=fresh)).columns[2]
    assert same.outcome == "stable"
    found = compare_counts(reference, replace(as_current(stuck), earlier=fresh)).columns[2]
    assert drifted_signals(found) == {"age"}
    assert found.sentence == (
        "day: dates are typically under a week old when asked about; before they were under an hour old."
    )


def test_the_smallest_change_that_could_be_seen_is_one_that_is_seen(reference: Reference) -> None:
    quiet = compare(reference, draw(1_000, 9))["temperature"]
    assert quiet.smallest_change is not None
    assert "standard deviations, to be noticed" in quiet.smallest_sentence
    seen = 0
    for seed in range(40):
        live = draw(1_000, 100 + seed)
        live["temperature"] += quiet.smallest_change
        seen += compare(reference, live)["temperature"].outcome == "drifted"
    assert 24 <= seen <= 40
    many = compare(reference, draw(50_000, 10))["temperature"]
    assert many.smallest_change is not None
    assert many.smallest_change < quiet.smallest_change


def test_how_sure_the_model_is_is_watched_where_it_says(reference: Reference) -> None:
    rng = np.random.default_rng(0)
    sure = rng.beta(2, 5, 4_000)
    proba = np.column_stack([1 - sure, sure])
    scores = deploy.choose_scores(proba, ("no", "yes"))
    assert scores is not None
    assert scores.of_class == "yes"
    built = replace(reference, score=make_score(sure), score_class="yes")

    def with_scores(values: np.ndarray) -> Comparison:
        window = make_window(reference, draw(2_000, 11), answers(2_000, 2))
        counted = deploy.count_scores(built, [{"no": 1 - value, "yes": value} for value in values])
        return compare_counts(built, as_current(replace(window, scores=counted)))

    calm, moved = with_scores(rng.beta(2, 5, 2_000)), with_scores(rng.beta(5, 2, 2_000))
    assert calm.score is not None
    assert moved.score is not None
    assert (calm.score.outcome, moved.score.outcome) == ("stable", "drifted")
    assert compare_counts(reference, as_current(make_window(reference, draw(200, 1), answers(200, 2)))).score is None


def make_score(values: np.ndarray) -> ReferenceColumn:
    built = make_reference(pd.DataFrame({deploy.SCORE: values}), ["no", "yes"])
    return built.columns[0]


def test_measures_agree_with_scipy_on_the_same_counts() -> None:
    reference, current = np.array([10, 40, 30, 20, 0]), np.array([20, 30, 25, 25, 0])
    pair = CountPair(reference, current, ordered=True)
    middles = [1.0, 2.0, 4.0, 8.0]
    places = np.repeat(np.array(middles), reference[:-1]), np.repeat(np.array(middles), current[:-1])
    assert wasserstein(pair, middles) == pytest.approx(stats.wasserstein_distance(*places))
    assert kolmogorov_smirnov(pair) == pytest.approx(stats.ks_2samp(*places).statistic)
    p, q = reference / 100, current / 100
    middle = (p + q) / 2
    assert jensen_shannon(pair) == pytest.approx(
        np.sqrt((stats.entropy(p, middle, base=2) + stats.entropy(q, middle, base=2)) / 2)
    )
    table = np.vstack([reference, current])[:, :-1]
    assert cramers_v(pair) == pytest.approx(np.sqrt(stats.chi2_contingency(table, correction=False)[0] / 200))


def test_a_clock_set_forward_does_not_stand_for_the_newest_traffic(
    store: Store, reference: Reference, make_live: Callable[..., ModelVersion]
) -> None:
    model = make_live(reference)
    now = START + timedelta(hours=1)
    past = [make_window(reference, draw(1_000, 20 + minute), answers(1_000, minute), minute) for minute in range(3)]
    odd = make_window(reference, draw(2_500, 30).assign(temperature=99.0), answers(2_500, 3))
    future = replace(odd, started_at=now + timedelta(days=400))
    store.log.append([], [replace(one, model_version_id=model.id) for one in (*past, future)])
    report = monitor.drift(store, "p", now=now)
    assert (report.n_drifted, report.n_rows, report.n_rows_future) == (0, 2_000, 2_500)
    later = monitor.drift(store, "p", now=now + timedelta(days=401))
    assert (later.n_drifted, later.n_rows_future) == (1, 0)


def test_a_clock_set_back_counts_in_the_earlier_minute_and_loses_nothing(
    store: Store, reference: Reference, make_live: Callable[..., ModelVersion]
) -> None:
    model = make_live(reference)
    windows = [make_window(reference, draw(1_000, minute), answers(1_000, 1), minute) for minute in (5, 6, 5)]
    for window in windows:
        store.log.append([], [replace(window, model_version_id=model.id)])
    assert [one.n_rows for one in store.log.windows("p")] == [2_000, 1_000]
    assert monitor.drift(store, "p", since=START, now=START + timedelta(hours=1)).n_rows == 3_000
