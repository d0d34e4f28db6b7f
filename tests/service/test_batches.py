"""Files are answered in the background: row by row beside what was sent, logged once, whatever is killed on the way."""

import csv
import io
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core import evaluate, serve
from core.errors import BadInputError, NotReadyError
from core.jobs import JobRunner
from core.records import Job, Json, Prediction, ProcessInfo, new_id, utc_now
from core.serve import batch_job
from core.serve.batches import KEPT_FOR, LARGEST_FILE
from core.store import JobHandle, StoppedError, Store
from tests.running import ROOT
from tests.service.conftest import Live
from tests.waiting import wait_for

CSV = "text/csv"
PARQUET = "application/vnd.apache.parquet"
SHAPE = {"code", "message", "hint", "row", "column"}
N_ROWS = 250


@pytest.fixture(autouse=True)
def _runner_is_there(live: Live) -> Iterator[None]:
    """Say that a job runner is there; the tests do the jobs themselves, when they want to."""
    for job in live.store.find(Job, status="queued"):
        live.store.update(job, status="stopped", ended_at=utc_now())
    info = live.store.add(ProcessInfo("jobs", os.getpid(), ""))
    yield
    live.store.remove(ProcessInfo, id=info.id)


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_job, "ROWS_A_PART", 60)


def frame_of(live: Live, n_rows: int = N_ROWS) -> pd.DataFrame:
    frame = live.world.frame.drop(columns="late").iloc[:n_rows].copy()
    frame.insert(0, "customer", [f"c{number:04d}" for number in range(len(frame))])
    return frame


def as_csv(frame: pd.DataFrame, **options: object) -> bytes:
    return frame.to_csv(index=False, **options).encode()  # type: ignore[call-overload, no-any-return]


def send(live: Live, content: bytes, kind: str = CSV, **headers: str) -> httpx.Response:
    url = f"{live.address}/v1/{live.slug}/batches"
    return httpx.post(url, content=content, headers={"Content-Type": kind, **headers}, trust_env=False, timeout=60)


def get(live: Live, address: str) -> httpx.Response:
    return httpx.get(f"{live.address}{address}", trust_env=False, timeout=60)


def do_job(live: Live) -> bool:
    """Do the next job as the job runner does, without its heartbeat, which ends only after two seconds."""
    job = live.store.jobs.claim(utc_now())
    if job is not None:
        JobRunner(live.store)._do(job)
    return job is not None


def do(live: Live, content: bytes, kind: str = CSV) -> tuple[Json, bytes]:
    """Send a file, have it answered, and return what is said of it, and the result."""
    sent = send(live, content, kind)
    assert sent.status_code == 202, sent.text
    assert sent.json()["state"] == "waiting"
    assert sent.headers["location"] == sent.json()["address"]
    assert do_job(live)
    told = get(live, sent.json()["address"]).json()
    assert told["state"] == "done", told
    return told, get(live, told["result"]).content


def read(content: bytes, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode()), delimiter=delimiter))


def check_logged_once(live: Live, batch_id: str, ids: list[str]) -> None:
    logged = live.store.find(Prediction, request_id=batch_id)
    assert Counter(one.id for one in logged) == Counter(ids)
    windows = live.store.log.windows(live.world.project.id)
    assert sum(window.n_rows for window in windows) == live.store.log.count(live.world.project.id)[0]


def test_a_csv_file_comes_back_with_the_answers_beside_its_columns(live: Live) -> None:
    frame = frame_of(live)
    told, content = do(live, as_csv(frame))
    rows = read(content)
    assert (told["n_rows"], told["n_answered"], told["n_refused"]) == (N_ROWS, N_ROWS, 0)
    assert told["progress"] == 1.0
    assert "'customer'" in " ".join(told["notes"])
    assert [row["customer"] for row in rows] == frame["customer"].tolist()
    assert [row["distance"] for row in rows] == [str(value) for value in frame["distance"]]
    pipeline = evaluate.load_fitted(live.store, live.first.candidate_id)
    features = frame.drop(columns="customer")
    assert [row["prediction"] for row in rows] == pipeline.predict(features).tolist()
    proba = [[float(row[f"probability_{name}"]) for name in pipeline.classes_] for row in rows]
    assert np.allclose(proba, pipeline.predict_proba(features), atol=1e-4)
    assert {row["model_version"] for row in rows} == {"1"}
    assert {row["refused"] for row in rows} == {""}
    check_logged_once(live, told["id"], [row["prediction_id"] for row in rows])


