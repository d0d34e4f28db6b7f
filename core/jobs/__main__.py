"""`python -m core.jobs`: the job runner as its own process, until Ctrl-C or SIGTERM."""

import logging
import os
import signal
import threading
from types import FrameType

from core.jobs.compute_cluster import scheduler_address
from core.jobs.runner import JobRunner
from core.store import open_store
from core.train import warm_up

LOG = logging.getLogger(__name__)
WARM_UP_AFTER_S = 10.0
"""Late enough not to slow down the start of the dashboard, soon enough for the first training."""

NICENESS = 5
"""By how much jobs, and the workers that compute for them, stand back: somebody waits for a page and for an answer."""


def main() -> None:
    """Open the store and the cluster, and do jobs until asked to end."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # Windows has no such thing.
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    store = open_store()
    with scheduler_address() as address:
        runner = JobRunner(store, address)

        def close(_signal: int, _frame: FrameType | None) -> None:
            runner.close()

        signal.signal(signal.SIGTERM, close)
        signal.signal(signal.SIGINT, close)
        threading.Thread(target=warm_up_later, args=(runner, address), daemon=True).start()
        runner.run_forever()
    store.engine.dispose()


def warm_up_later(runner: JobRunner, address: str) -> None:
    """Warm the workers up after a while, unless the runner is closing by then."""
    if runner.closing.wait(WARM_UP_AFTER_S):
        return
    try:
        warm_up(address)
    except Exception:
        # A thread border, and no harm done: the first training starts a few seconds later.
        LOG.warning("The workers could not be warmed up", exc_info=True)


if __name__ == "__main__":
    main()
