"""What the hub check makes of versions, logs and browser tests."""

import time
from pathlib import Path
from typing import NoReturn, cast

import pytest

from hub_image_actions.checks import hub_check
from hub_image_actions.checks.browser_tests import BrowserTests, BrowserTestsNotRun
from hub_image_actions.checks.diagnosis import KnownFailure, catalogue, diagnose
from hub_image_actions.checks.hub_check import (
    CATALOGUE,
    HubCheckFailed,
    HubCheckResult,
    Kernel,
    compare_versions,
)
from hub_image_actions.checks.hub_containers import HubContainers
from hub_image_actions.checks.results import CaseResult, Outcome, SuiteResults
from hub_image_actions.errors import CommandError
from hub_image_actions.terminal_text import as_shown


@pytest.mark.parametrize("failure", catalogue(CATALOGUE), ids=lambda failure: failure.name)
def test_every_example_is_diagnosed_as_its_entry(failure: KnownFailure) -> None:
    found = diagnose(failure.example.splitlines(), catalogue(CATALOGUE))
    assert found.remedy == failure.remedy
    assert found.name.startswith(failure.name.partition("{")[0].rstrip())


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("env: '/srv/x': Permission denied", "The user of the hub may not use /srv/x"),
        (
            "PermissionError: [Errno 13] Permission denied: '/srv/logs'",
            "The user of the hub may not use /srv/logs",
        ),
        (
            "chown: changing ownership of '/srv': Operation not permitted",
            "The user of the hub may not use /srv",
        ),
        (
            'sudo: The "no new privileges" flag is set',
            "The server wants a right that the user of the hub does not have",
        ),
        (
            "ImportError: libgdal.so.33: cannot open shared object file",
            "A system library is missing: libgdal.so.33",
        ),
        (
            "/opt/R/bin/R: error while loading shared libraries: libblas.so.3: cannot open shared object",
            "A system library is missing: libblas.so.3",
        ),
        (
            "ImportError: /lib/libstdc++.so.6: version `GLIBCXX_3.4.30' not found",
            "The server cannot import /lib/libstdc++.so.6",
        ),
        ("hub-check: there is no command voila", "The program voila is not in the image"),
        (
            "[FATAL tini (7)] exec jupyterhub-singleuser failed: No such file or directory",
            "jupyterhub-singleuser is not in the image",
        ),
        (
            "[FATAL tini (7)] exec /srv/start failed: No such file or directory",
            "The program /srv/start is not in the image",
        ),
        (
            "bash: /srv/start: /bin/bash^M: bad interpreter: No such file or directory",
            "A script has Windows line ends",
        ),
        ("/srv/start: line 2: $'\\r': command not found", "A script has Windows line ends"),
        ("/srv/start: line 2: set: pipefail^M: invalid option name", "A script has Windows line ends"),
        ("/srv/start: 2: set: Illegal option -o pipefail", "A script is written for bash, and sh runs it"),
        ("/srv/start: 2: [[: not found", "A script is written for bash, and sh runs it"),
        ("/srv/start: 1: set: Illegal option -", "A script has Windows line ends"),
        (
            "x: line 1: /srv/start: cannot execute: required file not found",
            "The file /srv/start cannot be started",
        ),
        ("exec /srv/start: exec format error", "/srv/start cannot be run on this processor"),
        ("hub-check: there is no command jupyter-labhub", "jupyter-labhub is not in the image"),
        ("hub-check: /rstudio answers 500: Oops", "The server does not serve /rstudio"),
        ("hub-check: /static/a.js, which /lab loads, answers 404", "The server does not serve /static/a.js"),
    ],
)
def test_what_fails_is_named(line: str, name: str) -> None:
    assert diagnose([line], catalogue(CATALOGUE)).name == name


def test_what_the_check_finds_goes_before_harmless_lines_of_the_log() -> None:
    log = [
        "ModuleNotFoundError: No module named 'optional'",
        "Fontconfig error: /var/cache: Permission denied",
        "hub-check: the server listens on 0.0.0.0:9999, and the hub asks 0.0.0.0:8888",
        "hub-check: not ready after 60 s: Connection refused",
    ]
    found = diagnose(log, catalogue(CATALOGUE))
    assert found.name == "The server listens on 0.0.0.0:9999, where the hub does not look for it"


def test_a_server_that_ends_with_an_error_is_told_in_its_last_words() -> None:
    log = ["\x1b[31mthe term has not begun\x1b[0m", "hub-check: the server ended with status 3"]
    failure = HubCheckFailed(diagnose([as_shown(line) for line in log], catalogue(CATALOGUE)))
    said = "The server ends with an error: the term has not begun (the server ended with status 3)."
    assert failure.problem == f"The server does not start on a hub. {said}"
    assert failure.excerpt == ("> the term has not begun", "  hub-check: the server ended with status 3")


