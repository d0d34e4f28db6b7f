"""`python -m benchmarks.upload`: does an upload leave the server's memory for disk, and does the memory come back?

Starts Full Circle as `make run` does, uploads a CSV file of 200 MB in a real Chromium, and follows the memory of the
dashboard's process: before, while the file comes in, once it is handed over, and a minute after the tab is closed.
"""

import argparse
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from playwright.sync_api import sync_playwright

from benchmarks.goals import at_most, print_goals, print_versions
from benchmarks.pages import BROWSER, N_ROWS, READ_TIMEOUT_S, write_csv
from tests.browser.visitor import Visitor
from tests.find_browser import find_browser
from tests.memory import memory_mb
from tests.running import Running, running

N_QUICK = 250_000
AFTER_CLOSING_S = 60
SETTLED_S = 5


def dashboard_pid(started: Running) -> int:
    """Return the process of the dashboard among those that the launcher started."""
    for process in psutil.Process(started.process.pid).children(recursive=True):
        if "streamlit" in " ".join(process.cmdline()):
            return int(process.pid)
    raise LookupError("There is no dashboard.")


@contextmanager
def followed(pid: int) -> Iterator[list[float]]:
    """Give a list of what the process holds, in MB, that grows ten times a second."""
    found, done = [memory_mb(pid)], threading.Event()

    def follow() -> None:
        while not done.wait(0.1):
            found.append(memory_mb(pid))

    follower = threading.Thread(target=follow, daemon=True)
    follower.start()
    try:
        yield found
    finally:
        done.set()
        follower.join()


def bring_in(visitor: Visitor, name: str, path: Path) -> None:
    """Begin a project with a file, and wait until its table is there."""
    visitor.open()
    visitor.write("you", "Ada")
    visitor.write("home_name", name)
    visitor.upload("home_file", path)
    visitor.click("home_start")
    visitor.page.wait_for_url("**/collect-data*", timeout=READ_TIMEOUT_S * 1_000)


def measure(csv: Path, small: Path, home: Path) -> dict[str, float]:
    """Return what the dashboard holds, in MB, at each moment."""
    executable = find_browser()
    if executable is None:
        sys.exit("No Chromium found: run `make browser`.")
    with running(home) as started, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=BROWSER)
        # What is loaded once, by the first visit and the first table, is no matter of the large file.
        first = browser.new_context().new_page()
        visitor = Visitor(first, started.address)
        bring_in(visitor, "Small", small)
        visitor.sees("What I did to your file")
        first.close()
        pid = dashboard_pid(started)
        time.sleep(SETTLED_S)
        before = memory_mb(pid)
        page = browser.new_context().new_page()
        with followed(pid) as held:
            bring_in(Visitor(page, started.address), "Large", csv)
            highest = max(held)
        time.sleep(SETTLED_S)
        handed_over = memory_mb(pid)
        page.get_by_text("What I did to your file").first.wait_for(timeout=READ_TIMEOUT_S * 1_000)
        page.close()
        time.sleep(AFTER_CLOSING_S)
        after = memory_mb(pid)
        browser.close()
    return {"before_mb": before, "highest_mb": highest, "handed_over_mb": handed_over, "after_closing_mb": after}


def main() -> int:
    """Run the command; return 0 when it got through."""
    parser = argparse.ArgumentParser(prog="benchmarks.upload", description="Memory of a large upload.")
    parser.add_argument("--quick", action="store_true", help=f"{N_QUICK:,} rows instead of {N_ROWS:,}")
    n_rows = N_QUICK if parser.parse_args().quick else N_ROWS
    print_versions("streamlit")
    with tempfile.TemporaryDirectory(prefix="full-circle-upload-") as folder:
        csv, small = Path(folder) / "large.csv", Path(folder) / "small.csv"
        write_csv(csv, n_rows)
        write_csv(small, 2_000)
        size_mb = csv.stat().st_size / 1e6
        print(f"{n_rows:,} rows, {size_mb:.0f} MB", flush=True)
        figures = {name: round(value) for name, value in measure(csv, small, Path(folder) / "home").items()}
    for name, value in figures.items():
        print(f"{name:20} {value:8,.0f}")
    goals = {
        # At once: the file's own bytes are gone while it is still being read.
        "held_after_handing_over_mb": at_most(figures["handed_over_mb"] - figures["before_mb"], 50),
        "held_a_minute_after_closing_mb": at_most(figures["after_closing_mb"] - figures["before_mb"], 50),
    }
    print_goals(goals, n_rows=n_rows, size_mb=round(size_mb), **figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
