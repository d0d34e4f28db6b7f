"""`python -m core.demo`: one project carried all the way round the circle, twice past Deploy, without a browser.

Everything is real: the job runner and the prediction service are processes of their own, the kept-back rows go to the
service over HTTP, and their labels follow later. Ends with 0 only when the second lap has been promoted.
"""

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from core import collect, serve
from core.demo.runner import job_runner
from core.demo.walk import Walk, say
from core.errors import LifecycleError
from core.store import open_store


def run(sample: collect.Sample, home: Path) -> bool:
    """Walk a sample round the circle in a store of its own; return whether the second lap was promoted."""
    with ExitStack() as stack:
        store = open_store(home, f"sqlite:///{home.absolute() / 'store.db'}")
        stack.callback(store.engine.dispose)
        stack.callback(serve.stop_service, store)
        stack.enter_context(job_runner(store))
        return Walk(store, sample).go_round()


def read_options(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    keys = [sample.key for sample in collect.SAMPLES]
    parser = argparse.ArgumentParser(prog="core.demo", description="Carry a sample project round the whole circle.")
    parser.add_argument("--sample", choices=keys, default="late_flights", help="which sample (default: late_flights)")
    parser.add_argument("--home", type=Path, default=None, help="folder to keep the data in (default: a temporary one)")
    return parser.parse_args(arguments)


def main() -> int:
    """Run the command; return its exit code."""
    # A polite end goes the same way as Ctrl-C: everything that was started is stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    options = read_options(sys.argv[1:])
    sample = next(known for known in collect.SAMPLES if known.key == options.sample)
    started_at = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="full-circle-demo-") as temporary:
            promoted = run(sample, options.home or Path(temporary))
    except LifecycleError as error:
        say(f"{error.message}\n{error.hint}")
        return 1
    outcome = "the second lap is live" if promoted else "the second lap was NOT promoted"
    say(f"Once round in {time.monotonic() - started_at:.0f} s: {outcome}.")
    return 0 if promoted else 1


if __name__ == "__main__":
    sys.exit(main())
