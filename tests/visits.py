"""A table that tests learn from, with every kind of column in it."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from core.records import Recipe

MakeRecipe = Callable[..., Recipe]
WORDS = ("came left", "by bus", "by car", "with a friend", "early", "late", "asked about", "the price of tea")


def visits(n_rows: int, random_state: int = 0) -> pd.DataFrame:
    """A table with every kind of column, in which whether someone comes depends on age and colour."""
    rng = np.random.default_rng(random_state)
    age = rng.normal(40, 12, n_rows)
    colour = rng.choice(["red", "green", "blue"], n_rows)
    comes = (age - 40) / 12 + (colour == "red") + rng.normal(0, 0.7, n_rows) > 0.3
    frame = pd.DataFrame(
        {
            "age": np.where(np.arange(n_rows) % 17 == 0, np.nan, age),
            "income": rng.lognormal(10, 1, n_rows),
            "member": pd.Series(rng.choice([True, False, None], n_rows), dtype=object),
            "colour": pd.Series(colour, dtype="str").mask(rng.random(n_rows) < 0.05),
            "town": pd.Series(rng.integers(0, 90, n_rows), dtype="str").radd("town "),
            "remark": pd.Series([" ".join(rng.choice(WORDS, 5)) for _ in range(n_rows)], dtype="str"),
            "seen_at": pd.Timestamp("2024-01-01 08:00") + pd.to_timedelta(rng.integers(0, 20_000, n_rows), unit="h"),
            "nothing": np.full(n_rows, np.nan),
            "comes": pd.Series(np.where(comes, "yes", "no"), dtype="str"),
        }
    )
    frame["spends"] = 100 + 3 * age + 20 * (colour == "red") + rng.normal(0, 10, n_rows)
    return frame
