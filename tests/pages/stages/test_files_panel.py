"""Files of many rows: what a person hands in and fetches on Deploy model."""

import os

from core import records, serve

CONTENT = b"distance,carrier,note\n900,UA,first\n1200,B6,second\n"


def hand_in(page, name, content):
    page.file_uploader(key="deploy_file").upload(name, content, "text/csv")
    page.button(key="deploy_file_send").click().run()


def test_a_file_that_is_handed_in_waits_to_be_answered(world, open_page, text_of):
    world.go_live()
    world.store.add(records.ProcessInfo("jobs", os.getpid(), ""))
    page = open_page("deploy_model")
    hand_in(page, "flights.csv", CONTENT)
    (job,) = world.store.find(records.Job, kind="batch")
    assert (job.params["kind"], job.status, job.project_id) == ("csv", "queued", world.id)
    assert (world.store.files.batch(job.id) / "input").read_bytes() == CONTENT
    assert "The file" in text_of(page) + " ".join(one.proto.text for one in page.get("progress"))


def test_a_file_of_other_columns_is_refused_in_words(world, open_page, text_of):
    world.go_live()
    world.store.add(records.ProcessInfo("jobs", os.getpid(), ""))
    page = open_page("deploy_model")
    hand_in(page, "wrong.csv", b"height,weight\n1,2\n")
    assert "The file lacks 1 of the columns that the model needs" in text_of(page)
    assert world.store.count(records.Job, kind="batch") == 0


def test_without_a_job_runner_it_is_said_that_nobody_would_answer(world, open_page, text_of):
    world.go_live()
    page = open_page("deploy_model")
    hand_in(page, "flights.csv", CONTENT)
    assert "Files are answered by the job runner, which is not running." in text_of(page)


def test_the_answers_are_fetched_and_deleted(world, open_page):
    world.go_live()
    params = {"kind": "csv", "model_version_id": "m", "model_version": 1, "simulated": False}
    job = records.Job(world.id, "batch", params, status="done", result={"n_rows": 2}, created_by="Till")
    world.store.add(job)
    path = serve.result_path(world.store, job)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"distance,prediction\n900,yes\n")
    page = open_page("deploy_model")
    names = [one.proto.label for one in page.get("download_button")]
    assert "The answers" in names
    page.button(key=f"deploy_file_delete_{job.id}").click().run()
    assert world.store.count(records.Job, kind="batch") == 0
    assert not path.exists()
