"""When rows come: the shape that was asked for, in the mean as many as were asked for, the same for the same seed."""

from itertools import pairwise

import numpy as np
import pytest

from core.simulate.traffic import MINUTES_A_DAY, MINUTES_A_WEEK, SHAPES, say_clock, send_times, weigh_minutes

AN_HOUR_A_MINUTE = 60.0
WEEK_S = MINUTES_A_WEEK * 60 / AN_HOUR_A_MINUTE


def rows_of_a_week(shape: str, rows_per_second: float = 5.0, random_state: int = 0) -> np.ndarray:
    """Return when the rows of two simulated weeks come, in simulated hours from Monday 08:00."""
    n_rows = round(rows_per_second * WEEK_S * 2)
    times = send_times(
        shape, n_rows, rows_per_second=rows_per_second, speed_up=AN_HOUR_A_MINUTE, random_state=random_state
    )
    return times * AN_HOUR_A_MINUTE / 3_600


@pytest.mark.parametrize("shape", SHAPES)
def test_times_rise_and_a_week_has_as_many_rows_as_were_asked_for(shape: str) -> None:
    hours = rows_of_a_week(shape)
    assert hours[0] == 0
    assert np.all(np.diff(hours) > 0)
    assert np.sum(hours < 168) == pytest.approx(len(hours) / 2, abs=2)
    assert weigh_minutes(shape, 0).mean() == pytest.approx(1)
    assert weigh_minutes(shape, 0).min() > 0


def test_steady_traffic_comes_evenly() -> None:
    assert np.allclose(np.diff(rows_of_a_week("steady")), 1 / (5.0 * 3_600 / AN_HOUR_A_MINUTE))


def test_daily_traffic_is_highest_in_the_afternoon_and_lowest_at_night() -> None:
    of_day = (rows_of_a_week("daily") + 8) % 24
    by_hour = np.histogram(of_day, bins=24, range=(0, 24))[0]
    assert np.argmax(by_hour) in (13, 14)
    assert np.argmin(by_hour) in (1, 2)
    assert by_hour.max() > 10 * by_hour.min()


def test_weekly_traffic_is_less_at_the_weekend() -> None:
    day = ((rows_of_a_week("weekly") + 8) // 24 % 7).astype(int)
    by_day = np.bincount(day, minlength=7)
    assert by_day[5:].max() == pytest.approx(0.4 * by_day[:5].min(), rel=0.05)


def test_bursts_are_rushes_of_ten_minutes_that_the_seed_places() -> None:
    weights = weigh_minutes("bursts", 3)
    high = weights > weights.min()
    assert weights.max() == pytest.approx(8 * weights.min())
    runs = np.diff(np.flatnonzero(np.diff(np.concatenate([[0], high, [0]]).astype(int))))[::2]
    assert runs.min() >= 10 or high[0]
    assert np.array_equal(weights, weigh_minutes("bursts", 3))
    assert not np.array_equal(weights, weigh_minutes("bursts", 4))


def test_a_quicker_clock_plays_the_same_week_sooner() -> None:
    slow, quick = (
        send_times("weekly", 500, rows_per_second=5.0 * factor, speed_up=factor, random_state=0) for factor in (1, 60)
    )
    assert np.allclose(slow, quick * 60)


def test_the_clock_begins_on_a_monday_at_eight() -> None:
    assert say_clock(0, 60) == "Monday 08:00 of week 1"
    assert say_clock(16 * 60 + 5, 60) == "Tuesday 00:05 of week 1"
    assert say_clock((MINUTES_A_WEEK - 8 * 60) * 1.0, 60) == "Monday 00:00 of week 2"
    moments = [say_clock(s, 3_600) for s in range(0, 48, 24)]
    assert [moment.split()[0] for moment in moments] == ["Monday", "Tuesday"]
    assert all(first != second for first, second in pairwise(moments))
    assert MINUTES_A_DAY == 1_440
