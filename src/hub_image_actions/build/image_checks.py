"""Trying out an image that was built: its own tests, and a start as on a hub."""

import os
import uuid
from pathlib import Path

from hub_image_actions.build.checks_digest import checks_digest
from hub_image_actions.build.job import BuildJob
from hub_image_actions.build.report import failed_tests
from hub_image_actions.checks.browser_tests import BrowserTests
from hub_image_actions.checks.hub_check import HubCheck, HubCheckFailed
from hub_image_actions.checks.image_tests import ImageTests
from hub_image_actions.checks.results import SuiteResults
from hub_image_actions.docker.engine import Docker
from hub_image_actions.errors import ActionError


class ImageTestsFailed(ActionError):
    """The image was built, and its own tests failed."""


class ImageChecks:
    """The checks that an image must pass before it is pushed.

    Args:
        job: the build.
        docker: the engine that has the image.
    """

    def __init__(self, job: BuildJob, docker: Docker) -> None:
        self._job = job
        self._docker = docker
        settings = job.settings
        self._tests = ImageTests(job.folder, settings.tests_dir, settings.repo_dir, settings.user_id)

    def has_tests(self) -> bool:
        """Say whether the image's own tests are run."""
        return self._job.settings.test and self._tests.there()

    def digest(self) -> str:
        """Return the digest of the checks. It is for before anything of the image runs."""
        return checks_digest(self._job.settings, self._job.folder, self._job.origin.checkout)

    def test(self) -> None:
        """Run the image's own tests.

        Raises:
            ImageTestsFailed: some failed.
            TestsNotRun: they could not be run.
        """
        settings, runner = self._job.settings, self._job.runner
        if not settings.test:
            return
        if not self._tests.there():
            runner.notice(f"There are no tests in {settings.tests_dir}; the image is not tested.")
            return
        with runner.group(f"Testing with {settings.tests_dir}"):
            results = self._tests.run(
                self._docker, settings.reference, f"image-tests-{uuid.uuid4().hex[:12]}"
            )
        self._job.report.tests = results
        runner.info(f"Tests: {results}")
        self._judge(results)

    def start_as_on_a_hub(self) -> None:
        """Start the image as a hub would, and run the tests in a browser.

        Raises:
            HubCheckFailed: a hub could not use the image.
            ImageTestsFailed: tests in the browser failed.
        """
        job, report = self._job, self._job.report
        try:
            result = self._hub_check().run(
                self._docker, job.settings.reference, f"hub-check-{uuid.uuid4().hex[:12]}"
            )
        except HubCheckFailed as failure:
            report.diagnosis = failure.diagnosis
            raise
        report.hub_check = str(result)
        report.browser_tests = result.browser
        for warning in result.warnings:
            job.warn(warning)
        job.runner.info(f"Hub check: {result}")
        self._judge(result.browser or SuiteResults())

    def _hub_check(self) -> HubCheck:
        job, settings = self._job, self._job.settings
        browser_tests = BrowserTests(
            folder=job.folder / settings.hub.browser_tests_dir,
            lock=job.locks / "browser-tests.txt",
            scratch=job.origin.scratch,
            environment=job.environment,
            tell=job.runner.info,
            isolated=settings.hub.browser_tests_isolation == "required",
        )
        return HubCheck(
            command=settings.hub.command,
            default_url=settings.hub.default_url,
            timeout=settings.hub.timeout,
            hub_version=settings.hub.version,
            user_id=settings.user_id,
            user_name=settings.user_name,
            browser_tests=browser_tests,
        )

    def _judge(self, results: SuiteResults) -> None:
        """Show each test that failed at its place."""
        settings, runner = self._job.settings, self._job.runner
        for case in results.failed:
            file = os.path.normpath(Path(settings.context) / case.file) if case.file else ""
            runner.failure(ActionError(f"{case.name}: {case.message}", file=file, line=case.line or 1))
        if results.failed:
            kept = " Nothing was pushed." if settings.push else ""
            raise ImageTestsFailed(failed_tests(results.failed), f"The report shows why.{kept}")
