"""Work on model files in a process of its own: a damaged file may crash that, and a conversion may never end."""

import multiprocessing
import multiprocessing.forkserver
import time
from collections.abc import Callable
from typing import Any

from core.errors import NotReadyError
from core.store import StoppedError
from core.train import compute

PRELOADED = ["core.deploy.loading"]


def run_apart(function: Callable[..., Any], *arguments: Any, timeout_s: float) -> Any:
    """Call a function in a process of its own and return its result.

    Raises
    ------
    NotReadyError
        When it does not end in time; it is killed then.
    LifecycleError
        What the function raised; also when the process died.
    """
    deadline = time.monotonic() + timeout_s
    try:
        return compute("", function, *arguments, stop_requested=lambda: time.monotonic() > deadline)
    except StoppedError as error:
        raise NotReadyError(
            f"It took longer than {timeout_s:g} seconds and was ended.", "Try again when the machine is less busy."
        ) from error


def prepare_to_run_apart() -> None:
    """Start the server that such processes are forked from, with all they need imported: seconds are saved each time.

    Where processes cannot be forked (Windows), each starts from nothing, and nothing is prepared.
    """
    if "forkserver" in multiprocessing.get_all_start_methods():
        multiprocessing.set_forkserver_preload(PRELOADED)
        multiprocessing.forkserver.ensure_running()