def test_a_failure_marks_the_line_that_proves_it() -> None:
    log = [
        "Starting",
        "ModuleNotFoundError: No module named 'x'",
        "hub-check: the server ended with status 1",
    ]
    failed = HubCheckFailed(diagnose(log, catalogue(CATALOGUE)))
    assert failed.excerpt == (f"  {log[0]}", f"> {log[1]}", f"  {log[2]}")
    assert failed.problem == (
        "The server does not start on a hub. The server cannot import x: "
        "ModuleNotFoundError: No module named 'x'."
    )


@pytest.mark.parametrize(
    ("hub", "server"),
    [
        ("", "6.1.1"),
        ("", ""),
        ("6.1.1", "6.1.1"),
        ("5.4.0", "5.2.1"),
        ("1.4.2", "1.5.1"),
        ("6.2.0rc1", "6.1.1"),
    ],
)
def test_versions_that_go_together_are_nothing_to_tell(hub: str, server: str) -> None:
    assert compare_versions(hub, server) == ("", "")


@pytest.mark.parametrize(
    ("hub", "server"), [("5.4.0", "4.1.6"), ("4.1.6", "6.1.1"), ("2.3.1", "1.5.1"), ("6.1.1", "")]
)
def test_versions_of_which_a_hub_warns_are_a_warning(hub: str, server: str) -> None:
    warning, impossible = compare_versions(hub, server)
    assert "jupyterhub" in warning
    assert impossible == ""


@pytest.mark.parametrize(("hub", "server"), [("1.5.1", "2.0.0"), ("0.9.6", "6.1.1")])
def test_a_hub_without_scopes_is_no_hub_for_newer_servers(hub: str, server: str) -> None:
    warning, impossible = compare_versions(hub, server)
    assert (warning, hub in impossible, server in impossible) == ("", True, True)


@pytest.mark.parametrize(
    ("kernels", "browser", "text"),
    [
        ((), None, "ready in 4.2 s, 0 kernels"),
        ((Kernel("python3", 1.0),), None, "ready in 4.2 s, 1 kernel"),
        (
            (Kernel("ir", 3.0), Kernel("python3", 1.0)),
            SuiteResults((CaseResult("test_x", "x.py", 1, Outcome.PASSED),)),
            "ready in 4.2 s, 2 kernels, browser tests: 1 passed",
        ),
    ],
)
def test_a_result_is_told_in_a_few_words(
    kernels: tuple[Kernel, ...], browser: SuiteResults | None, text: str
) -> None:
    assert str(HubCheckResult(4.2, "6.1.1", kernels, (), browser)) == text


def browser_tests(tmp_path: Path) -> BrowserTests:
    """Return the browser tests of a repository, on a machine with no programs."""
    return BrowserTests(tmp_path / "browser-tests", tmp_path / "lock.txt", tmp_path, {"PATH": ""}, print)


@pytest.mark.parametrize(
    ("name", "there"), [("test_lab.py", True), ("lab_test.py", True), ("conftest.py", False)]
)
def test_browser_tests_are_there_where_there_are_test_modules(tmp_path: Path, name: str, there: bool) -> None:
    (tmp_path / "browser-tests").mkdir()
    (tmp_path / "browser-tests" / name).touch()
    assert browser_tests(tmp_path).there() is there


def test_without_the_folder_there_are_no_browser_tests(tmp_path: Path) -> None:
    assert not browser_tests(tmp_path).there()


def test_a_runner_without_a_browser_is_told(tmp_path: Path) -> None:
    with pytest.raises(BrowserTestsNotRun, match="there is no Chrome or Chromium on the runner"):
        browser_tests(tmp_path).run("http://127.0.0.1:1/user/jovyan/")


class NoContainers:
    """Containers that are gone: nothing more can be looked up."""

    home, command = "/home/jovyan", ("jupyterhub-singleuser",)

    def __init__(self) -> None:
        self.docker = self
        self.told: list[str] = []

    def tell(self, line: str) -> None:
        self.told.append(line)

    def probe(self, *_: object, **__: object) -> NoReturn:
        raise CommandError("docker exec", 1, "", "no such container")


def test_a_line_of_a_megabyte_in_a_servers_log_is_judged_in_seconds() -> None:
    containers = NoContainers()
    begin = time.monotonic()
    with pytest.raises(HubCheckFailed):
        hub_check._fail(cast("HubContainers", containers), ["/" * (1 << 20), "the end"], [])
    assert time.monotonic() - begin < 10
    assert "the end" in containers.told