def test_a_parquet_file_comes_back_as_parquet(live: Live) -> None:
    frame = frame_of(live)
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), buffer)
    told, content = do(live, buffer.getvalue(), PARQUET)
    table = pq.read_table(io.BytesIO(content))
    assert table.num_rows == N_ROWS
    pd.testing.assert_frame_equal(table.to_pandas()[frame.columns.tolist()], frame.reset_index(drop=True))
    pipeline = evaluate.load_fitted(live.store, live.first.candidate_id)
    assert table["prediction"].to_pylist() == pipeline.predict(frame.drop(columns="customer")).tolist()
    check_logged_once(live, told["id"], table["prediction_id"].to_pylist())


def test_a_row_that_is_refused_is_in_the_result_with_its_reason(live: Live) -> None:
    header = "customer;distance;delay;carrier;holiday;scheduled"
    lines = [
        "a;1200,5;3,5;UA;yes;2020-03-01 08:00:00",
        "b;far;3;UA;true;2020-03-01",
        "c;1200;;;1;2020-03-01T08:00:00Z",
        "d;1200;3;UA;true;31.12.2020",
        "e;1200;3;UA;true",
        "f;;3;UA;true;2020-03-01",
        "g;1200;3;Atlantis;false;2020-03-01",
        "h;1200;3;UA;true;2020-03-01;more",
    ]
    told, content = do(live, "\ufeff".encode() + "\r\n".join([header, *lines]).encode())
    rows = {row["customer"]: row for row in read(content, ";")}
    assert list(rows) == list("abcdefgh")
    assert (told["n_answered"], told["n_refused"]) == (3, 5)
    for customer, reason in {
        "b": "'distance' in row 2 is not a finite number",
        "d": "'scheduled' in row 4 is not a date",
        "e": "5 values where there are 6 columns",
        "f": "no value in 'distance'",
        "h": "7 values where there are 6 columns",
    }.items():
        assert reason in rows[customer]["refused"]
        assert rows[customer]["prediction"] == rows[customer]["prediction_id"] == ""
    assert "did not occur" in rows["g"]["warnings"]
    assert rows["a"]["distance"] == "1200,5"
    check_logged_once(live, told["id"], [rows[one]["prediction_id"] for one in "acg"])


def test_a_text_that_a_spreadsheet_would_compute_stays_a_text(live: Live) -> None:
    frame = frame_of(live, 4)
    frame["customer"] = ["=1+1", "+cmd|' /C calc'!A0", "@SUM(A1)", "-5"]
    _, content = do(live, as_csv(frame))
    assert [row["customer"] for row in read(content)] == ["'=1+1", "'+cmd|' /C calc'!A0", "'@SUM(A1)", "-5"]


def test_columns_that_are_called_like_the_answers_keep_their_names(live: Live) -> None:
    _, content = do(live, as_csv(frame_of(live, 3).rename(columns={"customer": "prediction"})))
    assert [row["prediction"] for row in read(content)] == ["c0000", "c0001", "c0002"]
    assert {row["prediction_"] for row in read(content)} <= {"yes", "no"}


BAD_FILES = {
    "empty": (b"", CSV, "bad_file"),
    "no model's column": (b"a,b\n1,2\n", CSV, "bad_file"),
    "a column is missing": (b"distance,holiday\n1,true\n", CSV, "bad_file"),
    "a column twice": (b"distance,distance,holiday,scheduled\n1,1,true,2020-01-01\n", CSV, "bad_file"),
    "UTF-16": ("distance,holiday\n1,true\n".encode("utf-16"), CSV, "bad_file"),
    "Latin-1": ("distance,holidäy\n1,true\n".encode("latin-1"), CSV, "bad_file"),
    "JSON": (b'{"rows": []}', CSV, "bad_file"),
    "CSV as Parquet": (b"distance,holiday\n1,true\n", PARQUET, "bad_file"),
    "half a Parquet file": (b"PAR1" + b"\x00" * 100, PARQUET, "bad_file"),
}


