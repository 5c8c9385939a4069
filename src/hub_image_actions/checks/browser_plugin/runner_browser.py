"""A plugin of pytest: Playwright drives the browser that the runner has, so that none is downloaded.

It runs in the environment of the browser tests, with its own libraries alone. RUNNER_BROWSER is the browser.
"""

from __future__ import annotations

import os
from typing import Any

import pytest


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Return pytest-playwright's own arguments, with the runner's browser."""
    # Chromium refuses to sandbox what root runs, and cannot for a user without rights.
    unsandboxed = os.geteuid() == 0 or os.environ.get("RUNNER_BROWSER_SANDBOX") == "off"
    more = ["--no-sandbox"] if unsandboxed else []
    return {
        **browser_type_launch_args,
        "executable_path": os.environ["RUNNER_BROWSER"],
        "args": [*browser_type_launch_args.get("args", []), *more],
    }
