"""`python -m benchmarks.corpus --data DIR --index FILE.tsv`: real tables nobody here wrote, all the way round.

Each file goes from its bytes through reading, recipe, a short training and the model folder to answers by the real
service over HTTP and a drift report over them. One line a file; the last line is JSON with the goals and the counts.
"""

import argparse
import json
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as Timeout
from contextlib import contextmanager
from pathlib import Path

from benchmarks.corpus.index import CorpusFile, read_index
from benchmarks.corpus.walk import STAGES, Outcome, Walk
from benchmarks.goals import at_least, print_goals, print_versions
from benchmarks.shared_corpus import INDEX, data_folder
from core import serve
from core.demo import job_runner
from core.records import Json
from core.store import Store, open_store

TIME_LIMIT_S = 180.0
N_QUICK = 12
AT_ONCE = 2
PACKAGES = ("duckdb", "pandas", "pyarrow", "scikit-learn", "skops", "onnxruntime", "distributed", "fastapi")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0 when it got through: whether the goals are met, the last line says."""
    # A polite end goes the same way as Ctrl-C: everything that was started is stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    options = read_options(arguments)
    files = choose_files(read_index(options.index), options.limit, quick=options.quick)
    print_versions(*PACKAGES)
    started_at = time.monotonic()
    with (
        data_folder(options.data) as data,
        tempfile.TemporaryDirectory(prefix="full-circle-corpus-") as home,
        open_world(Path(home)) as (store, address),
    ):
        outcomes = list(walk_all(store, address, files, data))
    goals, counts = summarise(outcomes)
    if options.json:
        content = {"goals": goals, **counts, "files": [as_json(outcome) for outcome in outcomes]}
        options.json.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")
    print_goals(goals, **counts, seconds=round(time.monotonic() - started_at))
    return 0


def read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="benchmarks.corpus", description="Real tables, all the way round.")
    parser.add_argument("--data", type=Path, default=None, help="folder of the files (default: the shared open half)")
    parser.add_argument("--index", type=Path, default=INDEX, help="their index, tab-separated")
    parser.add_argument("--limit", type=int, default=None, help="only the first so many files")
    parser.add_argument("--json", type=Path, default=None, help="write everything to this file, too")
    parser.add_argument("--quick", action="store_true", help=f"only {N_QUICK} files, spread over the index")
    return parser.parse_args(arguments)


def choose_files(files: list[CorpusFile], limit: int | None, *, quick: bool) -> list[CorpusFile]:
    """Return the files to take, in the order of the index."""
    files = files[:limit]
    return files[:: max(1, len(files) // N_QUICK)][:N_QUICK] if quick else files


@contextmanager
def open_world(home: Path) -> Iterator[tuple[Store, str]]:
    """Start job runner and prediction service on a store of their own; stop them at the end."""
    store = open_store(home, f"sqlite:///{home / 'store.db'}")
    try:
        with job_runner(store):
            yield store, serve.start_service(store)
    finally:
        serve.stop_service(store)
        store.engine.dispose()


def walk_all(store: Store, address: str, files: Sequence[CorpusFile], data: Path) -> Iterator[Outcome]:
    """Walk the files, a few at a time; print a line for each, in their order."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for outcome in pool.map(lambda file: walk_within_limit(store, address, file, data / file.name), files):
            print(say(outcome), flush=True)
            yield outcome


def walk_within_limit(store: Store, address: str, file: CorpusFile, path: Path) -> Outcome:
    """Walk one file; what takes too long is given up and noted."""
    walk = Walk(store, address, file, path)
    with ThreadPoolExecutor(1) as pool:
        going = pool.submit(walk.go)
        try:
            going.result(TIME_LIMIT_S)
        except Timeout:
            stage = next(stage for stage in STAGES if stage not in walk.outcome.seconds)
            walk.outcome.problems[stage] = f"It took longer than {TIME_LIMIT_S:.0f} s."
            walk.give_up()
    walk.clear_up()
    return walk.outcome


def say(outcome: Outcome) -> str:
    """Return one line on a file: how far it got, in which time, and what was wrong."""
    problems = "; ".join(f"{stage}: {words}" for stage, words in outcome.problems.items()) or "all right"
    mark = " (index uncertain)" if outcome.file.uncertain and outcome.problems else ""
    return (
        f"{outcome.file.name[:50]:<50} {outcome.reached:<10} {sum(outcome.seconds.values()):6.1f} s  {problems}{mark}"
    )


def summarise(outcomes: Sequence[Outcome]) -> tuple[dict[str, Json], Json]:
    """Return the goals, and the counts of files by the stages they passed."""
    asked = [outcome for outcome in outcomes if outcome.file.task != "none"]
    unasked = [outcome for outcome in outcomes if outcome.file.task == "none"]
    certain = [outcome for outcome in outcomes if not outcome.file.uncertain]
    goals = {
        "opened_share": at_least(_share("read" in one.passed for one in outcomes), 1.0),
        "without_exception_share": at_least(_share("EXCEPTION" not in str(one.problems) for one in outcomes), 1.0),
        "shape_and_header_share": at_least(_share("shape" in one.passed for one in certain), 0.97),
        "task_share": at_least(_share("task" in one.passed for one in asked), 0.97),
        "declined_share": at_least(_share(one.declined for one in unasked), 1.0),
        "served_prediction_share": at_least(_share("prediction" in one.passed for one in asked), 1.0),
        "drift_report_share": at_least(_share("drift" in one.passed for one in asked), 1.0),
    }
    counts = {
        "n_files": len(outcomes),
        "n_with_target": len(asked),
        "n_index_certain": len(certain),
        "passed": {stage: sum(stage in outcome.passed for outcome in outcomes) for stage in STAGES},
        "reached": dict(Counter(outcome.reached for outcome in outcomes)),
    }
    return goals, counts


def _share(facts: Iterable[bool]) -> float:
    known = list(facts)
    return round(sum(known) / len(known), 4) if known else 1.0


def as_json(outcome: Outcome) -> Json:
    """Return an outcome for the JSON file."""
    seconds = {stage: round(value, 2) for stage, value in outcome.seconds.items()}
    return {
        "file": outcome.file.name,
        "reached": outcome.reached,
        "passed": outcome.passed,
        "problems": outcome.problems,
        "seconds": seconds,
        "uncertain": outcome.file.uncertain,
    }


if __name__ == "__main__":
    sys.exit(main())
