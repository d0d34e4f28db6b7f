"""The whole app in one process, without a browser: frame and pages as a person would get them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.store import Store

APP = Path(__file__).resolve().parents[2] / "app.py"


@pytest.fixture
def visit(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., AppTest]]:
    """Open a page by its file's stem on the test's own store: `visit("plan_project", project="wine", you="Anna")`."""
    monkeypatch.setenv("FULL_CIRCLE_HOME", str(store.home))
    monkeypatch.delenv("FULL_CIRCLE_DATABASE", raising=False)

    def open_at(stem: str, **query: str) -> AppTest:
        app = AppTest.from_file(str(APP), default_timeout=60)
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
        return app if stem == "life_cycle" else app.switch_page(f"pages/{stem}.py").run()

    yield open_at
    st.cache_resource.clear()
    st.cache_data.clear()


@pytest.fixture
def read() -> Callable[[AppTest], str]:
    """Everything a person reads on a page, in one string."""

    def words(app: AppTest) -> str:
        assert not app.exception
        parts = [element.value for kind in ("title", "subheader", "markdown", "caption") for element in app.get(kind)]
        for kind in ("info", "success", "warning", "error"):
            parts += [f"{element.proto.title} {element.value}" for element in app.get(kind)]
        return "\n".join([*parts, *(toast.value for toast in app.toast)])

    return words
