"""Columns as plain arrays hold the same values as a table of the same rows."""

import numpy as np
import pandas as pd
import pytest

from core.prepare.columns import coerce_column
from core.prepare.plain_columns import DATE_PARTS, PLAIN_DATE, read_date_parts, read_values

DATES = [
    "2020-02-29",
    "1850-07-04T23:59:59",
    "2020-03-01 08:30",
    "2020-03-01T08:30:15.25",
    "2020-03-01T08:30:15.123456Z",
    "2020-12-31T23:00:00-05:30",
    "9000-01-01T00:00:00+14:00",
    None,
]
ODD_DATES = ["2020-03-01T08", "2020-03-01T083015", "2020-03-01x08:00", "2020-03-01T08:30:15,5"]
VALUES = {
    "number": [1, 2.5, None, -3, 1e300, 0],
    "boolean": [True, None, False],
    "category": ["a", None, "(missing)", "", "Zürich"],
    "text": ["some words", None, ""],
    "date": DATES,
}


@pytest.mark.parametrize("kind", VALUES)
def test_values_are_those_of_a_table(kind: str) -> None:
    expected = coerce_column(pd.Series(VALUES[kind], dtype=object), kind)
    read = read_values(VALUES[kind], kind)
    assert read.dtype == (object if kind in ("category", "text") else expected.dtype)
    pd.testing.assert_series_equal(pd.Series(read, dtype=expected.dtype), expected)


@pytest.mark.parametrize("text", ODD_DATES)
def test_dates_that_python_and_pandas_may_read_differently_are_read_by_pandas(text: str) -> None:
    assert not PLAIN_DATE.fullmatch(text)
    expected = coerce_column(pd.Series([text, "2020-01-01"], dtype=object), "date")
    pd.testing.assert_series_equal(pd.Series(read_values([text, "2020-01-01"], "date")), expected)


def around(name: str, place: "pd.Series[float]", length: int) -> dict[str, "pd.Series[float]"]:
    angle = place * (2 * np.pi / length)
    return {f"{name}_sin": np.sin(angle), f"{name}_cos": np.cos(angle)}


@pytest.mark.parametrize("part", DATE_PARTS)
def test_numbers_read_off_dates_are_those_of_pandas(part: str) -> None:
    dates = coerce_column(pd.Series(DATES, dtype=object), "date")
    expected = {
        "year": dates.dt.year,
        "month": dates.dt.month,
        "day": dates.dt.day,
        "weekday": dates.dt.day_of_week,
        "hour": dates.dt.hour + dates.dt.minute / 60,
        "elapsed_days": (dates - pd.Timestamp("1970-01-01")).dt.total_seconds() / 86_400,
        **around("month", dates.dt.month - 1, 12),
        **around("weekday", dates.dt.day_of_week, 7),
        **around("hour", dates.dt.hour + dates.dt.minute / 60, 24),
    }[part]
    assert np.allclose(read_date_parts(dates.to_numpy(), [part])[0], expected.astype(float), rtol=1e-15, equal_nan=True)
