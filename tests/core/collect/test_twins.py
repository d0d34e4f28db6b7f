"""Columns that say the same are found, in groups; columns that do not are left alone."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from core import collect, plan
from core.collect.twin_numbers import correlate_ranks
from core.records import Twins
from core.store import Store

N_ROWS = 2_000
Find = Callable[[pd.DataFrame], dict[tuple[str, tuple[str, ...]], Twins]]


@pytest.fixture
def find(store: Store) -> Find:
    """A function from a table to its twins, by kind and columns."""

    def found(frame: pd.DataFrame) -> dict[tuple[str, tuple[str, ...]], Twins]:
        project = plan.create_project(store, "Twins", by="ann")
        table = pa.Table.from_pandas(frame, preserve_index=False)
        version = collect.add_table(store, project.id, table, filename="t.csv", by="ann", source="upload")
        twins = collect.find_twins(store, version.id)
        store.files.dataset(version.id).unlink()
        assert collect.find_twins(store, version.id) == twins
        return {(group.kind, group.columns): group for group in twins}

    return found


def test_copies_other_names_other_units_and_the_same_gaps_are_found(find: Find) -> None:
    rng = np.random.default_rng(0)
    celsius = np.where(rng.random(N_ROWS) < 0.1, np.nan, rng.normal(15, 8, N_ROWS).round(1))
    code = pd.Series(rng.choice(["AA", "UA", "DL", None], N_ROWS), dtype="str")
    frame = pd.DataFrame(
        {
            "celsius": celsius,
            "again": celsius,
            "fahrenheit": celsius * 1.8 + 32,
            "kelvin": celsius + 273.15,
            "rank": np.exp(celsius / 5) * (1 + rng.normal(0, 0.01, N_ROWS)),
            "turned": -(celsius**3),
            "code": code,
            "airline": code.map({"AA": "American", "UA": "United", "DL": "Delta"}),
            "number": code.map({"AA": 3, "UA": 1, "DL": 2}),
            "other": rng.choice(["AA", "UA", "DL"], N_ROWS),
            "noise": rng.normal(size=N_ROWS),
            "more noise": rng.normal(size=N_ROWS),
            "constant": 1.0,
            "also constant": 1.0,
            "nothing": np.nan,
            "still nothing": np.nan,
            "name": [f"n{i}" for i in range(N_ROWS)],
            "other name": [f"m{i}" for i in rng.permutation(N_ROWS)],
        }
    )
    found = find(frame)
    assert set(found) == {
        ("values", ("celsius", "again")),
        ("scale", ("celsius", "fahrenheit", "kelvin")),
        ("order", ("celsius", "rank")),
        ("order", ("celsius", "turned")),
        ("names", ("code", "airline", "number")),
        ("gaps", ("celsius", "again", "fahrenheit", "kelvin", "rank", "turned")),
        ("gaps", ("code", "airline", "number")),
    }
    scale = found["scale", ("celsius", "fahrenheit", "kelvin")]
    assert "fahrenheit = 1.8 × celsius + 32" in scale.sentence
    assert "kelvin = celsius + 273.15" in scale.sentence
    assert "opposite orders" in found["order", ("celsius", "turned")].sentence
    assert "each of the 3 values" in found["names", ("code", "airline", "number")].sentence
    missing = frame["code"].isna().sum()
    assert f"the same {missing:,} rows" in found["gaps", ("code", "airline", "number")].sentence


def test_repeated_rows_do_not_make_every_column_a_twin(find: Find) -> None:
    rng = np.random.default_rng(1)
    half = pd.DataFrame({"x": rng.random(500), "y": rng.random(500), "t": [f"t{n}" for n in range(500)]})
    assert find(pd.concat([half, half, half], ignore_index=True)) == {}


def test_rank_correlations_are_those_of_pandas_on_rows_that_have_both() -> None:
    rng = np.random.default_rng(2)
    x = rng.integers(0, 50, 400).astype(float)
    columns = pd.DataFrame({"x": x, "y": x + rng.normal(0, 1, 400), "z": rng.random(400), "w": -x})
    expected = columns.corr(method="spearman")
    assert correlate_ranks(columns.to_numpy()) == pytest.approx(expected.to_numpy())
    few = columns.mask(rng.random(columns.shape) < 0.1)
    assert correlate_ranks(few.to_numpy()) == pytest.approx(few.corr(method="spearman").to_numpy(), abs=0.01)


def test_few_rows_are_no_proof_of_the_same_order(find: Find) -> None:
    assert find(pd.DataFrame({"x": [1.0, 2.0, 3.0, 4.0], "y": [1.5, 2.0, 7.0, 9.0]})) == {}


def test_a_thousand_columns_are_compared_and_found(find: Find) -> None:
    rng = np.random.default_rng(3)
    values = rng.normal(size=(500, 1_000))
    frame = pd.DataFrame(values, columns=[f"c{n}" for n in range(1_000)])
    frame["c999"] = frame["c0"] * 2.54
    frame["c500"] = frame["c1"]
    assert set(find(frame)) == {("values", ("c1", "c500")), ("scale", ("c0", "c999"))}


def test_tables_without_rows_or_with_one_column_have_none(find: Find) -> None:
    assert find(pd.DataFrame({"x": [], "y": []}, dtype=float)) == {}
    assert find(pd.DataFrame({"x": [1, 2, 3]})) == {}