@pytest.mark.parametrize(("content", "kind", "code"), BAD_FILES.values(), ids=BAD_FILES.keys())
def test_a_file_that_cannot_be_answered_is_refused_at_once(live: Live, content: bytes, kind: str, code: str) -> None:
    answer = send(live, content, kind)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, code)
    assert set(answer.json()["error"]) == SHAPE
    assert list(live.store.files.batches.iterdir()) == [live.store.files.batch(job.id) for job in existing(live)]


def existing(live: Live) -> list[Job]:
    kept = [job for job in live.store.find(Job, kind="batch") if live.store.files.batch(job.id).exists()]
    order = [path.name for path in live.store.files.batches.iterdir()]
    return sorted(kept, key=lambda job: order.index(job.id))


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data", ""])
def test_only_csv_and_parquet_are_taken(live: Live, kind: str) -> None:
    assert send(live, b"x", kind).status_code == 415


def test_a_file_that_is_too_large_is_refused_before_it_has_arrived(live: Live) -> None:
    import http.client

    connection = http.client.HTTPConnection(live.address.removeprefix("http://"), timeout=10)
    connection.putrequest("POST", f"/v1/{live.slug}/batches")
    connection.putheader("Content-Type", CSV)
    connection.putheader("Content-Length", str(LARGEST_FILE + 1))
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status == 413
    answer.read()
    connection.close()


def test_a_repeated_file_is_answered_once(live: Live) -> None:
    key, content = new_id(), as_csv(frame_of(live, 5))
    first, again = (send(live, content, **{"Idempotency-Key": key}) for _ in range(2))
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.content == again.content
    other = send(live, content + b"x", **{"Idempotency-Key": key})
    assert other.json()["error"]["code"] == "idempotency_key_reused"
    assert do_job(live)
    assert not do_job(live)


def test_a_file_that_waits_is_stopped_and_then_deleted(live: Live) -> None:
    address = send(live, as_csv(frame_of(live, 5))).json()["address"]
    assert get(live, f"{address}/result").status_code == 409
    url = f"{live.address}{address}"
    assert httpx.delete(url, trust_env=False).json()["state"] == "stopped"
    assert not do_job(live)
    assert httpx.delete(url, trust_env=False).status_code == 200
    assert get(live, address).status_code == 404
    assert not live.store.files.batch(address.rsplit("/", 1)[1]).exists()


def test_what_was_answered_before_a_stop_is_in_the_result(live: Live) -> None:
    job = live.store.get(Job, send(live, as_csv(frame_of(live))).json()["id"])
    handle = JobHandle(live.store, job)
    handle.raise_if_stopped = raise_after(2, StoppedError())  # type: ignore[method-assign]
    with pytest.raises(StoppedError):
        serve.run_batch(handle)
    live.store.update(job, status="stopped", ended_at=utc_now())
    told = get(live, f"/v1/{live.slug}/batches/{job.id}").json()
    rows = read(get(live, told["result"]).content)
    assert len(rows) == told["n_answered"] == 120
    check_logged_once(live, job.id, [row["prediction_id"] for row in rows])


class KilledError(BaseException):
    """Ends the work as abruptly as a kill: nothing catches it."""


def raise_after(n_times: int, error: BaseException) -> Callable[..., None]:
    calls = iter(range(n_times))

    def call(*_arguments: object, **_options: object) -> None:
        if next(calls, None) is None:
            raise error

    return call


