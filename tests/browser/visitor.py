"""A person at the screen: finds fields and buttons by their widget keys and waits the way a person waits."""

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

LONG_MS = 120_000
LIST_MS = 5_000


class Visitor:
    """Drives one browser page of Full Circle.

    Parameters
    ----------
    page : Page
        The browser page.
    address : str
        Where Full Circle is.
    """

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        page.set_default_timeout(30_000)

    def open(self, path: str = "/") -> None:
        """Load an address afresh, as from a bookmark."""
        self.page.goto(f"{self.address}{path}", wait_until="domcontentloaded")
        self.settle()

    def settle(self) -> None:
        """Wait until the script has run to its end; a moment first, for what was clicked to reach the server."""
        self.page.wait_for_timeout(200)
        self.page.locator("[data-testid='stApp'][data-test-script-state='notRunning']").wait_for(
            state="attached", timeout=LONG_MS
        )

    def field(self, key: str) -> Locator:
        """Return the element of a widget key."""
        return self.page.locator(f".st-key-{key}")

    def click(self, key: str) -> None:
        """Click the button with this key."""
        self.field(key).locator("button").first.click()
        self.settle()

    def write(self, key: str, text: str) -> None:
        """Type into a text or number field and leave it."""
        box = self.field(key).locator("input, textarea").first
        box.fill(text)
        box.press("Tab")
        self.settle()

    def choose(self, key: str, option: str) -> None:
        """Choose an option of a drop-down list; open it again where the page was drawn anew meanwhile."""
        wanted = self.page.get_by_role("option", name=option, exact=True)
        self.field(key).locator("input").first.click()
        try:
            wanted.wait_for(timeout=LIST_MS)
        except PlaywrightTimeoutError:
            self.field(key).locator("input").first.click()
        wanted.click()
        self.settle()

    def pick(self, key: str, option: str) -> None:
        """Pick one of the options that are all in sight."""
        self.field(key).get_by_role("radio", name=option, exact=True).click()
        self.settle()

    def unfold(self, key: str) -> None:
        """Open a folded part of the page."""
        self.field(key).locator("summary").first.click()
        self.settle()

    def upload(self, key: str, path: Path) -> None:
        """Put a file into an upload field and wait until it is there."""
        self.field(key).locator("input[type=file]").set_input_files(path)
        expect(self.page.get_by_text(path.name).first).to_be_visible()
        self.settle()

    def go(self, stage: str) -> None:
        """Go to a page by its entry in the sidebar's navigation."""
        self.page.get_by_test_id("stSidebarNav").get_by_role("link", name=stage).click()
        expect(self.page.get_by_role("heading", name=stage, exact=True).first).to_be_visible()
        self.settle()

    def sees(self, words: str | re.Pattern[str], *, within_ms: int = 30_000) -> None:
        """Wait until these words can be read on the page."""
        expect(self.page.get_by_text(words).first).to_be_visible(timeout=within_ms)

    def sees_no_error(self) -> None:
        """Check that nothing on the page looks like a crash."""
        expect(self.page.get_by_test_id("stException")).to_have_count(0)
        expect(self.page.get_by_text("Something went wrong inside Full Circle")).to_have_count(0)
