"""Finds a Chromium for the browser tests: Playwright's own, else the system's, else Debian's package when root.

`python -m tests.find_browser --install` installs one where that is possible and prints its path.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

SYSTEM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")


def find_browser() -> str | None:
    """Return the path of a Chromium that is there already, None when there is none."""
    with sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
    if own.exists():
        return str(own)
    return next((path for name in SYSTEM_NAMES if (path := shutil.which(name))), None)


def install_browser() -> str | None:
    """Try Playwright's download, then Debian's package; return the path of what is there afterwards."""
    commands = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        commands += [["apt-get", "update", "-q"], ["apt-get", "install", "-qy", "chromium"]]
    for command in commands:
        subprocess.run(command, check=False, stdin=subprocess.DEVNULL, timeout=900)
        if path := find_browser():
            return path
    return None


def main() -> int:
    """Print the path of a Chromium; return 1 when there is none and none could be installed."""
    path = find_browser() or (install_browser() if "--install" in sys.argv else None)
    if path is None:
        print("No Chromium found. Install one (on Debian: apt-get install chromium), then try again.")
        return 1
    print(f"Browser for the tests: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
