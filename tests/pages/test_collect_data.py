"""Collect: a table comes in, is described in words, and the column to predict is chosen."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from core import collect, plan
from core.records import DatasetVersion, Job, Project, utc_now
from core.store import JobHandle, Store

Visit = Callable[..., AppTest]
Read = Callable[[AppTest], str]
SHOP = "day,price,kind,returned\n" + "".join(
    f"2026-01-{1 + n % 28:02},{n % 7}.5,{'abc'[n % 3]},{'yes' if n % 4 == 0 else 'no'}\n" for n in range(200)
)


@pytest.fixture
def shop(store: Store) -> Project:
    return plan.create_project(store, "Shop", by="Anna")


@pytest.fixture
def with_table(store: Store, shop: Project) -> Project:
    path = store.files.upload("shop")
    path.write_text(SHOP, encoding="utf-8")
    collect.add_dataset(store, shop.id, path, filename="shop.csv", by="Anna")
    return shop


def upload(app: AppTest, name: str, content: bytes) -> AppTest:
    app.file_uploader[0].upload(name, content)
    return app.button(key="collect_read").click().run()


def test_a_project_without_a_table_asks_for_one(visit: Visit, read: Read, shop: Project) -> None:
    assert "There is no table yet." in read(visit("collect_data", project="shop"))


def test_an_upload_becomes_a_table_and_leaves_no_copy(visit: Visit, read: Read, store: Store, shop: Project) -> None:
    app = upload(visit("collect_data", project="shop", you="Anna"), "shop.csv", SHOP.encode())
    assert not app.error
    text = read(app)
    assert "200 rows, 4 columns" in text
    assert collect.current_dataset(store, shop.id).created_by == "Anna"
    assert list((store.home / "uploads").iterdir()) == []


def test_a_large_upload_is_read_as_a_job_while_the_person_goes_on(
    visit: Visit, read: Read, store: Store, shop: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.collect.LARGE_BYTES", 1_000)
    app = upload(visit("collect_data", project="shop", you="Anna"), "shop.csv", SHOP.encode())
    assert not app.error
    assert "the work goes on without this page" in read(app)
    (job,) = store.find(Job, project_id=shop.id, kind="collect")
    assert (job.created_by, job.params["filename"]) == ("Anna", "shop.csv")
    collect.run_reading(JobHandle(store, job))
    store.update(store.get(Job, job.id), status="done", ended_at=utc_now())
    text = read(visit("collect_data", project="shop"))
    assert "200 rows, 4 columns" in text
    assert "Reading the file" not in text


def test_a_large_upload_that_is_no_table_is_said_and_another_can_be_brought(
    visit: Visit, read: Read, store: Store, shop: Project
) -> None:
    job = collect.start_reading(store, shop.id, "gone", filename="page.csv", by="Anna")
    store.update(job, status="failed", error="page.csv: It is a web page.", hint="Save it as CSV.", ended_at=utc_now())
    app = visit("collect_data", project="shop")
    text = read(app)
    assert "It is a web page." in text
    assert "Save it as CSV." in text
    assert app.button(key="collect_read")


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02\x03" * 200, b"just one line of prose without any table"])
def test_a_file_that_is_no_table_is_refused_in_words(
    visit: Visit, read: Read, store: Store, with_table: Project, content: bytes
) -> None:
    app = upload(visit("collect_data", project="shop"), "strange.csv", content)
    text = read(app)
    assert app.error
    assert "Something went wrong" not in text
    assert "Traceback" not in text
    assert store.count(DatasetVersion) == 1


def test_what_was_done_to_the_file_is_told(visit: Visit, read: Read, store: Store, shop: Project) -> None:
    app = upload(visit("collect_data", project="shop"), "shop.csv", SHOP.replace(",", ";").encode())
    assert "What I did to your file" in [panel.label for panel in app.expander]
    assert "200 rows in the file, 200 rows in the table" in read(app)


def test_every_column_has_a_line_with_a_distribution(visit: Visit, with_table: Project) -> None:
    app = visit("collect_data", project="shop")
    lines = app.dataframe[0].value
    assert lines["Column"].tolist() == ["day", "price", "kind", "returned"]
    assert lines["Holds"].tolist()[:2] == ["date", "number"]
    assert all(sum(counts) == 200 for counts in lines["Distribution"])


def test_the_chosen_target_sets_the_task(visit: Visit, read: Read, store: Store, with_table: Project) -> None:
    app = visit("collect_data", project="shop", you="Anna")
    app.selectbox(key="collect_target").set_value("returned").run()
    assert "two different values" in read(app)
    app.button(key="collect_save_target").click().run()
    saved = plan.current_objective(store, with_table.id)
    assert (saved.target, saved.task) == ("returned", "binary")
    assert "This is the target of the project." in read(app)


def test_a_target_nothing_can_be_learned_from_is_refused(visit: Visit, read: Read, with_table: Project) -> None:
    app = visit("collect_data", project="shop")
    app.selectbox(key="collect_target").set_value("day").run()
    assert "cannot be predicted" in read(app)
    assert "collect_save_target" not in {button.key for button in app.button}


def test_rows_kept_back_leave_the_table(visit: Visit, read: Read, store: Store, with_table: Project) -> None:
    app = visit("collect_data", project="shop")
    app.slider(key="collect_share").set_value(25)
    app.selectbox(key="collect_time").set_value("day")
    app.button(key="collect_keep_back").click().run()
    assert not app.error
    stream = collect.current_stream(store, with_table.id)
    assert stream is not None
    assert stream.n_rows + collect.current_dataset(store, with_table.id).n_rows == 200
    assert "rows are kept back" in read(app)


def test_two_projects_do_not_mix(visit: Visit, read: Read, store: Store, with_table: Project) -> None:
    plan.create_project(store, "Empty", by="Ben")
    app = visit("collect_data", project="shop")
    app.selectbox(key="project").set_value("empty").run()
    assert "There is no table yet." in read(app)
