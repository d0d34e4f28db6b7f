"""All streams, two at a time, each in a process of its own: one that dies or hangs does not end the others.

Not part of `__main__`: what a process of its own is to call must be importable by name.
"""

import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.streams.index import StreamFile
from benchmarks.streams.judging import Judgement, judge
from benchmarks.streams.peer import estimate_by_peer
from benchmarks.streams.world import open_stream, play
from core.errors import LifecycleError
from core.store import open_store
from core.train.child import run_killable

AT_ONCE = 2
TIME_LIMIT_S = 900.0
"""Of one stream: what takes longer is given up, which is said."""


def walk_all(files: Sequence[StreamFile], data: Path, python: Path | None) -> Iterator[Judgement]:
    """Play the streams, two at a time, the longest first; print each when it is through, or why it could not be played.

    A stream of classes is played twice: as it was, and without concept change (see `benchmarks.streams.oracle`).
    """
    longest_first = sorted(files, key=lambda file: -file.n_rows)
    plays = [(file, still) for file in longest_first for still in (False, True) if not still or file.has_classes]
    stopping = threading.Event()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        going = [pool.submit(walk_apart, file, data / file.name, python, still, stopping) for file, still in plays]
        try:
            yield from filter(None, (each.result() for each in going))
        finally:
            stopping.set()


def walk_apart(
    file: StreamFile, path: Path, python: Path | None, still: bool, stopping: threading.Event
) -> Judgement | None:
    """Play and judge one stream in a process of its own; None when it could not be played, which is said."""
    started_at = time.monotonic()
    arguments = (file, path, python, still)
    try:
        judgement: Judgement = run_killable(walk, arguments, should_stop=stopping.is_set, time_limit_s=TIME_LIMIT_S)
    except LifecycleError as error:
        print(f"{file.name}: it could not be played. {error.message} {error.hint}", flush=True)
        return None
    print("\n".join([*judgement.lines(), f"  {time.monotonic() - started_at:.0f} s"]), flush=True)
    return judgement


def walk(file: StreamFile, path: Path, python: Path | None, still: bool) -> Judgement:
    """Play one stream in a store of its own, and judge it."""
    with tempfile.TemporaryDirectory(prefix="full-circle-stream-") as folder:
        home = Path(folder)
        store = open_store(home, f"sqlite:///{home / 'store.db'}")
        try:
            stream = open_stream(store, file, path, still=still)
            play(stream)
            peer = estimate_by_peer(stream, python, home / "peer") if python else None
        finally:
            store.engine.dispose()
        return judge(stream, peer, still=still)
