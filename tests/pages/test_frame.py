"""The frame around every page: project and person in the address, the circle, errors, starting and deleting."""

import gc
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from core import plan
from core.records import Job, Project, utc_now
from core.store import Store
from pages.ui.navigation import PAGES

Visit = Callable[..., AppTest]
Read = Callable[[AppTest], str]
STEMS = [info.file.removeprefix("pages/").removesuffix(".py") for info in PAGES]


@pytest.mark.parametrize("info", PAGES, ids=lambda info: info.key)
def test_no_page_has_the_address_of_its_file_stem(info) -> None:
    # A fresh server would answer such an address with the bare page, without the frame.
    assert "_" in info.file
    assert info.url_path == info.file.removeprefix("pages/").removesuffix(".py").replace("_", "-")
    assert info.opening.count(".") + info.opening.count("?") == 2


def test_what_the_first_run_imported_is_not_searched_for_garbage_again(visit: Visit) -> None:
    visit("life_cycle")
    assert gc.get_freeze_count() > 100_000
    frozen = gc.get_freeze_count()
    visit("life_cycle")
    assert gc.get_freeze_count() <= frozen, "once only: what later runs leave must be found"


@pytest.mark.parametrize("stem", STEMS)
def test_every_page_opens_without_a_project(visit: Visit, read: Read, stem: str) -> None:
    app = visit(stem)
    assert not app.error
    assert "start with your own table" in read(app) if stem == "life_cycle" else "No project is open." in read(app)


@pytest.mark.parametrize("stem", STEMS)
def test_every_page_opens_on_a_new_project(visit: Visit, read: Read, store: Store, stem: str) -> None:
    plan.create_project(store, "Wine", by="Anna")
    app = visit(stem, project="wine")
    assert "Something went wrong" not in read(app)
    assert not app.error


def test_the_address_chooses_project_and_person(visit: Visit, store: Store) -> None:
    plan.create_project(store, "Wine", by="Anna")
    plan.create_project(store, "Tumours", by="Anna")
    app = visit("plan_project", project="tumours", you="Ben")
    assert app.selectbox(key="project").value == "tumours"
    assert app.text_input(key="you").value == "Ben"


def test_the_project_stays_when_the_page_changes(visit: Visit, store: Store) -> None:
    plan.create_project(store, "Wine", by="Anna")
    app = visit("plan_project", project="wine", you="Ben")
    app.switch_page("pages/collect_data.py").run()
    assert (app.session_state["project"], app.session_state["you"]) == ("wine", "Ben")
    assert app.query_params["project"] in ("wine", ["wine"])


def test_an_unknown_project_in_the_address_is_said_in_words(visit: Visit, read: Read, store: Store) -> None:
    plan.create_project(store, "Wine", by="Anna")
    app = visit("plan_project", project="nope")
    assert "There is no project 'nope'" in read(visit("life_cycle", project="nope"))
    assert "No project is open." in read(app)


def test_a_bug_is_logged_and_shown_without_a_stack_trace(
    visit: Visit, read: Read, store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    plan.create_project(store, "Wine", by="Anna")
    monkeypatch.setattr(plan, "current_objective", lambda *_: 1 / 0)
    app = visit("plan_project", project="wine")
    assert "Something went wrong inside Full Circle." in read(app)
    assert "division by zero" not in read(app)
    number = app.error[0].value.split("**")[1]
    assert any(number in record.message and record.exc_info for record in caplog.records)


def test_deleting_asks_first(visit: Visit, read: Read, store: Store) -> None:
    plan.create_project(store, "Wine", by="Anna")
    app = visit("plan_project", project="wine")
    app.button(key="sidebar_delete").click().run()
    assert "This cannot be undone" in read(app)
    assert app.button(key="sidebar_delete_confirm").label == "Delete for good"
    assert store.count(Project) == 1


def test_starting_without_a_name_leaves_no_project_behind(visit: Visit, read: Read, store: Store) -> None:
    app = visit("life_cycle")
    app.button(key="home_start").click().run()
    assert "The project has no name." in read(app)
    assert store.count(Project) == 0


def test_a_file_that_is_no_table_leaves_no_project_behind(visit: Visit, store: Store) -> None:
    app = visit("life_cycle")
    app.text_input(key="home_name").set_value("Broken")
    app.file_uploader[0].upload("broken.csv", b"")
    app.button(key="home_start").click().run()
    assert app.error
    assert store.count(Project) == 0


def test_a_project_of_ones_own_opens_with_its_table(visit: Visit, read: Read, store: Store) -> None:
    app = visit("life_cycle", you="Anna")
    app.text_input(key="home_name").set_value("Late deliveries")
    rows = "".join(f"{n},{'yes' if n % 3 else 'no'}\n" for n in range(60))
    app.file_uploader[0].upload("deliveries.csv", f"weight,late\n{rows}".encode())
    app.button(key="home_start").click().run()
    assert not app.error
    assert app.session_state["project"] == "late-deliveries"
    assert "60 rows, 2 columns" in read(app)
    assert list((store.home / "uploads").iterdir()) == []


def test_a_sample_starts_with_one_click(visit: Visit, read: Read, store: Store) -> None:
    app = visit("life_cycle", you="Anna")
    app.button(key="home_sample_wine").click().run()
    assert not app.error
    assert app.session_state["project"].startswith("wine")
    assert store.find(Project)[0].created_by == "Anna"


def job(store: Store, **fields: object) -> Job:
    project = plan.find_project(store, "wine")
    return store.add(Job(project.id, "train", **fields))


@pytest.fixture
def live_job() -> Callable[[str], AppTest]:
    def script(job_id: str) -> None:
        from core.records import Job
        from pages import ui

        busy = ui.show_job(ui.store().get(Job, job_id), title="Training")
        import streamlit as st

        st.write(f"busy: {busy}")

    return lambda job_id: AppTest.from_function(script, args=(job_id,), default_timeout=30).run()


def test_a_running_job_shows_how_far_it_is_and_can_be_stopped(visit: Visit, store: Store, live_job) -> None:
    plan.create_project(store, "Wine", by="Anna")
    running = job(store, status="running", progress=0.4, message="3 of 10 models", heartbeat_at=utc_now())
    app = live_job(running.id)
    bar = app.get("progress")[0].proto
    assert (bar.value, "3 of 10 models" in bar.text) == (40, True)
    app.button(key="job_stop_train").click().run()
    assert store.get(Job, running.id).stop_requested


def test_a_waiting_job_says_what_it_waits_for(visit: Visit, store: Store, live_job) -> None:
    plan.create_project(store, "Wine", by="Anna")
    waiting = job(store)
    assert "job runner is not running" in live_job(waiting.id).get("progress")[0].proto.text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"status": "failed", "error": "Out of memory.", "hint": "Use fewer rows."}, "Use fewer rows."),
        ({"status": "stopped"}, "was stopped"),
        ({"status": "done", "started_at": utc_now(), "ended_at": utc_now()}, "finished"),
    ],
)
def test_an_ended_job_says_how_it_ended(visit: Visit, read: Read, store: Store, live_job, fields, said) -> None:
    plan.create_project(store, "Wine", by="Anna")
    text = read(live_job(job(store, **fields).id))
    assert said in text
    assert "busy: False" in text
