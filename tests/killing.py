"""Kills the prediction service outright while clients ask, and says what they had been told by then."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import cycle

import psutil
from sqlalchemy import select

from core import serve
from core.deploy import count_predictions, count_request_rows, load_reference
from core.errors import LifecycleError
from core.records import Json, ModelVersion, ProcessInfo
from core.serve.client import PROCESS_NAME
from core.serve.journal import sizes
from core.store import Store
from core.store.tables import JOURNAL
from tests.waiting import wait_for

N_CLIENTS = 8
MANY = 100


@dataclass
class Clients:
    """Eight that ask as fast as they can until the service is gone; `told` are the ids of the answers they got."""

    address: str
    slug: str
    rows: list[Json]
    told: list[str] = field(default_factory=list)

    def ask(self, gone: threading.Event) -> None:
        """Ask over one connection."""
        with serve.ServiceClient(self.address) as client:
            for row in cycle(self.rows):
                try:
                    answer = client.predict(self.slug, [row, row])
                except LifecycleError:
                    gone.wait(30)
                    return
                self.told += [prediction["id"] for prediction in answer["predictions"]]


def kill_under_load(store: Store, slug: str, rows: list[Json], after_s: float) -> list[str]:
    """Kill every process of the service while eight clients ask; return the ids of the answers that had arrived."""
    info = store.newest(ProcessInfo, name=PROCESS_NAME)
    assert info is not None
    main = psutil.Process(info.pid)
    clients, gone = Clients(info.address, slug, rows), threading.Event()
    with ThreadPoolExecutor(N_CLIENTS) as pool:
        for _ in range(N_CLIENTS):
            pool.submit(clients.ask, gone)
        wait_for(lambda: len(clients.told) > MANY)
        time.sleep(after_s)
        # The main process first, so that it starts no worker again.
        processes = [main, *main.children(recursive=True)]
        for process in processes:
            process.kill()
        gone.set()
    psutil.wait_procs(processes, timeout=10)
    return clients.told


def wait_until_taken_in(store: Store, timeout_s: float = 30) -> None:
    """Wait until nothing but the segments of the running workers is in the journal, and all of it is stored."""

    def is_stored() -> bool:
        with store.engine.connect() as connection:
            known = dict(connection.execute(select(JOURNAL.c.segment, JOURNAL.c.n_bytes)).all())
        return all(known.get(segment, 0) == size for segment, size in sizes(store.files.journals).items())

    wait_for(is_stored, timeout_s)


def check_log(store: Store, model: ModelVersion, told: list[str]) -> None:
    """Fail unless every answer is in the log once, and the windows are the rows of the log, counted again."""
    logged = [one.prediction for one in store.log.read(model.project_id)]
    ids = Counter(prediction.id for prediction in logged)
    assert len(told) == len(set(told)), "an id was given twice"
    assert not set(told) - ids.keys(), "an answer is missing in the log"
    assert max(ids.values()) == 1, "an answer is in the log twice"
    windows = store.log.windows(model.project_id)
    assert sum(window.n_rows for window in windows) == len(logged)
    assert sum(window.n_requests for window in windows) == len({prediction.request_id for prediction in logged})
    reference = load_reference(store, model.id)
    counted = count_request_rows(reference, [prediction.inputs for prediction in logged])
    for name, counts in counted.items():
        assert tuple(map(sum, zip(*(window.columns[name] for window in windows), strict=True))) == counts
    answers = count_predictions(reference, [prediction.prediction for prediction in logged])
    assert tuple(map(sum, zip(*(window.predictions for window in windows), strict=True))) == answers


def time_until_back(store: Store, slug: str, row: Json) -> float:
    """Start the service again and return how many seconds it took until it answered."""
    started_at = time.perf_counter()
    with serve.ServiceClient(serve.start_service(store)) as client:
        client.predict(slug, [row])
    return time.perf_counter() - started_at
