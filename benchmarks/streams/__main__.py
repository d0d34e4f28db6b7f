"""`python -m benchmarks.streams --data DIR --index FILE.tsv`: is lost accuracy noticed, and only then?

Each stream of the index is learnt from its first 30 %, made live, and its other rows are played window by window: they
are asked, the metric is estimated, their labels arrive, monitoring looks. Compared are the alarms of lost accuracy with
the true loss, and the estimates with the truth and with what NannyML estimates for the same windows.
"""

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.goals import print_goals, print_versions
from benchmarks.shared_corpus import INDEX, data_folder
from benchmarks.streams.goals import judge_goals
from benchmarks.streams.index import StreamFile, read_streams
from benchmarks.streams.peer import make_environment
from benchmarks.streams.walk import walk_all

N_QUICK = 3
PEERS = Path(tempfile.gettempdir()) / "full-circle-peers" / "nannyml"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0 when it got through: whether the goals are met, the last line says."""
    # A polite end goes the same way as Ctrl-C: everything that was started is stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    options = read_options(arguments)
    print_versions("scikit-learn", "pandas", "onnxruntime")
    files = choose_files(read_streams(options.index), quick=options.quick)
    python = None if options.without_peer else make_environment(PEERS)
    started_at = time.monotonic()
    with data_folder(options.data) as data:
        found = list(walk_all(files, data, python))
    told = judge_goals(files, found)
    print_goals(told, streams=[one.as_json() for one in found], seconds=round(time.monotonic() - started_at))
    return 0


def read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="benchmarks.streams", description="Is lost accuracy noticed, and only then?")
    parser.add_argument("--data", type=Path, default=None, help="folder of the files (default: the shared open half)")
    parser.add_argument("--index", type=Path, default=INDEX, help="their index, tab-separated")
    parser.add_argument("--without-peer", action="store_true", help="do not run NannyML beside")
    parser.add_argument("--quick", action="store_true", help=f"only {N_QUICK} streams with few rows")
    return parser.parse_args(arguments)


def choose_files(files: list[StreamFile], *, quick: bool) -> list[StreamFile]:
    """Return the streams to play, in the order of the index; quickly: the smallest, one of classes among them."""
    by_size = sorted(files, key=lambda file: file.n_rows)
    classes = [file for file in by_size if file.has_classes][:1]
    few = [*classes, *[file for file in by_size if file not in classes]][:N_QUICK]
    return [file for file in files if not quick or file in few]


if __name__ == "__main__":
    sys.exit(main())
