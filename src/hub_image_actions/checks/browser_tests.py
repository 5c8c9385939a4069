"""A repository's browser tests, run by pytest and Playwright against the image's running server.

They are code of a pull request and run on the runner, where the browser is: so as a user without rights.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hub_image_actions import process
from hub_image_actions.checks.powerless_user import NoPowerlessUser, PowerlessUser, powerless_user
from hub_image_actions.checks.results import SuiteResults, read_results
from hub_image_actions.environments import ToolEnvironment
from hub_image_actions.errors import ActionError, CommandError

BROWSERS = ("google-chrome", "google-chrome-stable", "chromium", "chromium-browser")
# The one that runs this may be in a home that others may not enter.
PYTHONS = (Path(sys.executable), Path("/usr/bin/python3"))
_PLUGINS = Path(__file__).with_name("browser_plugin")
_TIME_LIMIT = 1800
# The statuses of pytest that mean: all passed, some failed, interrupted by errors of collection, no tests.
_REPORTED = {1, 2, 5}
# What the tests are given of the job's variables: no secret is among them.
_KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "CI", "DISPLAY")


class BrowserTestsNotRun(ActionError):
    """The browser tests could not be run, which is not the same as that they fail."""


@dataclass(frozen=True)
class BrowserTests:
    """The browser tests of an image's repository.

    Args:
        folder: the folder of the tests.
        lock: the hash-locked list of what runs them.
        scratch: where environments are kept for this job.
        environment: the environment in which pip runs; the tests get but a few harmless variables of it.
        tell: told each line that pytest writes.
        isolated: whether they run as a user without rights; else as whoever runs this.
    """

    folder: Path
    lock: Path
    scratch: Path
    environment: Mapping[str, str]
    tell: Callable[[str], None]
    isolated: bool = True

    def there(self) -> bool:
        """Say whether there are any."""
        return any(path for pattern in ("test_*.py", "*_test.py") for path in self.folder.rglob(pattern))

    def run(self, url: str) -> SuiteResults:
        """Run them and return their results.

        Args:
            url: the server's address with the user's prefix and a slash at its end: `page.goto("lab")` opens
                JupyterLab, for the hub logs the browser in.

        Raises:
            BrowserTestsNotRun: they could not be run.
        """
        browser = next(filter(None, map(self._which, BROWSERS)), None)
        if browser is None:
            raise BrowserTestsNotRun(
                "The browser tests could not be run: there is no Chrome or Chromium on the runner.",
                "Use a runner such as `ubuntu-latest`, or install Chromium before this step.",
            )
        if not self.isolated:
            with tempfile.TemporaryDirectory(prefix="browser-tests-", ignore_cleanup_errors=True) as name:
                return self._run_as_ourselves(url, browser, Path(name))
        try:
            with powerless_user(self.environment) as user:
                return self._run_as(user, url, browser)
        except NoPowerlessUser as error:
            raise BrowserTestsNotRun(
                "The browser tests were not run, for they are code of whoever changes the repository. "
                f"{error.problem}",
                f"{error.remedy} `browser-tests-isolation: off` runs them as yourself, on a laptop.",
            ) from error

    def _tool(self, python: Path) -> ToolEnvironment:
        tool = ToolEnvironment.locked("browser-tests", self.lock, self.scratch, python)
        try:
            tool.make(self.environment)
        except CommandError as error:
            raise BrowserTestsNotRun(
                f"pytest-playwright cannot be installed: {(error.last_line or error.problem).rstrip('.')}.",
                "Run again.",
            ) from error
        return tool

    def _which(self, name: str) -> str | None:
        return shutil.which(name, path=self.environment.get("PATH"))

    def _run_as(self, user: PowerlessUser, url: str, browser: str) -> SuiteResults:
        tool = self._tool(next(filter(user.can_run, PYTHONS), PYTHONS[0]))
        try:
            tests = user.show(self.folder, f"checkout/{self.folder.name}")
            plugins, home = user.show(_PLUGINS, "plugins"), user.show(tool.home, "tool")
        except OSError as error:
            raise BrowserTestsNotRun(
                f"The browser tests cannot be copied: {error}.", "Look for files that are none."
            ) from error
        scratch, report = user.lend("home"), user.lend("report")
        # Chromium's own sandbox needs user namespaces, which Ubuntu keeps from users like this one. What it
        # would keep in is the page of the image under test, whose author wrote the tests as well.
        variables = {**self._variables(browser, scratch, plugins), "RUNNER_BROWSER_SANDBOX": "off"}
        python = home / tool.python.relative_to(tool.home)
        command = _command(python, tests, scratch=scratch, report=report, url=url)
        with self._explained(report):
            user.run(command, variables=variables, cwd=tests.parent, timeout=_TIME_LIMIT, tell=self.tell)
        user.end()
        return read_results(report)

    def _run_as_ourselves(self, url: str, browser: str, scratch: Path) -> SuiteResults:
        tool, report = self._tool(PYTHONS[0]), scratch / "report"
        report.mkdir()
        command = _command(tool.python, self.folder, scratch=scratch, report=report, url=url)
        variables = self._variables(browser, scratch, _PLUGINS)
        with self._explained(report):
            process.stream(
                command, tell=self.tell, timeout=_TIME_LIMIT, env=variables, cwd=self.folder.parent
            )
        return read_results(report)

    def _variables(self, browser: str, scratch: Path, plugins: Path) -> dict[str, str]:
        return {
            **{name: self.environment[name] for name in _KEPT if name in self.environment},
            "HOME": str(scratch),
            "TMPDIR": str(scratch),
            "RUNNER_BROWSER": browser,
            "PYTHONPATH": str(plugins),
            "PYTHONDONTWRITEBYTECODE": "1",
            # Ours comes after pytest-playwright's own, whose arguments it takes on.
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        }

    @contextmanager
    def _explained(self, report: Path) -> Iterator[None]:
        """Let tests fail, and say it when they could not be run."""
        try:
            yield
        except CommandError as error:
            if error.status not in _REPORTED or not os.access(report / "pytest.xml", os.R_OK):
                last = error.last_line or error.problem
                raise BrowserTestsNotRun(
                    f"The browser tests could not be run: {last.rstrip('.')}.", "Look at the end of the log."
                ) from error


def _command(python: Path, tests: Path, *, scratch: Path, report: Path, url: str) -> list[str]:
    # xunit1 is the form that has the file and the line of each test.
    options = ["-o", "junit_family=xunit1", f"--junitxml={report / 'pytest.xml'}", "-p", "no:cacheprovider"]
    options += ["-v", "--tb=short", "--continue-on-collection-errors", f"--rootdir={tests.parent}"]
    options += ["-p", "pytest_playwright.pytest_playwright", "-p", "runner_browser", f"--base-url={url}"]
    options += ["--browser=chromium", f"--output={scratch / 'output'}"]
    return [str(python), "-m", "pytest", *options, str(tests)]
