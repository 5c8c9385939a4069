"""The Chromium that is on this machine, as people and scripts/setup-tests install it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str:
    """Returns the browser's path.

    Raises:
        FileNotFoundError: There is none.
    """
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise FileNotFoundError("there is no Chromium: run scripts/setup-tests")
    return found


@contextmanager
def running_browser() -> Iterator[Browser]:
    """Runs the browser without a window; it ends with the context."""
    with sync_playwright() as playwright:
        # Its sandbox does not work for root in a container; it only sees pages of ours.
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()
