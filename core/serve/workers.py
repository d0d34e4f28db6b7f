"""Several processes that answer at one port: started, watched, started again when one dies, ended together.

They are forked from a process that has imported everything and runs no thread, so a new one is there at once and shares
its memory. The operating system spreads the connections over them (SO_REUSEPORT, which only Linux does evenly).
"""

import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from core.errors import NotReadyError
from core.serve.proofs import Prover, raise_verdict

logger = logging.getLogger(__name__)

MOST_BY_DEFAULT = 4
LOOK_INTERVAL_S = 0.2
STEADY_AFTER_S = 5.0
"""A worker that dies sooner is started again only after a pause, so that a lasting trouble does not eat the machine."""
PAUSE_S = 1.0
END_TIMEOUT_S = 15.0
PARENT_ANSWERS_WITHIN_S = 1.0


def default_workers() -> int:
    """Return how many processes answer unless told otherwise: one a core, at most four."""
    return min(MOST_BY_DEFAULT, len(os.sched_getaffinity(0))) if can_share_port() else 1


def can_share_port() -> bool:
    """Whether several processes can take connections at one port."""
    return sys.platform == "linux"


class Parent:
    """What a worker knows of the process that keeps it; may be used from several threads.

    Parameters
    ----------
    life, proofs : Connection
        Two lines to it: one is answered at once, the other when a model has been proved.
    """

    def __init__(self, life: "Connection[Any, Any]", proofs: "Connection[Any, Any]") -> None:
        self._life, self._proofs = life, proofs
        self._life_lock, self._proofs_lock = threading.Lock(), threading.Lock()

    def is_there(self) -> bool:
        """Whether the parent answers, or is at least not gone; takes up to a second when it is busy."""
        with self._life_lock, suppress(OSError, EOFError):
            self._life.send(None)
            if self._life.poll(PARENT_ANSWERS_WITHIN_S):
                self._life.recv()
            return True
        return False

    def verify(self, folder: Path, digest: str) -> None:
        """Have a model proved, as `deploy.verify_folder` does, with the same errors."""
        with self._proofs_lock:
            try:
                self._proofs.send((folder, digest))
                verdict = self._proofs.recv()
            except (OSError, EOFError) as error:
                raise NotReadyError("The service is ending.", "Try again in a moment.") from error
        raise_verdict(verdict)


@dataclass
class Worker:
    """A worker process, when it was started, and the parent's ends of the two lines to it."""

    process: BaseProcess
    started_at: float
    lines: tuple["Connection[Any, Any]", "Connection[Any, Any]"]


Work = Callable[[Parent, Callable[[], object]], None]


class Workers:
    """Keeps a number of worker processes alive until told to stop, and proves models for them.

    Parameters
    ----------
    n_workers : int >= 1
        How many.
    work : callable
        What each does until it gets SIGTERM; called in its own process with the parent to ask, and a function that
        returns as soon as the parent is gone.
    last : callable, optional
        What one more process does beside them; it is ended after them.
    """

    def __init__(self, n_workers: int, work: Work, last: Work | None = None) -> None:
        self._works = [*[work] * n_workers, *([last] if last else [])]
        self._fork = multiprocessing.get_context("fork")
        # Nothing is ever written into it: it ends when this process does, which the workers notice at once.
        self._lifeline = os.pipe()
        self._workers: dict[int, Worker] = {}
        self._prover = Prover()
        self._n_workers = n_workers

    def run(self, stopping: threading.Event, beat: Callable[[], None]) -> None:
        """Run until `stopping` is set. `beat` is called again and again; it must leave no thread behind."""
        try:
            while not stopping.is_set():
                for number in range(len(self._works)):
                    self._keep_alive(number)
                beat()
                self._hear()
                self._prover.look()
        finally:
            self._end()

    def _hear(self) -> None:
        """Answer what workers ask; returns when something happened or after a moment."""
        lines = [line for worker in self._workers.values() for line in worker.lines if not line.closed]
        ends = [worker.process.sentinel for worker in self._workers.values()]
        happened = wait([*lines, *ends, *self._prover.channels], LOOK_INTERVAL_S)
        for line in lines:
            if line in happened:
                self._answer(line)

    def _answer(self, line: "Connection[Any, Any]") -> None:
        try:
            asked = line.recv()
            if asked is None:
                line.send(None)
            else:
                folder, digest = asked
                self._prover.request(folder, digest, line)
        except (OSError, EOFError):
            line.close()

    def _keep_alive(self, number: int) -> None:
        worker = self._workers.get(number)
        if worker is not None:
            if worker.process.is_alive():
                return
            logger.warning("Worker %d ended with code %s; another one is started.", number, worker.process.exitcode)
            worker.process.join()
            self._forget(number)
            if time.monotonic() - worker.started_at < STEADY_AFTER_S:
                time.sleep(PAUSE_S)
        self._workers[number] = self._start(number)

    def _forget(self, number: int) -> None:
        for line in self._workers.pop(number).lines:
            line.close()

    def _start(self, number: int) -> Worker:
        (life, its_life), (proofs, its_proofs) = self._fork.Pipe(), self._fork.Pipe()
        ours = (life, proofs)
        process = self._fork.Process(
            target=self._work_apart,
            args=(self._works[number], Parent(its_life, its_proofs), ours),
            name=f"worker-{number}",
        )
        process.start()
        its_life.close()
        its_proofs.close()
        return Worker(process, time.monotonic(), ours)

    def _work_apart(self, work: Work, parent: Parent, parents_ends: tuple["Connection[Any, Any]", ...]) -> None:
        """Run in the worker, which must take neither the parent's signals nor its ends of any line for its own."""
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, signal.SIG_DFL)
        os.close(self._lifeline[1])
        for line in [*parents_ends, *(line for worker in self._workers.values() for line in worker.lines)]:
            line.close()
        work(parent, lambda: os.read(self._lifeline[0], 1))

    def _end(self) -> None:
        self._end_some(range(self._n_workers))
        self._end_some(range(self._n_workers, len(self._works)))

    def _end_some(self, numbers: range) -> None:
        ending = {number: worker for number, worker in self._workers.items() if number in numbers}
        for worker in ending.values():
            worker.process.terminate()
        deadline = time.monotonic() + END_TIMEOUT_S
        for number, worker in ending.items():
            worker.process.join(max(0.1, deadline - time.monotonic()))
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
            self._forget(number)
