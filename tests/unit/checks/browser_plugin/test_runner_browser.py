"""Which browser Playwright is given, and whether it is sandboxed."""

import os
from typing import Any

import pytest

from hub_image_actions.checks.browser_plugin import runner_browser

# What pytest-playwright gives, which the fixture of the plugin goes on from.
launch_args = runner_browser.browser_type_launch_args.__wrapped__  # type: ignore[attr-defined]


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A machine with a browser, and a user who is not root."""
    monkeypatch.setenv("RUNNER_BROWSER", "/usr/bin/google-chrome")
    monkeypatch.delenv("RUNNER_BROWSER_SANDBOX", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 1001)
    return monkeypatch


def test_the_runners_browser_is_driven_with_the_callers_own_arguments(machine: pytest.MonkeyPatch) -> None:
    given = {"headless": True, "args": ["--lang=en"]}
    assert launch_args(given) == {
        "headless": True,
        "executable_path": "/usr/bin/google-chrome",
        "args": ["--lang=en"],
    }
    assert given["args"] == ["--lang=en"]


@pytest.mark.parametrize(
    ("user", "sandbox", "args"),
    [
        (1001, "", []),
        (1001, "on", []),
        (1001, "off", ["--no-sandbox"]),
        (0, "", ["--no-sandbox"]),
        (0, "off", ["--no-sandbox"]),
    ],
)
def test_a_browser_is_sandboxed_where_it_can_be(
    machine: pytest.MonkeyPatch, user: int, sandbox: str, args: list[Any]
) -> None:
    machine.setattr(os, "geteuid", lambda: user)
    machine.setenv("RUNNER_BROWSER_SANDBOX", sandbox)
    assert launch_args({})["args"] == args


def test_without_a_browser_it_is_the_variable_that_is_missing(machine: pytest.MonkeyPatch) -> None:
    machine.delenv("RUNNER_BROWSER")
    with pytest.raises(KeyError, match="RUNNER_BROWSER"):
        launch_args({})
