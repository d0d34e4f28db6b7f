"""Made rows look like the rows they come from: column by column, together, and with their labels."""

import numpy as np
import pandas as pd
import pytest

from core.simulate.made import RowMaker
from tests.visits import visits

N_MADE = 4_000


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    made = visits(2_000, random_state=3).drop(columns="spends")
    made["visits"] = np.random.default_rng(0).integers(0, 5, len(made))
    made["steps"] = np.random.default_rng(1).integers(0, 9_000, len(made))
    return made


@pytest.fixture(scope="module")
def made(frame: pd.DataFrame) -> pd.DataFrame:
    return RowMaker(frame, "comes", 0).make(range(N_MADE))


def test_each_number_keeps_mean_spread_range_gaps_and_wholeness(frame: pd.DataFrame, made: pd.DataFrame) -> None:
    for name in ("age", "income", "steps", "visits"):
        assert made[name].mean() == pytest.approx(frame[name].mean(), abs=4 * frame[name].std() / np.sqrt(N_MADE))
        borders = frame[name].quantile(np.linspace(0.1, 0.9, 9)).unique()
        shares = [np.bincount(np.searchsorted(borders, t[name].dropna()), minlength=10) / len(t) for t in (frame, made)]
        assert np.abs(shares[0] - shares[1]).max() < 0.03
        assert frame[name].min() <= made[name].min() <= made[name].max() <= frame[name].max()
        assert made[name].isna().mean() == pytest.approx(frame[name].isna().mean(), abs=0.02)
    assert np.all(made["steps"] % 1 == 0)
    assert set(made["visits"]) == set(frame["visits"])


def test_measured_numbers_are_new_ones_and_everything_else_is_as_it_was(
    frame: pd.DataFrame, made: pd.DataFrame
) -> None:
    assert made["income"].isin(frame["income"]).mean() < 0.01
    for name in ("colour", "town", "remark", "seen_at", "member", "comes"):
        assert made[name].isin(frame[name]).all()
    assert list(made.columns) == list(frame.columns)


def test_what_belongs_together_stays_together(frame: pd.DataFrame, made: pd.DataFrame) -> None:
    for table in (frame, made):
        older = table.loc[table["age"] > 45, "comes"].eq("yes").mean()
        younger = table.loc[table["age"] < 35, "comes"].eq("yes").mean()
        assert older - younger > 0.4
    told, learnt = (t.groupby("colour")["comes"].apply(lambda c: c.eq("yes").mean()) for t in (made, frame))
    assert (told - learnt).abs().max() < 0.05


def test_a_row_depends_on_its_place_and_the_seed_only(frame: pd.DataFrame, made: pd.DataFrame) -> None:
    again = RowMaker(frame, "comes", 0).make(range(100, 110))
    pd.testing.assert_frame_equal(again, made.iloc[100:110].reset_index(drop=True))
    other = RowMaker(frame, "comes", 1).make(range(100, 110))
    assert not other["income"].equals(again["income"])
