"""A repository's browser tests, run by pytest and Playwright against the image's running server."""

import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hub_image_actions import process
from hub_image_actions.checks.results import SuiteResults, read_results
from hub_image_actions.environments import ToolEnvironment
from hub_image_actions.errors import ActionError, CommandError

BROWSERS = ("google-chrome", "google-chrome-stable", "chromium", "chromium-browser")
_PLUGINS = Path(__file__).with_name("browser_plugin")
_TIME_LIMIT = 1800.0
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
    """

    folder: Path
    lock: Path
    scratch: Path
    environment: Mapping[str, str]
    tell: Callable[[str], None]

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
        tool = ToolEnvironment.locked("browser-tests", self.lock, self.scratch)
        try:
            tool.make(self.environment)
        except CommandError as error:
            said = (error.stderr.strip() or error.stdout.strip()).splitlines()[-1:]
            raise BrowserTestsNotRun(
                f"pytest-playwright cannot be installed: {' '.join(said)}", "Run again."
            ) from error
        with tempfile.TemporaryDirectory(prefix="browser-tests-", ignore_cleanup_errors=True) as name:
            return self._run(tool.python, url, browser, Path(name))

    def _which(self, name: str) -> str | None:
        return shutil.which(name, path=self.environment.get("PATH"))

    def _run(self, python: Path, url: str, browser: str, scratch: Path) -> SuiteResults:
        report = scratch / "report"
        report.mkdir()
        # xunit1 is the form that has the file and the line of each test.
        options = [
            "-o",
            "junit_family=xunit1",
            f"--junitxml={report / 'pytest.xml'}",
            "-p",
            "no:cacheprovider",
        ]
        options += ["-v", "--tb=short", "--continue-on-collection-errors", f"--rootdir={self.folder.parent}"]
        options += ["-p", "pytest_playwright.pytest_playwright", "-p", "runner_browser", f"--base-url={url}"]
        options += ["--browser=chromium", f"--output={scratch / 'output'}"]
        kept = {name: self.environment[name] for name in _KEPT if name in self.environment}
        environment = {
            **kept,
            "HOME": str(scratch),
            "TMPDIR": str(scratch),
            "RUNNER_BROWSER": browser,
            "PYTHONPATH": str(_PLUGINS),
            "PYTHONDONTWRITEBYTECODE": "1",
            # Ours comes after pytest-playwright's own, whose arguments it takes on.
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        }
        command = [str(python), "-m", "pytest", *options, str(self.folder)]
        try:
            process.stream(
                command, tell=self.tell, timeout=_TIME_LIMIT, env=environment, cwd=self.folder.parent
            )
        except CommandError as error:
            if error.status not in _REPORTED or not (report / "pytest.xml").is_file():
                last = " ".join(error.stdout.strip().splitlines()[-1:]) or error.problem
                raise BrowserTestsNotRun(
                    f"The browser tests could not be run: {last.rstrip('.')}.", "Look at the end of the log."
                ) from error
        return read_results(report)
