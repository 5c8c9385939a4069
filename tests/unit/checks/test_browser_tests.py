"""Browser tests: who runs them, with what, and what is said when they cannot be run."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hub_image_actions import process
from hub_image_actions.checks import browser_tests
from hub_image_actions.checks.browser_tests import BROWSERS, BrowserTests, BrowserTestsNotRun
from hub_image_actions.checks.powerless_user import NoPowerlessUser
from hub_image_actions.environments import ToolEnvironment
from hub_image_actions.errors import CommandError

URL = "http://127.0.0.1:1/user/jovyan/"
PASSED = '<s><testcase name="a"/></s>'


@pytest.fixture
def tests(tmp_path: Path) -> BrowserTests:
    """Browser tests whose browser and tools are there."""
    for name in ("browser-tests", "bin", "scratch"):
        (tmp_path / name).mkdir()
    (tmp_path / "browser-tests" / "test_a.py").touch()
    (tmp_path / "bin" / BROWSERS[0]).touch(mode=0o755)
    (tmp_path / "lock.txt").touch()
    python = ToolEnvironment.locked("browser-tests", tmp_path / "lock.txt", tmp_path / "scratch").python
    python.parent.mkdir(parents=True)
    python.touch()
    environment = {"PATH": str(tmp_path / "bin"), "LANG": "C", "INPUT_KEY": "secret", "HOME": "/home/runner"}
    return BrowserTests(
        tmp_path / "browser-tests", tmp_path / "lock.txt", tmp_path / "scratch", environment, print, False
    )


class Pytest:
    """In place of the process: writes a report and ends as told."""

    def __init__(self, status: int = 0, report: str = PASSED, output: str = "") -> None:
        self.status, self.report, self.output = status, report, output
        self.env: Mapping[str, str] = {}
        self.command: Sequence[str] = ()

    def __call__(self, command: Sequence[str], *, env: Mapping[str, str], **_: Any) -> None:
        """Run."""
        self.command, self.env = command, env
        target = next(part for part in command if part.startswith("--junitxml=")).partition("=")[2]
        if self.report:
            Path(target).write_text(self.report)
        if self.status:
            raise CommandError("pytest", self.status, self.output, "")


def use(monkeypatch: pytest.MonkeyPatch, program: Pytest) -> Pytest:
    """Let this run in place of a process."""
    monkeypatch.setattr(process, "stream", program)
    return program


def test_they_get_harmless_variables_only(tests: BrowserTests, monkeypatch: pytest.MonkeyPatch) -> None:
    program = use(monkeypatch, Pytest())
    assert str(tests.run(URL)) == "1 passed"
    assert "INPUT_KEY" not in program.env
    assert program.env["LANG"] == "C"
    assert program.env["HOME"] == program.env["TMPDIR"] != "/home/runner"
    assert f"--base-url={URL}" in program.command


@pytest.mark.parametrize("status", [1, 2, 5])
def test_tests_that_fail_have_results(
    tests: BrowserTests, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    use(monkeypatch, Pytest(status))
    assert len(tests.run(URL).cases) == 1


@pytest.mark.parametrize(
    ("status", "report", "output", "said"),
    [
        (3, PASSED, "all\nINTERNALERROR", "could not be run: INTERNALERROR."),
        (137, PASSED, "Killed.", "could not be run: Killed."),
        (1, "", "No module named pytest", "could not be run: No module named pytest."),
    ],
)
def test_tests_that_cannot_be_run_are_said(
    tests: BrowserTests,
    monkeypatch: pytest.MonkeyPatch,
    *,
    status: int,
    report: str,
    output: str,
    said: str,
) -> None:
    use(monkeypatch, Pytest(status, report, output))
    with pytest.raises(BrowserTestsNotRun) as raised:
        tests.run(URL)
    assert raised.value.problem.endswith(said)


def test_without_a_user_without_rights_they_are_not_run(
    tests: BrowserTests, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = use(monkeypatch, Pytest())

    @contextmanager
    def nobody(environment: Mapping[str, str]) -> Iterator[None]:
        if environment:
            raise NoPowerlessUser("There is none.", "Be root.")
        yield

    monkeypatch.setattr(browser_tests, "powerless_user", nobody)
    isolated = BrowserTests(tests.folder, tests.lock, tests.scratch, tests.environment, print)
    with pytest.raises(BrowserTestsNotRun) as raised:
        isolated.run(URL)
    assert raised.value.problem.endswith("There is none.")
    assert raised.value.remedy.startswith("Be root. `browser-tests-isolation: off`")
    assert not program.command
