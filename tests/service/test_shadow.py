"""A shadow is asked what the live version is asked, and nobody who waits for an answer ever notices."""

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import psutil
import pytest

from core import deploy, monitor, serve
from core.deploy import LoadedModel
from core.jobs.shadow_process import ShadowProcess
from core.records import ModelVersion, Prediction, Release, ShadowAnswer, utc_now
from core.serve.shadows import ShadowAsker, ask_until
from tests.model_worlds import copy_version, damage
from tests.service.conftest import Live
from tests.waiting import wait_for


def generation(live: Live) -> int:
    current = live.store.releases.current(live.world.project.id)
    return current.generation if current else 0


def start_shadow(live: Live, number: int) -> ModelVersion:
    model = copy_version(live.store, live.first, number=number)
    deploy.start_shadow(live.store, model.id, by="Cleo", seen_generation=generation(live))
    return model


@pytest.fixture(autouse=True)
def _no_shadow_left(live: Live) -> Iterator[None]:
    yield
    current = live.store.releases.current(live.world.project.id)
    if current and current.plan.shadow:
        deploy.stop_shadow(live.store, live.world.project.id, by="Cleo", seen_generation=current.generation)


def ask(live: Live, n: int, start: int = 0) -> list[str]:
    """Ask so many questions, wait until they are in the log, and return the ids of the answers."""
    rows = [live.row(distance=float(start + number)) for number in range(n)]
    ids = [live.client.predict(live.slug, [row])["predictions"][0]["id"] for row in rows]
    wait_for(lambda: all(live.store.count(Prediction, id=one) for one in ids))
    return ids


