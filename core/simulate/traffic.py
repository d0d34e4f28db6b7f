"""When is each row asked? Seeded shapes of traffic over a simulated week, played faster than it would pass.

The simulated clock begins on a Monday at 08:00, whenever a play is started, so that the same settings always give the
same traffic. It only decides how many rows come when. The service knows nothing of it: what it logs has the real time.
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from core.records import TrafficShape

MINUTES_A_DAY = 1_440
MINUTES_A_WEEK = 7 * MINUTES_A_DAY
FIRST_HOUR = 8
WEEKEND_SHARE = 0.4
BURST_MINUTES, BURSTS_A_WEEK, BURST_FACTOR = 10, 84, 8.0
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SHAPES: Mapping[TrafficShape, str] = MappingProxyType(
    {
        "steady": "Steady: always as many",
        "daily": "Daily: much by day, little by night",
        "weekly": "Weekly: daily, and less at the weekend",
        "bursts": "Bursts: now and then a rush of ten minutes",
    }
)


def weigh_minutes(shape: TrafficShape, random_state: int) -> NDArray[np.float64]:
    """Return how much traffic each minute of the simulated week has, from Monday 08:00 on.

    Returns
    -------
    array of shape (10080,)
        Relative to the mean: its own mean is 1, and no minute is without traffic.
    """
    minute = np.arange(MINUTES_A_WEEK) + FIRST_HOUR * 60
    weights = np.ones(MINUTES_A_WEEK)
    if shape in ("daily", "weekly"):
        weights += 0.9 * np.sin(2 * np.pi * (minute - FIRST_HOUR * 60) / MINUTES_A_DAY)
    if shape == "weekly":
        weights[minute // MINUTES_A_DAY % 7 >= 5] *= WEEKEND_SHARE
    if shape == "bursts":
        rng = np.random.default_rng(random_state)
        starts = rng.integers(0, MINUTES_A_WEEK, BURSTS_A_WEEK)
        weights[(starts[:, None] + np.arange(BURST_MINUTES)) % MINUTES_A_WEEK] = BURST_FACTOR
    return np.asarray(weights / weights.mean())


def send_times(
    shape: TrafficShape, n_rows: int, *, rows_per_second: float, speed_up: float, random_state: int
) -> NDArray[np.float64]:
    """Return when each row is due, in real seconds from the start of the play.

    Parameters
    ----------
    shape : TrafficShape
        How traffic comes and goes over the simulated week, which repeats itself.
    n_rows : int
        How many rows.
    rows_per_second : float
        Rows in a real second, in the mean over the simulated week.
    speed_up : float
        Simulated seconds in a real one.
    random_state : int
        Where the bursts are.

    Returns
    -------
    array of shape (n_rows,)
        Rising; the first row is due at 0.
    """
    number = np.arange(n_rows) / rows_per_second
    if shape == "steady":
        return number
    week_s = MINUTES_A_WEEK * 60 / speed_up
    minute_s = week_s / MINUTES_A_WEEK
    # With a mean of 1, the traffic up to a moment is that of steady traffic up to another one: the two are matched.
    so_far = np.concatenate([[0.0], np.cumsum(weigh_minutes(shape, random_state))]) * minute_s
    weeks, rest = np.divmod(number, week_s)
    return np.asarray(weeks * week_s + np.interp(rest, so_far, np.arange(MINUTES_A_WEEK + 1) * minute_s))


def say_clock(elapsed_s: float, speed_up: float) -> str:
    """Return what the simulated clock shows some real seconds after the start, as "Tuesday 14:05 of week 1"."""
    minute = int(elapsed_s * speed_up // 60) + FIRST_HOUR * 60
    week, rest = divmod(minute, MINUTES_A_WEEK)
    day, of_day = divmod(rest, MINUTES_A_DAY)
    return f"{DAYS[day]} {of_day // 60:02}:{of_day % 60:02} of week {week + 1}"
