"""What a person waits for on Monitor and the pages beside it, in a real browser on the real dashboard."""

import sys
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import sync_playwright

from benchmarks.pages import BROWSER, seconds_for
from core import plan
from core.store import Store
from tests.browser.visitor import LONG_MS, Visitor
from tests.find_browser import find_browser
from tests.running import running

SPANS = ("day", "all", "hour")
COLUMNS = ("distance", "carrier", "delay")
N_RERUNS, N_QUICK = 15, 5
N_OPENED = 5
WATCH = """() => {
    const app = document.querySelector("[data-testid='stApp']");
    const waited = window.waited = {began: 0, ended: 0};
    document.addEventListener("click", () => { waited.began = performance.now(); }, true);
    const afterDrawing = then => requestAnimationFrame(() => requestAnimationFrame(then));
    new MutationObserver(() => {
        if (app.dataset.testScriptState === "notRunning")
            afterDrawing(() => { waited.ended = performance.now(); });
    }).observe(app, {attributeFilter: ["data-test-script-state"]});
}"""
"""Notes in the page when the newest click was, and when all that a run of the script changed had been drawn."""
PAGES = {"review": "review-project", "retrain": "retrain-model", "wall": "watch-wall"}


def measure(store: Store, home: Path, project_id: str, slug: str, *, quick: bool) -> dict[str, list[float]]:
    """Return the seconds of reruns of Monitor and of openings of pages, by what was done."""
    executable = find_browser()
    if executable is None:
        sys.exit("No Chromium found: run `make browser`.")
    with running(home) as started, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=BROWSER)
        visitor = Visitor(browser.new_context(viewport={"width": 1440, "height": 900}).new_page(), started.address)
        visitor.page.set_default_timeout(LONG_MS)
        query = f"project={slug}&you=Ada"
        found = {"monitor": [seconds_for(lambda: visitor.open(f"/monitor-model?{query}")) for _ in range(N_OPENED)]}
        found |= _rerun(visitor, store, project_id, N_QUICK if quick else N_RERUNS)
        for name, page in PAGES.items():
            found[name] = [seconds_for(lambda page=page: visitor.open(f"/{page}?{query}")) for _ in range(N_OPENED)]
        visitor.sees_no_error()
        browser.close()
    return found


def _rerun(visitor: Visitor, store: Store, project_id: str, n_reruns: int) -> dict[str, list[float]]:
    """Return the seconds of each kind of rerun: of the live part, of it after a decision, and of the whole page."""
    visitor.sees("Is it still right?")
    visitor.page.evaluate(WATCH)
    spans = [_choose_span(visitor, SPANS[number % len(SPANS)]) for number in range(n_reruns)]
    fresh = []
    for number in range(n_reruns):
        # What is wanted is part of the key of all that is remembered, so everything is looked up again.
        plan.change_objective(store, project_id, by="Ada", minimum=0.6 + number / 1_000)
        fresh.append(_choose_span(visitor, SPANS[number % len(SPANS)]))
    visitor.field("monitor_slices").locator("summary").click()
    visitor.settle()
    # The first is chosen already.
    names = [COLUMNS[number % len(COLUMNS)] for number in range(1, n_reruns + 1)]
    slices = [_wait(visitor, lambda name=name: visitor.choose("monitor_slice_column", name)) for name in names]
    return {"span": spans, "after a decision": fresh, "slices": slices}


def _choose_span(visitor: Visitor, span: str) -> float:
    return _wait(visitor, lambda: visitor.pick("monitor_span", span))


def _wait(visitor: Visitor, act: Callable[[], object]) -> float:
    """Return the seconds from the last click of an act until the page was drawn anew, as the page itself noted them."""
    act()
    visitor.page.wait_for_function("waited.ended > waited.began")
    took_ms: float = visitor.page.evaluate("waited.ended - waited.began")
    return took_ms / 1_000