def p95_ms(live: Live, n: int = 300) -> float:
    """Return the 95th percentile of the time four clients wait for an answer, over real connections."""

    def wait_times(_: int) -> list[float]:
        taken = []
        with serve.ServiceClient(live.address) as client:
            client.predict(live.slug, [live.row()])
            for _number in range(n // 4):
                started_at = time.perf_counter()
                client.predict(live.slug, [live.row()])
                taken.append(time.perf_counter() - started_at)
        return taken

    with ThreadPoolExecutor(4) as pool:
        return float(np.percentile([one for part in pool.map(wait_times, range(4)) for one in part], 95)) * 1000


class Slow:
    """A scorer that sleeps before it answers."""

    def __init__(self, loaded: LoadedModel) -> None:
        self.scorer, self.n_slept = loaded.scorer, 0

    def score_rows(self, rows):
        self.n_slept += 1
        time.sleep(2)
        return self.scorer.score_rows(rows)


def with_scorer(loaded: LoadedModel, scorer) -> LoadedModel:
    return LoadedModel(scorer, loaded.engine, loaded.prototype, loaded.reference)


def test_the_shadow_is_asked_the_same_and_its_answers_are_kept_beside(live: Live) -> None:
    shadow = start_shadow(live, 2)
    ids = ask(live, 30)
    asker = ShadowAsker(live.store)
    assert asker.look() == 30
    assert asker.look() == 0
    answers = live.store.find(ShadowAnswer, project_id=live.world.project.id, model_version_id=shadow.id)
    assert {answer.id for answer in answers} == set(ids)
    live.client.send_labels(live.slug, [(one, "yes") for one in ids])
    (report,) = monitor.compare_challengers(live.store, live.world.project.id)
    assert (report.n_asked, report.agreement.value, report.n_labelled) == (30, 1.0, 30)
    told = live.client.metadata(live.slug)
    wait_for(lambda: live.client.metadata(live.slug)["shadow"] is not None)
    told = live.client.metadata(live.slug)["shadow"]
    assert (told["model_version"], told["digest"], told["started_by"]) == (2, shadow.digest, "Cleo")


def test_callers_never_get_the_answer_of_a_shadow(live: Live) -> None:
    start_shadow(live, 2)
    time.sleep(0.5)
    assert {live.client.predict(live.slug, [live.row()])["model_version"] for _ in range(20)} == {1}
    windows = live.store.log.windows(live.world.project.id, only=())
    assert {window.model_version_id for window in windows} <= {live.first.id}


def test_questions_from_before_the_shadow_are_not_asked(live: Live) -> None:
    ask(live, 5)
    start_shadow(live, 2)
    assert ShadowAsker(live.store).look() == 0


def test_a_shadow_that_sleeps_delays_no_answer(live: Live) -> None:
    without = p95_ms(live)
    shadow = start_shadow(live, 2)
    loaded = deploy.load_model(live.store, shadow.id)
    slow, stopping = Slow(loaded), threading.Event()
    asker = ShadowAsker(live.store, lambda _store, _id: with_scorer(loaded, slow))
    thread = threading.Thread(target=ask_until, args=(stopping, asker))
    thread.start()
    try:
        ask(live, 1)
        wait_for(lambda: slow.n_slept)
        with_it = p95_ms(live)
    finally:
        stopping.set()
        thread.join()
    print(f"95 of 100 within {without:.1f} ms without a shadow, within {with_it:.1f} ms beside one that sleeps 2 s")
    assert with_it < 3 * without + 50
    assert live.store.shadows.count(live.world.project.id, shadow.id) >= 1


@pytest.mark.slow
def test_a_shadow_whose_process_is_stopped_or_killed_delays_nothing_and_goes_on_later(live: Live) -> None:
    shadow = start_shadow(live, 3)
    keeper = ShadowProcess(live.store)
    keeper.look()
    assert keeper.process is not None
    pid = keeper.process.pid
    try:
        ask(live, 10)
        wait_for(lambda: live.store.shadows.count(live.world.project.id, shadow.id) >= 10, 90)
        os.kill(pid, signal.SIGSTOP)
        assert p95_ms(live, 200) < 500
        os.kill(pid, signal.SIGCONT)
        wait_for(lambda: live.store.shadows.count(live.world.project.id, shadow.id) >= 210, 60)
        deploy.stop_shadow(live.store, live.world.project.id, by="Cleo", seen_generation=generation(live))
        keeper.look()
        assert not psutil.pid_exists(pid)
    finally:
        keeper.close()


def test_a_damaged_shadow_ends_and_the_history_says_why(live: Live) -> None:
    shadow = start_shadow(live, 4)
    damage(live.store.files.model(shadow.id) / "model.skops")
    ask(live, 3)
    assert ShadowAsker(live.store).look() == 0
    last = live.store.find(Release, project_id=live.world.project.id)[-1]
    assert (last.action, last.promoted_by) == ("stop_shadow", deploy.AUTOMATIC)
    assert "model.skops" in last.reason


def test_a_shadow_nobody_approved_is_asked_nothing(live: Live) -> None:
    shadow = start_shadow(live, 5)
    live.store.update(shadow, status="registered")
    ask(live, 1)
    assert ShadowAsker(live.store).look() == 0
    assert live.store.shadows.count(live.world.project.id, shadow.id) == 0


class Broken:
    """A scorer that fails on long distances."""

    def __init__(self, loaded: LoadedModel) -> None:
        self.scorer = loaded.scorer

    def score_rows(self, rows):
        if any(row["distance"] > 1000 for row in rows):
            raise ZeroDivisionError
        return self.scorer.score_rows(rows)


def test_where_a_shadow_fails_its_other_answers_are_kept_and_the_failures_counted(live: Live) -> None:
    shadow = start_shadow(live, 6)
    ask(live, 4, start=998)
    loaded = deploy.load_model(live.store, shadow.id)
    ShadowAsker(live.store, lambda _store, _id: with_scorer(loaded, Broken(loaded))).look()
    assert live.store.shadows.failures(live.world.project.id, shadow.id) == {"The model failed.": 1}
    assert live.store.shadows.count(live.world.project.id, shadow.id) == 4


def test_two_processes_that_ask_store_each_answer_once(live: Live) -> None:
    shadow = start_shadow(live, 7)
    ask(live, 40)
    askers = [ShadowAsker(live.store) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(ShadowAsker.look, askers)) == 40
    assert live.store.shadows.count(live.world.project.id, shadow.id) == 40


def test_what_a_shadow_said_is_deleted_with_the_question(live: Live) -> None:
    shadow = start_shadow(live, 8)
    ask(live, 2)
    ShadowAsker(live.store).look()
    live.store.log.remove_before(live.world.project.id, utc_now(), limit=10_000)
    assert live.store.shadows.count(live.world.project.id, shadow.id) == 0


@pytest.mark.slow
def test_the_command_reads_its_folder(live: Live) -> None:
    """The process ends when the one that started it is gone."""
    keeper = ShadowProcess(live.store)
    start_shadow(live, 9)
    keeper.look()
    assert keeper.process is not None
    assert keeper.process.stdin is not None
    keeper.process.stdin.close()
    assert keeper.process.wait(60) == 0
    assert json.dumps(keeper.process.args[1:3]) == '["-m", "core.serve.shadows"]'
