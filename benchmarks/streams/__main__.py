"""`python -m benchmarks.streams --data DIR --index FILE.tsv`: is lost accuracy noticed, and only then?

Each stream of the index is learnt from its first 30 %, made live, and its other rows are played window by window: they
are asked, the metric is estimated, their labels arrive, monitoring looks. Compared are the alarms of lost accuracy with
the true loss, and the estimates with the truth and with what NannyML estimates for the same windows.
"""

import argparse
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.goals import at_least, at_most, print_goals, print_versions
from benchmarks.streams.index import StreamFile, read_streams
from benchmarks.streams.judging import Judgement, judge
from benchmarks.streams.peer import estimate_by_peer, make_environment
from benchmarks.streams.world import Stream, open_stream, play
from core.errors import LifecycleError
from core.records import Json
from core.store import open_store

SHARED = Path(__file__).resolve().parents[3] / "shared" / "corpus"
QUICK = 3
PEERS = Path(tempfile.gettempdir()) / "full-circle-peers" / "nannyml"
WITHOUT_FALSE_ALARM = "occupancy"
QUICKLY_NOTICED = ("cta_ridership", "mta_ridership", "bike_hour")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0 when it got through: whether the goals are met, the last line says."""
    options = read_options(arguments)
    print_versions("scikit-learn", "pandas", "onnxruntime")
    files = read_streams(options.index)[: QUICK if options.quick else None]
    python = None if options.without_peer else make_environment(PEERS)
    found = []
    with data_folder(options.data) as data, tempfile.TemporaryDirectory(prefix="full-circle-streams-") as home:
        for number, file in enumerate(files):
            for still in (False, True) if file.task == "binary" else (False,):
                home_of = Path(home) / f"{number}{'-still' if still else ''}"
                judgement = walk(file, data / file.name, home_of, None if still else python, still=still)
                if judgement is not None:
                    found.append(judgement)
                    print("\n".join(judgement.lines()), flush=True)
    print_goals(goals(found), streams=[one.as_json() for one in found])
    return 0


def read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="benchmarks.streams", description="Is lost accuracy noticed, and only then?")
    parser.add_argument("--data", type=Path, default=None, help="folder of the files (default: the shared open half)")
    parser.add_argument("--index", type=Path, default=SHARED / "open.tsv", help="their index, tab-separated")
    parser.add_argument("--without-peer", action="store_true", help="do not run NannyML beside")
    parser.add_argument("--quick", action="store_true", help=f"only the first {QUICK} streams")
    return parser.parse_args(arguments)


@contextmanager
def data_folder(given: Path | None) -> Iterator[Path]:
    """Give the folder of the files: the one named, or the shared archive unpacked for the while."""
    if given is not None:
        yield given
        return
    with tempfile.TemporaryDirectory() as folder, tarfile.open(SHARED / "open.tar.gz") as archive:
        archive.extractall(folder, filter="data")
        yield next(Path(folder).rglob("*.csv")).parent


def walk(file: StreamFile, path: Path, home: Path, python: Path | None, *, still: bool) -> Judgement | None:
    """Play one stream and judge it; None when no model could be learnt, which is said.

    `still`: without concept change (see `benchmarks.streams.oracle`).
    """
    home.mkdir()
    store = open_store(home, f"sqlite:///{home / 'store.db'}")
    try:
        stream: Stream = open_stream(store, file, path, still=still)
        play(stream)
        peer = estimate_by_peer(stream, python, home / "peer") if python else None
    except LifecycleError as error:
        print(f"{file.name}: no model. {error.message} {error.hint}", flush=True)
        return None
    finally:
        store.engine.dispose()
    return judge(stream, peer, still=still)


def goals(found: Sequence[Judgement]) -> dict[str, Json]:
    """Return the goals: of the streams the goals name, and of all."""
    told: dict[str, Json] = {}
    real, still = [one for one in found if not one.still], [one for one in found if one.still]
    for one in real:
        if WITHOUT_FALSE_ALARM in one.name:
            told["occupancy_false_alarms"] = at_most(one.n_false_alarms, 0)
        for name in QUICKLY_NOTICED:
            if name in one.name:
                told[f"{name}_windows_to_alarm"] = at_most(one.delay if one.delay is not None else 999, 2)
    gaps = [gap for one in still for gap in one.own_gaps if gap is not None]
    wrong = [flag for one in real for flag in one.wrong_told]
    if gaps:
        told["mean_gap_points_without_concept_change"] = at_most(round(sum(gaps) / len(gaps), 2), 2.0)
    if wrong:
        told["wrong_estimates_said_to_be_unreliable"] = at_least(round(sum(wrong) / len(wrong), 3), 0.9)
    return told


if __name__ == "__main__":
    sys.exit(main())
