"""Dashboard, service and job runner are killed in turn during a drill: nothing that anybody was told is lost."""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import cycle
from pathlib import Path

import httpx
import psutil
import pytest

from core import monitor, serve, simulate
from core.deploy import load_prototype, request_rows
from core.errors import LifecycleError
from core.records import AlertChange, Delivery, Fault, Job, Json, ModelVersion, utc_now
from core.store import open_store
from tests.killing import check_log, wait_until_taken_in
from tests.model_worlds import approve, copy_version, make_frame, make_world, promote
from tests.playing import Live
from tests.receivers import SECRET, HookReceiver
from tests.running import Running, running
from tests.waiting import wait_for

N_ROWS, BAD_FROM = 600, 100
LONG_S = 180.0
DASHBOARD, SERVICE, RUNNER = "streamlit", "core.serve", "core.jobs"


@dataclass
class Asker:
    """Somebody else who asks all the time, and again when the service is away; `told` are the ids of its answers."""

    live: Live
    rows: list[Json]
    told: list[str] = field(default_factory=list)

    @contextmanager
    def asking(self) -> Iterator[None]:
        ended = threading.Event()
        thread = threading.Thread(target=self._ask, args=(ended,))
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join(60)

    def _ask(self, ended: threading.Event) -> None:
        rows = cycle(self.rows)
        while not ended.wait(0.1):
            address = serve.service_address(self.live.store)
            if address is None:
                continue
            with serve.ServiceClient(address) as client:
                self._ask_until_it_fails(client, rows, ended)

    def _ask_until_it_fails(self, client: serve.ServiceClient, rows: "cycle[Json]", ended: threading.Event) -> None:
        while not ended.wait(0.03):
            try:
                answer = client.predict(self.live.world.project.slug, [next(rows)])
            except LifecycleError:
                return
            self.told += [prediction["id"] for prediction in answer["predictions"]]


@dataclass
class Stage:
    """All of Full Circle at work, with a receiver of notices."""

    live: Live
    full_circle: Running
    hook: HookReceiver
    model: ModelVersion
    asker: Asker

    def kill(self, word: str) -> None:
        """Kill a process outright, with all that it started."""
        wait_for(lambda: self.full_circle.child(word), LONG_S)
        main = self.full_circle.child(word)
        assert main is not None
        # The main process first, so that it starts no worker again.
        processes = [main, *main.children(recursive=True)]
        for process in processes:
            process.kill()
        psutil.wait_procs(processes, timeout=10)

    def start_drill(self, *, speed: float, grace_s: float) -> Job:
        """Play fresh rows like those of the training, of which the last have a sensor that is stuck."""
        frame = make_frame(n_rows=N_ROWS, seed=20 + self.model.number)
        self.live.keep_back(frame.sample(frac=1.0, random_state=0).reset_index(drop=True))
        fault = Fault("stuck", BAD_FROM, N_ROWS, ("distance",))
        choices = {"origin": "kept_back", "rows_per_second": speed, "label_delay_s": 0.5, "grace_s": grace_s}
        return self.live.start_drill(N_ROWS, fault, **choices)

    def job(self, job: Job) -> Job:
        return self.live.store.get(Job, job.id)

    def n_played(self, job: Job) -> int:
        return int(self.job(job).result.get("next_row", 0))

    def promote_next(self) -> None:
        """Make a copy of the version live, so that the next drill has traffic and alerts of its own."""
        self.model = copy_version(self.live.store, self.model, number=self.model.number + 1)
        promote(self.live.store, self.model)
        wait_for(lambda: answers(f"{self.address}/metadata", self.model.id), LONG_S)

    @property
    def address(self) -> str:
        return f"{serve.service_address(self.live.store)}/v1/{self.live.world.project.slug}"


def answers(url: str, words: str = "") -> bool:
    try:
        response = httpx.get(url, timeout=5)
    except httpx.HTTPError:
        return False
    return response.status_code == httpx.codes.OK and words in response.text


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setenv("FULL_CIRCLE_ALLOW_PRIVATE", "1")
    store = open_store(tmp_path / "home")
    live = Live(store, make_world(store, "Late flights"))
    model = promote(store, approve(store, live.world))
    rows = request_rows(
        load_prototype(store, model.id), live.world.frame.drop(columns="late").sample(frac=1.0, random_state=0)
    )
    with HookReceiver().running() as hook, running(store.home) as full_circle:
        settings = {"url": hook.url}
        monitor.save_channel(
            store, live.project_id, kind="webhook", name="hook", settings=settings, secret=SECRET, by="Anna"
        )
        wait_for(lambda: serve.service_address(store), LONG_S)
        wait_for(lambda: answers(f"{serve.service_address(store)}/ready"), LONG_S)
        yield Stage(live, full_circle, hook, model, Asker(live, rows))
    store.engine.dispose()


