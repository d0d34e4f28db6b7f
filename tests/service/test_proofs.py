"""Models are proved in a child of the process that keeps the workers: once for all of them, whatever happens to it."""

import multiprocessing
import os
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from core.errors import BadInputError, NotReadyError
from core.serve import proofs
from core.serve.proofs import Prover, Verdict, raise_verdict

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="processes cannot be forked here")
FOLDER = Path("model")


def ask(prover: Prover, digest: str, n_askers: int = 1) -> list[Verdict]:
    """Ask as so many workers at once, and look until all have been told."""
    pipes: list[tuple[Connection[Any, Any], Connection[Any, Any]]] = [multiprocessing.Pipe() for _ in range(n_askers)]
    for _, line in pipes:
        prover.request(FOLDER, digest, line)
    deadline = time.monotonic() + 30
    while not all(worker.poll() for worker, _ in pipes):
        assert time.monotonic() < deadline
        prover.look()
        time.sleep(0.01)
    verdicts: list[Verdict] = [worker.recv() for worker, _ in pipes]
    for pipe in pipes:
        for end in pipe:
            end.close()
    return verdicts


def test_one_proof_serves_all_who_ask(tmp_path: Path) -> None:
    def prove(_folder: Path, digest: str) -> None:
        with (tmp_path / digest).open("a") as file:
            file.write("x")
        time.sleep(0.1)

    prover = Prover(prove)
    assert ask(prover, "d1", 3) == [None, None, None]
    assert ask(prover, "d1") == [None]
    assert (tmp_path / "d1").read_text() == "x"


def test_what_is_wrong_arrives_in_words_and_is_looked_at_again_next_time() -> None:
    def prove(_folder: Path, _digest: str) -> None:
        raise BadInputError("The file was changed.", "Register it again.")

    prover = Prover(prove)
    for _ in range(2):
        (verdict,) = ask(prover, "d2")
        with pytest.raises(BadInputError, match="The file was changed"):
            raise_verdict(verdict)


def test_a_file_that_ends_the_process_is_said_to_be_damaged() -> None:
    (verdict,) = ask(Prover(lambda _folder, _digest: os._exit(11)), "d3")
    with pytest.raises(BadInputError, match="ended the process"):
        raise_verdict(verdict)


def test_a_proof_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proofs, "PROOF_TIMEOUT_S", 0.2)
    (verdict,) = ask(Prover(lambda _folder, _digest: time.sleep(60)), "d4")
    with pytest.raises(NotReadyError, match="too long"):
        raise_verdict(verdict)


def test_a_worker_that_went_away_harms_nobody() -> None:
    prover = Prover(lambda _folder, _digest: time.sleep(0.1))
    worker, line = multiprocessing.Pipe()
    prover.request(FOLDER, "d5", line)
    worker.close()
    assert ask(prover, "d5") == [None]
    line.close()