@pytest.mark.parametrize("moment", ["before the part", "before the log", "after the log", "after the result"])
def test_a_file_goes_on_where_it_was(live: Live, monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    frame = frame_of(live)
    job = live.store.get(Job, send(live, as_csv(frame)).json()["id"])
    handle = JobHandle(live.store, job)
    append = live.store.log.append
    with monkeypatch.context() as patch:
        if moment == "before the part":
            handle.raise_if_stopped = raise_after(2, KilledError())  # type: ignore[method-assign]
        elif moment == "after the result":
            patch.setattr(batch_job.BatchRun, "_report", raise_after(5, KilledError()))
        else:
            ending = raise_after(2, KilledError())

            def append_and_die(*arguments: object, **options: object) -> bool:
                if moment == "before the log":
                    ending()
                    return append(*arguments, **options)  # type: ignore[arg-type]
                done = append(*arguments, **options)  # type: ignore[arg-type]
                ending()
                return done

            patch.setattr(live.store.log, "append", append_and_die)
        with pytest.raises(KilledError):
            serve.run_batch(handle)
    result = serve.run_batch(JobHandle(live.store, live.store.get(Job, job.id)))
    assert (result["n_answered"], result["n_refused"]) == (N_ROWS, 0)
    rows = read(serve.result_path(live.store, job).read_bytes())
    assert [row["customer"] for row in rows] == frame["customer"].tolist()
    check_logged_once(live, job.id, [row["prediction_id"] for row in rows])
    live.store.update(job, status="done", ended_at=utc_now())


def test_labels_find_the_rows_of_a_file(live: Live) -> None:
    _, content = do(live, as_csv(frame_of(live, 5)))
    labels = [(row["prediction_id"], "yes") for row in read(content)]
    assert live.client.send_labels(live.slug, labels) == {"stored": 5, "unknown": []}


def writer(content: bytes) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_bytes(content)

    return write


def test_the_dashboard_hands_a_file_in_without_the_service(live: Live) -> None:
    content = as_csv(frame_of(live, 5))
    job = serve.start_batch(live.store, live.first, kind="csv", write=writer(content), by="Anna")
    assert do_job(live)
    assert len(read(serve.result_path(live.store, job).read_bytes())) == 5
    with pytest.raises(BadInputError, match="lacks 3"):
        serve.start_batch(
            live.store, live.first, kind="csv", write=lambda path: path.write_bytes(b"delay\n1"), by="Anna"
        )  # type: ignore[arg-type, return-value]


def test_without_a_job_runner_no_file_is_taken(live: Live) -> None:
    live.store.remove(ProcessInfo, name="jobs")
    with pytest.raises(NotReadyError, match="job runner"):
        serve.start_batch(live.store, live.first, kind="csv", write=writer(b""), by="Anna")
    answer = send(live, as_csv(frame_of(live, 5)))
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "no_runner")


def test_results_are_deleted_after_a_week(live: Live) -> None:
    told, _ = do(live, as_csv(frame_of(live, 5)))
    serve.remove_old_batches(live.store, utc_now())
    assert get(live, told["result"]).status_code == 200
    serve.remove_old_batches(live.store, utc_now() + KEPT_FOR + timedelta(minutes=1))
    assert get(live, told["result"]).status_code == 404
    assert list(live.store.files.batches.iterdir()) == []


def test_a_file_of_another_project_is_not_there(live: Live) -> None:
    for batch in (new_id(), "x", "..", "%2e%2e"):
        assert get(live, f"/v1/{live.slug}/batches/{batch}").status_code == 404


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kills as POSIX does")
def test_kill_9_of_runner_and_service_loses_no_row_and_logs_none_twice(live: Live) -> None:
    """50,000 rows; the runner is killed three times, the service once."""
    live.store.remove(ProcessInfo, name="jobs")
    frame = pd.concat([frame_of(live, 400)] * 125, ignore_index=True)
    frame["customer"] = [f"c{number}" for number in range(len(frame))]
    runner = start_runner(live.store)
    wait_for(lambda: live.store.count(ProcessInfo, name="jobs"))
    told = send(live, as_csv(frame)).json()
    for n_done in (3_000, 12_000):
        wait_for(lambda n_done=n_done: live.store.log.journalled(f"batch-{told['id']}") > n_done)  # type: ignore[misc]
        runner.kill()
        runner.wait()
        runner = start_runner(live.store)
    info = serve.find_service(live.store)
    assert info is not None
    os.kill(info.pid, 9)
    live.address = serve.start_service(live.store)
    wait_for(lambda: get(live, told["address"]).json()["state"] == "done", 200)
    rows = read(get(live, get(live, told["address"]).json()["result"]).content)
    runner.terminate()
    runner.wait()
    assert [row["customer"] for row in rows] == frame["customer"].tolist()
    check_logged_once(live, told["id"], [row["prediction_id"] for row in rows])


def start_runner(store: Store) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "FULL_CIRCLE_HOME": str(store.home), "FULL_CIRCLE_SCHEDULER": "none"}
    return subprocess.Popen([sys.executable, "-m", "core.jobs"], cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