def check_nothing_is_lost(stage: Stage) -> None:
    """Every answer is in the log once, the windows are the log counted again, and every alert was heard of once."""
    store, project_id = stage.live.store, stage.live.project_id
    wait_until_taken_in(store)
    check_log(store, stage.model, stage.asker.told)
    n_labelled = sum(one.label is not None for one in store.log.read(project_id))
    assert sum(window.n_labelled for window in store.log.windows(project_id)) == n_labelled
    wait_for(lambda: {delivery.status for delivery in store.find(Delivery)} == {"delivered"}, LONG_S)
    wanted = Counter(
        (change.alert_id, "opened" if change.before is None else "resolved") for change in store.find(AlertChange)
    )
    heard = Counter((told["id"], told["change"]) for notice in stage.hook.notices.values() for told in notice["alerts"])
    assert heard == wanted
    assert max(wanted.values()) == 1
    assert set(stage.hook.notices) == {delivery.id for delivery in store.find(Delivery)}
    assert stage.hook.bad_signatures == []


def check_drill(stage: Stage, job: Job, n_runner_kills: int) -> None:
    """The drill was played to its end, each row once, and its alarm counts."""
    done = stage.job(job)
    assert (done.status, done.n_attempts) == ("done", 1 + n_runner_kills), done.error
    assert (done.result["n_sent"], done.result["n_labels"], done.result["n_failed"]) == (N_ROWS, N_ROWS, 0)
    played = [one for one in stage.live.logged(job) if one.prediction.simulated]
    assert len(played) == N_ROWS
    assert all(one.label is not None for one in played)
    report = simulate.score_drill(stage.live.store, job.id, now=utc_now())
    (stuck,) = report.faults
    assert stuck.noticed_at is not None, report.sentences
    assert BAD_FROM < (stuck.noticed_after_rows or 0) + BAD_FROM <= N_ROWS
    assert report.n_false == 0, report.sentences


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_drill_outlives_the_dashboard_the_service_and_the_job_runner(stage: Stage) -> None:
    with stage.asker.asking():
        job = stage.start_drill(speed=60.0, grace_s=45.0)
        wait_for(lambda: stage.n_played(job) > 0, LONG_S)
        stage.kill(DASHBOARD)
        before = stage.n_played(job)
        wait_for(lambda: stage.n_played(job) > before, LONG_S)
        stage.kill(SERVICE)
        wait_for(lambda: stage.n_played(job) > BAD_FROM + 200, LONG_S)
        stage.kill(RUNNER)
        # The queue takes a job for dead when nothing was heard of it for a quarter of a minute: as if that had passed.
        stage.live.store.update(stage.job(job), heartbeat_at=utc_now() - timedelta(minutes=1))
        wait_for(lambda: not stage.job(job).active, LONG_S)
    check_drill(stage, job, n_runner_kills=1)
    check_nothing_is_lost(stage)
    wait_for(lambda: answers(f"{stage.full_circle.address}/_stcore/health"), LONG_S)


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_drill_after_drill_outlives_kills_at_any_moment(stage: Stage) -> None:
    draw = random.Random(8)
    n_kills = 0
    with stage.asker.asking():
        for number in range(6):
            job = stage.start_drill(speed=30.0, grace_s=45.0)
            victims: list[str] = [DASHBOARD, SERVICE, SERVICE, RUNNER]
            draw.shuffle(victims)
            for victim in victims:
                time.sleep(draw.uniform(0.0, 4.0))
                stage.kill(victim)
            n_kills += len(victims)
            wait_for(lambda job=job: not stage.job(job).active, 2 * LONG_S)
            check_drill(stage, job, n_runner_kills=1)
            if number < 5:
                stage.promote_next()
    check_nothing_is_lost(stage)
    repeated = sum(n > 1 for n in stage.hook.came.values())
    print(f"{n_kills} kills, {len(stage.asker.told):,} answers told, {repeated} notices came again")
