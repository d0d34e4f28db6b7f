"""The address says which project is open and who is at the screen, whichever way a person moves about."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from core import plan
from core.store import open_store
from tests.browser.visitor import Visitor
from tests.running import ROOT, free_port

HERE = re.compile(r"project=wine&you=Anna$")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    store = open_store(folder)
    for name in ("Wine", "Tumours"):
        plan.create_project(store, name, by="Anna")
    store.engine.dispose()
    return folder


@pytest.fixture(scope="module")
def dashboard(home: Path) -> Iterator[str]:
    """The dashboard alone: no job runner and no prediction service are needed to move about."""
    address = f"http://127.0.0.1:{free_port()}"
    port = address.rsplit(":")[-1]
    options = [f"--server.port={port}", "--server.fileWatcherType=none"]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", *options]
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "FULL_CIRCLE_HOME": str(home)}, stdout=subprocess.DEVNULL
    )
    try:
        wait_until_healthy(address)
        yield address
    finally:
        process.terminate()
        process.wait(30)


def wait_until_healthy(address: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{address}/_stcore/script-health-check", timeout=30).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise AssertionError("The dashboard did not start.")


@pytest.fixture
def visitor(chromium: Browser, dashboard: str) -> Iterator[Visitor]:
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    yield Visitor(context.new_page(), dashboard)
    context.close()


def see(visitor: Visitor, title: str) -> None:
    expect(visitor.page.locator("h1")).to_contain_text(title)
    visitor.settle()
    # Whoever goes on before the picker is drawn leaves what it holds behind.
    expect(visitor.page.get_by_role("textbox", name="You are", exact=True)).to_have_value("Anna")
    expect(visitor.page).to_have_url(HERE)


def test_project_and_person_stay_whichever_way_one_goes(visitor: Visitor) -> None:
    page = visitor.page
    visitor.open("/monitor-model?project=wine&you=Anna")
    see(visitor, "Monitor model")
    visitor.field("circle").locator("a", has_text="Collect").click()
    see(visitor, "Collect data")
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Plan project").click()
    see(visitor, "Plan project")
    page.get_by_role("link", name="Go on to Collect data").click()
    see(visitor, "Collect data")
    page.reload()
    expect(visitor.field("way_on")).to_be_visible()
    see(visitor, "Collect data")
    page.go_back()
    see(visitor, "Plan project")
    page.go_back()
    see(visitor, "Collect data")
    page.go_back()
    see(visitor, "Monitor model")
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Life cycle").click()
    see(visitor, "Life cycle")
    visitor.field("circle_large").locator("a", has_text="Prepare").click()
    see(visitor, "Prepare data")


def test_a_new_and_a_deleted_project_keep_the_person(visitor: Visitor) -> None:
    visitor.open("/plan-project?project=tumours&you=Anna")
    visitor.click("sidebar_new")
    visitor.write("new_name", "Bread & butter?")
    visitor.click("new_start")
    expect(visitor.page).to_have_url(re.compile(r"/plan-project\?project=bread-butter&you=Anna$"))
    visitor.click("sidebar_delete")
    visitor.click("sidebar_delete_confirm")
    expect(visitor.page.locator("h1")).to_contain_text("Life cycle")
    expect(visitor.page).to_have_url(re.compile(r"/\?you=Anna$"))
    visitor.open("/plan-project?project=bread-butter&you=Anna")
    expect(visitor.page.get_by_text("There is no project 'bread-butter'")).to_be_visible()


def test_what_was_typed_for_one_project_is_not_shown_for_another(visitor: Visitor) -> None:
    visitor.open("/plan-project?project=wine")
    visitor.write("plan_question", "Half a thought")
    visitor.choose("project", "tumours")
    expect(visitor.field("plan_question").locator("textarea")).to_have_value("")
