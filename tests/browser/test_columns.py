"""The list of columns in a real browser: a click on a line shows that column closely, and nothing is cut off."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from playwright.sync_api import Browser, expect

from core import collect, plan
from core.store import open_store
from tests.browser.visitor import Visitor
from tests.running import running

pytestmark = pytest.mark.slow
N_ROWS = 200
CHECKBOX, SECOND_LINE = 16, 36 + 35 + 17
"""Where the box of the second line is, in pixels from the corner of the list."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home: Path = tmp_path_factory.mktemp("home")
    store = open_store(home)
    project = plan.create_project(store, "People", by="Anna")
    frame = pd.DataFrame({"age": np.arange(N_ROWS) % 70, "town": np.where(np.arange(N_ROWS) % 3, "Ulm", "Bonn")})
    for rows in (N_ROWS, N_ROWS // 2):
        table = pa.Table.from_pandas(frame.iloc[:rows], preserve_index=False)
        collect.add_table(store, project.id, table, filename="people.csv", by="Anna", source="upload")
    store.engine.dispose()
    with running(home) as started:
        yield started.address


@pytest.mark.parametrize("width", [1440, 390])
def test_a_click_on_a_line_shows_its_column_closely(chromium: Browser, address: str, width: int) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 1200})
    visitor = Visitor(context.new_page(), address)
    visitor.open("/collect-data?project=people&you=Anna")
    visitor.sees("70 different values", within_ms=60_000)
    canvas = visitor.field("collect_profile").locator("canvas").first
    expect(canvas).to_be_visible(timeout=60_000)
    canvas.scroll_into_view_if_needed()
    corner = canvas.bounding_box()
    assert corner
    visitor.page.mouse.click(corner["x"] + CHECKBOX, corner["y"] + SECOND_LINE)
    visitor.sees("2 different values; the most frequent, Ulm")
    visitor.page.get_by_role("tab", name="Versions").click()
    visitor.sees("100 rows, 100 fewer than 200.", within_ms=60_000)
    box = visitor.field("collect_lineage").bounding_box()
    assert box
    assert box["x"] + box["width"] <= width
    visitor.sees_no_error()
    context.close()
