"""The reference bins, the input schema, and how live rows are counted into them."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from core.deploy import build_prototype, build_reference, count_predictions, count_rows
from core.records import Column, ColumnKind, Recipe, Reference, ReferenceColumn, Split

KINDS: dict[str, ColumnKind] = {
    "size": "number",
    "carrier": "category",
    "open": "boolean",
    "when": "date",
    "remark": "text",
}
N_ROWS = 1_000


def make_recipe(task: str = "binary") -> Recipe:
    from core.records import RecipeStep

    columns = tuple(Column(name, kind, "") for name, kind in KINDS.items())
    steps = (
        RecipeStep("dates", "dates", "", "", ("when",)),
        RecipeStep("encode_few", "encode", "", "", ("carrier",)),
        RecipeStep("text", "text", "", "", ("remark",)),
    )
    target = Column("late", "category" if task != "regression" else "number", "")
    return Recipe("p", "d", "late", task, steps, Split(), (*columns, target))


def make_frame(seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "size": rng.normal(size=N_ROWS),
            "carrier": rng.choice(["UA", "AA", "B6"], N_ROWS, p=[0.6, 0.3, 0.1]),
            "open": rng.choice([True, False], N_ROWS).astype(object),
            "when": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 1000, N_ROWS), unit="h"),
            "remark": rng.choice(["a", "bb", "ccc"], N_ROWS),
        }
    )
    frame.loc[:99, "size"] = np.nan
    frame.loc[100:149, "carrier"] = None
    return frame


@pytest.fixture
def reference() -> Reference:
    return build_reference(make_recipe(), make_frame(), ["no"] * 700 + ["yes"] * 300)


def find(reference: Reference, name: str) -> ReferenceColumn:
    return next(column for column in reference.columns if column.name == name)


def test_numbers_fall_into_ten_bins_of_equal_share_one_beyond_each_end_and_one_for_missing(
    reference: Reference,
) -> None:
    size = find(reference, "size")
    assert len(size.edges) == 11
    assert size.counts == (0, *(90,) * 10, 0, 100)


def test_values_beyond_all_training_rows_have_bins_of_their_own(reference: Reference) -> None:
    low, high = make_frame()["size"].min(), make_frame()["size"].max()
    counted = count_rows(reference, pd.DataFrame({"size": [low - 1e-9, low, high, high + 1e-9]}))["size"]
    assert (counted[0], counted[1], counted[-3], counted[-2]) == (1, 1, 1, 1)


def test_of_many_categories_the_listed_ones_are_counted_in_rows_that_did_not_choose_them() -> None:
    rng = np.random.default_rng(0)
    frame = make_frame().assign(carrier=[f"c{number}" for number in rng.integers(0, 200, N_ROWS)])
    carrier = find(build_reference(make_recipe(), frame, ["no"]), "carrier")
    assert len(carrier.categories) == 20
    assert sum(carrier.counts) == N_ROWS // 2
    # 20 of 200 equally frequent categories are a tenth of the rows; the luckiest 20 in their own rows are a fifth.
    assert 0.06 < sum(carrier.counts[:20]) / (N_ROWS // 2) < 0.14


def test_categories_have_a_bin_each_one_for_others_and_one_for_missing(reference: Reference) -> None:
    carrier = find(reference, "carrier")
    assert carrier.categories[0] == "UA"
    assert len(carrier.counts) == 5
    assert carrier.counts[-2:] == (0, 50)
    assert sum(carrier.counts) == N_ROWS


def test_whole_numbers_leave_no_inner_bin_empty() -> None:
    frame = make_frame().assign(size=np.repeat([0.0, 1.0, 5.0, 5.0], 250))
    size = find(build_reference(make_recipe(), frame, ["no"]), "size")
    assert size.edges[1:] == (0.0, 1.0, 5.0)
    assert size.counts == (0, 250, 250, 500, 0, 0)


def test_a_constant_column_has_one_bin_with_rows() -> None:
    frame = make_frame().assign(size=3.0)
    size = find(build_reference(make_recipe(), frame, ["no"]), "size")
    assert size.counts == (0, N_ROWS, 0, 0)


def test_a_column_without_any_value_is_all_missing() -> None:
    frame = make_frame().assign(size=np.nan, carrier=None)
    built = build_reference(make_recipe(), frame, ["no"])
    assert find(built, "size").counts == (0, N_ROWS)
    assert find(built, "carrier").counts == (0, N_ROWS)


def test_counting_the_training_rows_gives_the_reference_back(reference: Reference) -> None:
    counted = count_rows(reference, make_frame())
    assert counted == {column.name: column.counts for column in reference.columns}
    assert count_predictions(reference, ["no"] * 700 + ["yes"] * 300) == reference.prediction.counts


def test_counts_of_parts_add_up_to_the_counts_of_the_whole(reference: Reference) -> None:
    frame = make_frame(seed=1)
    parts = [count_rows(reference, frame.iloc[start : start + 77]) for start in range(0, N_ROWS, 77)]
    whole = count_rows(reference, frame)
    for name, counts in whole.items():
        assert tuple(np.sum([part[name] for part in parts], axis=0)) == counts


def test_a_json_row_is_counted_like_the_same_row_of_the_table(reference: Reference) -> None:
    table = make_frame().iloc[[500]]
    row = {
        "size": float(table["size"].iloc[0]),
        "carrier": str(table["carrier"].iloc[0]),
        "open": bool(table["open"].iloc[0]),
        "when": datetime.fromisoformat(str(table["when"].iloc[0])).isoformat(),
        "remark": str(table["remark"].iloc[0]),
    }
    assert count_rows(reference, pd.DataFrame([row])) == count_rows(reference, table)


def test_what_was_never_seen_is_counted_as_other_and_what_is_not_there_as_missing(reference: Reference) -> None:
    counted = count_rows(reference, pd.DataFrame([{"size": None, "carrier": "ZZ", "open": None}]))
    assert counted["size"][-1] == 1
    assert counted["carrier"][-2:] == (1, 0)
    assert counted["open"][-1] == 1
    assert counted["when"][-1] == 1
    assert count_predictions(reference, ["perhaps"])[-2:] == (1, 0)


def test_predicted_numbers_are_counted_in_quantile_bins() -> None:
    built = build_reference(make_recipe("regression"), make_frame(), np.linspace(0, 1, 500).tolist())
    assert built.prediction.counts == (0, *(50,) * 10, 0, 0)
    assert count_predictions(built, [-5.0, 7.0])[0] == 1


def test_the_prototype_tells_what_a_row_must_look_like() -> None:
    prototype = build_prototype(make_recipe(), make_frame(), ("no", "yes"))
    columns = {column.name: column for column in prototype.columns}
    assert list(columns) == list(KINDS)
    assert not columns["size"].required
    assert not columns["carrier"].required
    assert columns["remark"].required
    low, high = columns["size"].minimum, columns["size"].maximum
    assert low is not None
    assert high is not None
    assert low < columns["size"].example < high
    assert columns["carrier"].categories == ("UA", "AA", "B6")
    assert columns["carrier"].example == "UA"
    assert columns["open"].example in (True, False)
    assert datetime.fromisoformat(str(columns["when"].example)).year == 2020


def test_dates_of_far_away_years_are_counted_beyond_all_others() -> None:
    edges = (0.0, 1e9)
    reference = Reference(
        (ReferenceColumn("at", "date", edges, counts=(0, 1, 0, 0)),), ReferenceColumn("y", "number"), 1
    )
    frame = pd.DataFrame({"at": ["9000-01-01", "0800-01-01T10:00:00", "1980-01-01", None]})
    assert count_rows(reference, frame) == {"at": (1, 1, 1, 1)}


def test_rows_of_requests_are_counted_as_tables_are() -> None:
    from core.deploy import count_request_rows, request_rows

    frame = make_frame(1)
    recipe = make_recipe()
    reference = build_reference(recipe, make_frame(), ["yes"] * 10 + ["no"] * 10)
    rows = request_rows(build_prototype(recipe, frame, ()), frame)
    rows[0] = dict.fromkeys(rows[0])
    assert count_request_rows(reference, rows) == count_rows(reference, pd.DataFrame(rows))
    assert all(sum(counts) == len(rows) for counts in count_request_rows(reference, rows).values())
