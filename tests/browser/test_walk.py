"""One person goes all the way round in a real browser: from a file to the second lap, with real processes."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Browser, expect

from core import plan
from core.records import ProcessInfo
from core.store import open_store
from tests.browser.visitor import LONG_MS, Visitor
from tests.running import Running, running

N_ROWS = 1_500
PAGES = ("plan-project", "collect-data", "prepare-data", "train-models", "evaluate-models", "deploy-model")
PAGES += ("monitor-model", "retrain-model", "review-project")
SLOW_FAMILIES = ("random_forest", "extra_trees", "hist_gradient_boosting", "svm", "mlp")


@pytest.fixture(scope="module")
def full_circle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("home")) as started:
        yield started


@pytest.fixture
def visitor(chromium: Browser, full_circle: Running) -> Iterator[Visitor]:
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    yield Visitor(context.new_page(), full_circle.address)
    context.close()


@pytest.fixture(scope="module")
def customers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table as a person might have it: semicolons, a date, a number with gaps, an identifier."""
    rng = np.random.default_rng(7)
    age, fee = rng.integers(18, 80, N_ROWS), rng.normal(40, 12, N_ROWS).round(2)
    contract = rng.choice(["monthly", "yearly", "two years"], N_ROWS, p=[0.5, 0.3, 0.2])
    logit = 0.06 * (fee - 40) + 1.4 * (contract == "monthly") - 0.03 * (age - 45) - 0.6
    left = np.where(rng.random(N_ROWS) < 1 / (1 + np.exp(-logit)), "yes", "no")
    table = pd.DataFrame(
        {
            "customer": [f"C{number:05d}" for number in range(N_ROWS)],
            "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 1500, N_ROWS), "D"),
            "age": age,
            "monthly fee": np.where(rng.random(N_ROWS) < 0.05, np.nan, fee),
            "contract": contract,
            "left": left,
        }
    )
    path = tmp_path_factory.mktemp("files") / "customers.csv"
    table.to_csv(path, sep=";", index=False)
    return path


@pytest.mark.timeout(600)
def test_from_an_uploaded_file_to_the_second_lap(visitor: Visitor, full_circle: Running, customers: Path) -> None:
    start_project(visitor, customers)
    collect_data(visitor)
    make_plan(visitor)
    prepare_and_train(visitor)
    evaluate(visitor)
    deploy(visitor)
    predict_over_http(full_circle)
    watch(visitor)
    drill(visitor)
    retrain(visitor)
    check_the_store(full_circle)
    check_deep_links(visitor)


def start_project(visitor: Visitor, customers: Path) -> None:
    visitor.open()
    visitor.write("you", "Ada")
    visitor.write("home_name", "Customers who leave")
    visitor.upload("home_file", customers)
    visitor.click("home_start")
    visitor.sees("What I did to your file", within_ms=LONG_MS)


def collect_data(visitor: Visitor) -> None:
    visitor.choose("collect_target", "left")
    visitor.click("collect_save_target")
    visitor.sees("This is the target of the project.")
    visitor.page.get_by_role("tab", name="Live stream").click()
    visitor.click("collect_keep_back")
    visitor.sees("450 rows are kept back.")


def make_plan(visitor: Visitor) -> None:
    visitor.go("Plan project")
    visitor.write("plan_question", "Which customers will leave soon?")
    visitor.write("plan_owner", "Grace")
    visitor.write("plan_minimum", "60")
    visitor.click("plan_save")
    visitor.sees("The plan is saved.")
    visitor.page.reload()
    visitor.settle()
    expect(visitor.field("plan_question").locator("textarea")).to_have_value("Which customers will leave soon?")


def prepare_and_train(visitor: Visitor) -> None:
    visitor.go("Prepare data")
    visitor.click("prepare_save")
    visitor.sees(re.compile("recipe is saved", re.IGNORECASE))
    visitor.go("Train models")
    visitor.page.get_by_text(re.compile("Kinds of model")).click()
    for family in SLOW_FAMILIES:
        box = visitor.field(f"train_family_{family}").locator("label")
        if box.count():
            box.first.click()
    visitor.click("train_start")
    visitor.sees(re.compile("Leaderboard"))
    # In the middle of the work the person loads the page again: nothing is lost.
    visitor.page.reload()
    visitor.settle()
    visitor.sees(re.compile("Training finished"), within_ms=LONG_MS)
    visitor.sees(re.compile("is ahead"))


def evaluate(visitor: Visitor) -> None:
    visitor.go("Evaluate models")
    visitor.click("evaluate_start")
    visitor.sees(re.compile("Test finished"), within_ms=LONG_MS)
    visitor.sees(re.compile("that no model learned from"))


