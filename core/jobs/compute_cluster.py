"""The Dask cluster the work runs on: one on this machine by default, or any scheduler by address."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from core.train import open_cluster

SCHEDULER_VARIABLE = "FULL_CIRCLE_SCHEDULER"


@contextmanager
def scheduler_address() -> Iterator[str]:
    """Give the address of the scheduler to use: FULL_CIRCLE_SCHEDULER, else that of a cluster opened for the while."""
    address = os.environ.get(SCHEDULER_VARIABLE)
    if address:
        yield address
        return
    with open_cluster() as cluster:
        yield cluster.scheduler_address
