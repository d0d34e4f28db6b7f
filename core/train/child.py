"""Work that can really be stopped: it runs in a child process, which is killed when the person asks or time is up."""

import multiprocessing
import os
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from types import ModuleType
from typing import Any

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from core.errors import LifecycleError, NotReadyError

POLL_S = 0.2
PRELOADED = ["core.train.fitting"]


class WorkStoppedError(LifecycleError):
    """The work was killed because it was asked to stop or its time was up."""


class WorkDiedError(LifecycleError):
    """The process doing the work died by itself or was killed from outside."""


def run_killable(
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
    *,
    should_stop: Callable[[], bool],
    time_limit_s: float = float("inf"),
) -> Any:
    """Call a function in a child process and return its result.

    Parameters
    ----------
    function : callable
        Importable by name, as its arguments must be picklable.
    arguments : tuple
        What it is called with.
    should_stop : callable
        Asked five times a second; True kills the child.
    time_limit_s : float
        Seconds after which the child is killed.

    Raises
    ------
    WorkStoppedError
        When it was killed by us.
    WorkDiedError
        When it died twice.
    LifecycleError
        What the function itself raised; other exceptions arrive as LifecycleError with their text.
    """
    deadline = time.monotonic() + time_limit_s
    for attempt in (1, 2):
        try:
            return _run_once(function, arguments, should_stop, deadline)
        except WorkDiedError:
            if attempt == 2:
                raise
    raise AssertionError("not reached")


def _run_once(
    function: Callable[..., Any], arguments: tuple[Any, ...], should_stop: Callable[[], bool], deadline: float
) -> Any:
    if multiprocessing.current_process().daemon:
        raise NotReadyError(
            "The cluster's workers may not start processes of their own, so work could not be stopped.",
            "Start the workers with DASK_DISTRIBUTED__WORKER__DAEMON=False.",
        )
    context = _context()
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_child_main, args=(sender, function, arguments))
    with _hidden_main():
        process.start()
    sender.close()
    try:
        return _receive(receiver, should_stop, deadline)
    finally:
        process.kill()
        process.join()
        process.close()
        receiver.close()


@contextmanager
def _hidden_main() -> Iterator[None]:
    """Hide what this process runs as its main module, for a moment.

    A child would run it, too, before its work. In a dashboard that is a whole page, drawn for nobody.
    """
    shown, nothing = sys.modules["__main__"], ModuleType("__main__")
    sys.modules["__main__"] = nothing
    try:
        yield
    finally:
        # The dashboard, which gives each page a main module of its own, may have put another one there meanwhile.
        if sys.modules["__main__"] is nothing:
            sys.modules["__main__"] = shown


def _context() -> Any:
    """Return the quickest way to start a clean process: a server that forks with everything imported, else spawn."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


def _receive(receiver: Connection, should_stop: Callable[[], bool], deadline: float) -> Any:
    while True:
        if should_stop():
            raise WorkStoppedError("Stopped, as asked.")
        if time.monotonic() > deadline:
            raise WorkStoppedError("It took longer than the time it was given.")
        if receiver.poll(POLL_S):
            break
    try:
        error, result = receiver.recv()
    except EOFError as reason:
        raise WorkDiedError(
            "The process doing the work died; perhaps it needed more memory than there is.",
            "Try fewer rows or other families.",
        ) from reason
    if error is not None:
        raise error
    return result


def _child_main(sender: Connection, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    """Do the work on one core and send what came of it; die at once when the parent dies."""
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    warnings.simplefilter("ignore")
    try:
        with threadpool_limits(1):
            sender.send((None, function(*arguments)))
    except LifecycleError as error:
        sender.send((error, None))
    except Exception as error:  # noqa: BLE001 - a process border: the parent has to hear of whatever went wrong
        sender.send((LifecycleError(_first_line(error)), None))


def _first_line(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0][:300]


def _exit_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
