"""`python -m core.jobs`: the job runner as its own process, until Ctrl-C or SIGTERM."""

import logging
import signal
from types import FrameType

from core.jobs.compute_cluster import scheduler_address
from core.jobs.runner import JobRunner
from core.store import open_store


def main() -> None:
    """Open the store and the cluster, and do jobs until asked to end."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    store = open_store()
    with scheduler_address() as address:
        runner = JobRunner(store, address)

        def close(_signal: int, _frame: FrameType | None) -> None:
            runner.close()

        signal.signal(signal.SIGTERM, close)
        signal.signal(signal.SIGINT, close)
        runner.run_forever()
    store.engine.dispose()


if __name__ == "__main__":
    main()
