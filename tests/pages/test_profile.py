"""The columns of a table: searched, filtered, sorted, looked at closely, at 1,000 columns and without a target."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from core import collect, plan
from core.records import DatasetVersion
from core.store import Store

Visit = Callable[..., AppTest]
Read = Callable[[AppTest], str]
N_ROWS = 300


@pytest.fixture
def people(store: Store) -> DatasetVersion:
    rng = np.random.default_rng(0)
    height = rng.normal(170, 10, N_ROWS).round(1)
    frame = pd.DataFrame(
        {
            "age": np.where(np.arange(N_ROWS) % 5 == 0, np.nan, rng.integers(20, 90, N_ROWS)),
            "height_cm": height,
            "height_in": height / 2.54,
            "town": rng.choice(["Köln", "a*b*", "$x$ y$"], N_ROWS),
            "remark": [f"{'long ' * (n % 9 + 1)}remark {n}" for n in range(N_ROWS)],
            "born": pd.Timestamp("2000-01-01") + pd.to_timedelta(np.arange(N_ROWS), unit="D"),
            "tall": np.where(height > 172, "yes", "no"),
        }
    )
    return stored(store, frame)


def stored(store: Store, frame: pd.DataFrame) -> DatasetVersion:
    project = plan.create_project(store, "People", by="Anna")
    table = pa.Table.from_pandas(frame, preserve_index=False)
    return collect.add_table(store, project.id, table, filename="people.csv", by="Anna", source="upload")


def listed(app: AppTest) -> list[str]:
    return next(one for one in app.dataframe if one.key == "collect_profile").value["Column"].tolist()


def test_without_a_target_the_columns_are_listed_and_compared_with_each_other(
    visit: Visit, read: Read, people: DatasetVersion
) -> None:
    app = visit("collect_data", project="people")
    lines = next(one for one in app.dataframe if one.key == "collect_profile").value
    assert "Tells the target" not in lines.columns
    assert lines.set_index("Column")["Says the same as"]["height_in"] == "height_cm"
    assert "One in five rows has no age." in read(app)


def test_with_a_target_each_column_says_how_much_it_tells(
    visit: Visit, read: Read, store: Store, people: DatasetVersion
) -> None:
    plan.change_objective(store, people.project_id, by="Anna", target="tall", task="binary")
    app = visit("collect_data", project="people")
    app.selectbox(key="collect_order").set_value("What tells the target first").run()
    assert listed(app)[0] in ("height_cm", "height_in")
    app.pills(key="collect_only").set_value(["Tells the target"]).run()
    assert set(listed(app)) == {"height_cm", "height_in"}
    app.selectbox(key="collect_column").set_value("height_cm").run()
    assert "this column tells almost everything about the target" in read(app)
    app.selectbox(key="collect_column").set_value("tall").run()
    assert "about the target" not in read(app)


def test_columns_are_searched_and_filtered(visit: Visit, read: Read, people: DatasetVersion) -> None:
    app = visit("collect_data", project="people")
    app.text_input(key="collect_search").set_value("HEIGHT").run()
    assert listed(app) == ["height_cm", "height_in"]
    assert "2 of 7 columns" in read(app)
    app.text_input(key="collect_search").set_value("").run()
    app.pills(key="collect_only").set_value(["With missing values"]).run()
    assert listed(app) == ["age"]
    app.pills(key="collect_only").set_value(["Date", "Text"]).run()
    assert set(listed(app)) == {"remark", "born"}
    app.text_input(key="collect_search").set_value("no such column").run()
    assert "No column is like that." in read(app)


@pytest.mark.parametrize("name", ["age", "town", "remark", "born", "height_in"])
def test_a_chosen_column_is_shown_closely(visit: Visit, read: Read, people: DatasetVersion, name: str) -> None:
    app = visit("collect_data", project="people")
    app.selectbox(key="collect_column").set_value(name).run()
    text = read(app)
    assert "Something went wrong" not in text
    assert f"#### {name.replace('_', chr(92) + '_')}" in text


@pytest.mark.slow
def test_a_thousand_columns_are_listed_and_found(visit: Visit, read: Read, store: Store) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(60, 1_000)), columns=[f"c{n}" for n in range(1_000)])
    frame["y"] = np.where(frame["c7"] > 0, "yes", "no")
    version = stored(store, frame)
    plan.change_objective(store, version.project_id, by="Anna", target="y", task="binary")
    collect.profile_dataset(store, version.id)  # On a busy machine it would take longer than a test's page may.
    app = visit("collect_data", project="people")
    assert len(listed(app)) == 1_001
    app.selectbox(key="collect_order").set_value("What tells the target first").run()
    assert listed(app)[0] == "c7"
    app.text_input(key="collect_search").set_value("c99").run()
    assert len(listed(app)) == 11
    assert not app.error


def test_a_large_table_is_compared_when_asked(
    visit: Visit, read: Read, people: DatasetVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pages.ui.profile.AT_ONCE", 10)
    app = visit("collect_data", project="people")
    assert "With missing values" in app.pills(key="collect_only").options
    assert "Says the same as another" not in app.pills(key="collect_only").options
    app.button(key="collect_compare").click().run()
    assert "Says the same as another" in app.pills(key="collect_only").options
    again = visit("collect_data", project="people")
    assert "Says the same as another" in again.pills(key="collect_only").options


def test_another_project_starts_with_its_own_columns(
    visit: Visit, read: Read, store: Store, people: DatasetVersion
) -> None:
    project = plan.create_project(store, "Other", by="Ben")
    table = pa.table({"x": [1, 2, 3]})
    collect.add_table(store, project.id, table, filename="x.csv", by="Ben", source="upload")
    app = visit("collect_data", project="people")
    app.selectbox(key="collect_column").set_value("town").run()
    app.selectbox(key="project").set_value("other").run()
    assert listed(app) == ["x"]
    assert app.selectbox(key="collect_column").value == "x"
