"""Proving models for worker processes: in a child of their parent, which is there at once; one proof serves them all.

The parent runs no thread and has imported everything, so a fork of it can open a model within a fraction of a second. A
damaged file may crash that child and nothing else.
"""

import multiprocessing
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from core.deploy.loading import open_model
from core.errors import BadInputError, LifecycleError, NotReadyError

PROOF_TIMEOUT_S = 120.0
DAMAGED = ("BadInputError", "The model cannot be loaded: opening it ended the process.", "Promote another version.")
TOO_LONG = ("NotReadyError", "Proving the model took too long.", "Try again when the machine is less busy.")
ERRORS: dict[str, type[LifecycleError]] = {"BadInputError": BadInputError, "NotReadyError": NotReadyError}

Verdict = tuple[str, str, str] | None
"""Kind of error, message and hint; None when the model proved itself."""


@dataclass
class Proof:
    """A proof under way: its process, where its verdict comes from, until when, and who waits for it."""

    process: BaseProcess
    verdict: "Connection[None, Verdict]"
    ends_at: float
    askers: list["Connection[Verdict, object]"] = field(default_factory=list)


class Prover:
    """Proves models for others, one child process each; belongs to the parent's one thread.

    Parameters
    ----------
    prove : callable
        Opens a folder with a digest, or raises a LifecycleError.
    """

    def __init__(self, prove: Callable[[Path, str], object] = open_model) -> None:
        self._prove = prove
        self._proved: set[str] = set()
        self._running: dict[str, Proof] = {}

    @property
    def channels(self) -> list["Connection[None, Verdict]"]:
        """Where verdicts will come from."""
        return [proof.verdict for proof in self._running.values()]

    def request(self, folder: Path, digest: str, asker: "Connection[Verdict, object]") -> None:
        """Tell the asker the verdict as soon as there is one; what was proved once is not proved again."""
        if digest in self._proved:
            asker.send(None)
            return
        if digest not in self._running:
            self._running[digest] = self._start(folder, digest)
        self._running[digest].askers.append(asker)

    def _start(self, folder: Path, digest: str) -> Proof:
        fork = multiprocessing.get_context("fork")
        verdict, given = fork.Pipe(duplex=False)
        process = fork.Process(target=self._run, args=(folder, digest, given), name="proof")
        process.start()
        given.close()
        return Proof(process, verdict, time.monotonic() + PROOF_TIMEOUT_S)

    def _run(self, folder: Path, digest: str, given: "Connection[Verdict, None]") -> None:
        try:
            self._prove(folder, digest)
        except LifecycleError as error:
            kind = type(error).__name__
            given.send((kind if kind in ERRORS else "BadInputError", error.message, error.hint))
        else:
            given.send(None)

    def look(self) -> None:
        """Pass on the verdicts that are there, and end what takes too long."""
        for digest, proof in list(self._running.items()):
            if proof.verdict.poll():
                self._finish(digest, _read(proof))
            elif time.monotonic() > proof.ends_at:
                self._finish(digest, TOO_LONG)

    def _finish(self, digest: str, verdict: Verdict) -> None:
        proof = self._running.pop(digest)
        proof.process.kill()
        proof.process.join()
        proof.verdict.close()
        if verdict is None:
            self._proved.add(digest)
        for asker in proof.askers:
            # A worker that died meanwhile needs no verdict.
            with suppress(OSError):
                asker.send(verdict)


def _read(proof: Proof) -> Verdict:
    try:
        return proof.verdict.recv()
    except EOFError:
        return DAMAGED


def raise_verdict(verdict: Verdict) -> None:
    """Raise the LifecycleError that a verdict stands for, if it is one."""
    if verdict is not None:
        kind, message, hint = verdict
        raise ERRORS[kind](message, hint)
