"""The versions of a table: where they come from, and what changed between them."""

from collections.abc import Callable

import pandas as pd
import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from core import collect, plan
from core.records import DatasetVersion, Project
from core.store import Store

Visit = Callable[..., AppTest]
Read = Callable[[AppTest], str]


@pytest.fixture
def project(store: Store) -> Project:
    return plan.create_project(store, "Shop", by="Anna")


def add(store: Store, project: Project, frame: pd.DataFrame, parent: DatasetVersion | None = None) -> DatasetVersion:
    table = pa.Table.from_pandas(frame, preserve_index=False)
    parent_id = parent.id if parent else None
    return collect.add_table(
        store, project.id, table, filename="shop.csv", by="Anna", source="upload", parent_id=parent_id
    )


def open_versions(visit: Visit) -> AppTest:
    app = visit("collect_data", project="shop")
    app.session_state["collect_tabs"] = "Versions"
    return app.run()


def listed(app: AppTest, heading: str) -> pd.DataFrame:
    """The table on the page that has this heading."""
    return next(one.value for one in app.dataframe if heading in one.value.columns)


def test_the_only_version_is_shown_without_a_comparison(
    visit: Visit, read: Read, store: Store, project: Project
) -> None:
    version = add(store, project, pd.DataFrame({"x": [1, 2, 3]}))
    app = open_versions(visit)
    assert "This is the only version so far" in read(app)
    assert listed(app, "How it came about")["Hash (SHA-256)"].tolist() == [version.sha256[:12]]
    assert version.sha256 in [code.value for code in app.code]


def test_a_version_is_compared_with_its_parent_and_with_any_other(
    visit: Visit, read: Read, store: Store, project: Project
) -> None:
    first = add(store, project, pd.DataFrame({"x": [1, 2, 3], "kind": ["a", "b", "a"]}))
    add(store, project, pd.DataFrame({"x": [1, 2, 3, 4], "kind": ["a", "b", "a", "*new*"]}), first)
    add(store, project, pd.DataFrame({"x": [1, 2], "colour": ["red", "blue"]}), first)
    app = open_versions(visit)
    assert listed(app, "How it came about")["From"].tolist() == ["version 1", "version 1", ""]
    assert "2 rows, 1 fewer than 3." in read(app)
    assert "New\\: colour." in read(app)
    app.selectbox(key="collect_version").set_value("Version 2").run()
    assert "4 rows, 1 more than 3." in read(app)
    app.selectbox(key="collect_version_with").set_value("Version 3").run()
    assert "4 rows, 2 more than 2." in read(app)
    app.selectbox(key="collect_version").set_value("Version 2").run()
    assert listed(app, "Moved")["Column"].tolist()
    assert not app.error


def test_rows_kept_back_are_a_line_of_their_own(visit: Visit, read: Read, store: Store, project: Project) -> None:
    first = add(store, project, pd.DataFrame({"x": range(100)}))
    collect.keep_back_stream(store, first.id, share=0.2, by="Anna")
    app = open_versions(visit)
    assert "Open diamonds are rows kept back" in read(app)
    assert listed(app, "How it came about")["Version"].tolist().count("Stream 1") == 1
    app.selectbox(key="collect_version").set_value("Stream 1").run()
    assert "20 rows, 80 fewer than 100." in read(app)