def deploy(visitor: Visitor) -> None:
    visitor.go("Deploy model")
    visitor.click("deploy_register_start")
    visitor.sees(re.compile("Name of the person who agrees"), within_ms=LONG_MS)
    visitor.write("deploy_approve_name", "Ada")
    visitor.click("deploy_approve_approve")
    expect(visitor.page.get_by_test_id("stAlert").first).to_be_visible()  # Ada asked, so Ada may not approve.
    visitor.write("deploy_approve_name", "Grace")
    visitor.click("deploy_approve_approve")
    visitor.click("deploy_promote")
    visitor.sees(re.compile("is live"))
    visitor.click("deploy_try_ask")
    visitor.sees("Its answer for left", within_ms=LONG_MS)
    visitor.sees_no_error()


def predict_over_http(full_circle: Running) -> None:
    """Another program asks the service, knowing nothing but its address."""
    store = open_store(full_circle.home)
    info = store.newest(ProcessInfo, name="serve")
    store.engine.dispose()
    assert info is not None
    rows = [{"since": "2022-05-01", "age": 30, "monthly fee": None, "contract": "monthly"}]
    prototype = httpx.get(f"{info.address}/v1/customers-who-leave/prototype").json()
    wanted = {column["name"] for column in prototype["columns"]}
    rows = [{name: value for name, value in row.items() if name in wanted} for row in rows]
    response = httpx.post(f"{info.address}/v1/customers-who-leave/predict", json={"rows": rows})
    assert response.status_code == httpx.codes.OK, response.text
    assert response.json()["predictions"][0]["prediction"] in ("yes", "no")
    assert httpx.post(f"{info.address}/predict", json={"rows": rows}).status_code == httpx.codes.OK
    assert httpx.get(f"{info.address}/ping").status_code == httpx.codes.OK
    assert json.loads(httpx.get(f"{info.address}/metadata").text)


def watch(visitor: Visitor) -> None:
    visitor.go("Monitor model")
    visitor.sees("Play a live world")
    visitor.write("monitor_n_rows", "450")
    visitor.click("monitor_start")
    visitor.sees(re.compile("rows sent"))
    visitor.page.reload()
    visitor.settle()
    visitor.sees(re.compile("Playing rows finished"), within_ms=LONG_MS)
    visitor.sees("Is it still right?")
    visitor.sees("Have the questions changed?")
    expect(visitor.field("monitor_drift").locator(".js-plotly-plot").first).to_be_visible()
    expect(visitor.field("monitor_history").locator(".js-plotly-plot").first).to_be_visible()
    visitor.sees_no_error()


def drill(visitor: Visitor) -> None:
    """A sensor gets stuck on purpose: an alert names it, the person says so, and the drill tells both."""
    visitor.unfold("monitor_replay")
    visitor.pick("monitor_origin", "Rows made from the table")
    visitor.write("monitor_n_rows", "600")
    visitor.pick("monitor_n_faults", "1")
    visitor.choose("monitor_fault0_kind", "A sensor is stuck")
    visitor.choose("monitor_fault0_column_stuck", "age")
    visitor.click("monitor_start")
    alert = visitor.page.locator("[class*='st-key-monitor_alert_']", has_text="The questions have changed")
    expect(alert.first).to_contain_text("age", timeout=LONG_MS)
    alert.get_by_role("button", name="I have seen it").click()
    expect(alert.first).to_contain_text("seen by Ada")
    alert.get_by_text("Evidence and history").click()
    expect(alert.first).to_contain_text("opened by")
    expect(alert.first).to_contain_text("open → seen by Ada")
    scored = visitor.field("monitor_drill")
    expect(scored).to_contain_text(re.compile("1 thing went wrong.*it was noticed"), timeout=LONG_MS)
    expect(scored).to_contain_text(re.compile("'age' is stuck.*the right column was named. Ada acknowledged it"))
    visitor.sees_no_error()


def retrain(visitor: Visitor) -> None:
    visitor.go("Retrain model")
    visitor.click("retrain_start")
    visitor.sees("The new model against the live one", within_ms=LONG_MS)
    visitor.write("retrain_approve_name", "Grace")
    visitor.click("retrain_approve_approve")
    visitor.click("retrain_promote")
    visitor.sees("The new model is live.")
    visitor.sees("Laps so far: 2")
    visitor.sees_no_error()


def check_the_store(full_circle: Running) -> None:
    store = open_store(full_circle.home)
    project = plan.find_project(store, "customers-who-leave")
    laps = plan.list_laps(store, project.id)
    store.engine.dispose()
    assert [lap.number for lap in laps] == [1, 2]
    assert laps[0].model_version_id != laps[1].model_version_id
    assert laps[0].dataset_id != laps[1].dataset_id


def check_deep_links(visitor: Visitor) -> None:
    """A second browser, cold, at every address: the same project in the same state, inside the frame."""
    browser = visitor.page.context.browser
    assert browser is not None
    for path in PAGES:
        context = browser.new_context()
        other = Visitor(context.new_page(), visitor.address)
        other.open(f"/{path}?project=customers-who-leave")
        title = path.replace("-", " ").capitalize()
        expect(other.page.get_by_role("heading", name=title, exact=True).first).to_be_visible()
        expect(other.field("project").locator("input").first).to_have_value(re.compile("customers.who.leave", re.I))
        other.sees_no_error()
        context.close()
