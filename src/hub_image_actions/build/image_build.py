"""Building an image: check, prepare, build, test, push; each step only when the one before went well."""

import os
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import NoReturn

from hub_image_actions import process
from hub_image_actions.build.build_command import BuildCommand
from hub_image_actions.build.context import BuildContext
from hub_image_actions.build.earlier_images import Wanted, find_finished, last_pushed
from hub_image_actions.build.fingerprint import BuildInputs, read_build_inputs
from hub_image_actions.build.inspection import ImageInspection
from hub_image_actions.build.login import logged_in
from hub_image_actions.build.origin import BuildOrigin
from hub_image_actions.build.repo2docker import Repo2docker, install, is_installed
from hub_image_actions.build.report import BuildReport, ReusedImage, failed_tests
from hub_image_actions.build.settings import BuildSettings
from hub_image_actions.checks.browser_tests import BrowserTests
from hub_image_actions.checks.diagnosis import diagnose
from hub_image_actions.checks.hub_check import HubCheck, HubCheckFailed
from hub_image_actions.checks.image_tests import ImageTests
from hub_image_actions.checks.results import SuiteResults
from hub_image_actions.docker.disk_space import GIB, Disk, make_room
from hub_image_actions.entry.runner import Runner
from hub_image_actions.errors import ActionError, CommandError, GitHubError, RegistryError
from hub_image_actions.git import LocalRepository
from hub_image_actions.github.client import GitHub
from hub_image_actions.http import Http
from hub_image_actions.images.labels import CREATED, HUB_CHECK, INPUTS, RUN, SIZE, TESTS
from hub_image_actions.images.push import ImagePush
from hub_image_actions.images.pushed_image import PushedImage
from hub_image_actions.images.tags import INPUTS_PREFIX

_BUILD = 6 * 3600.0


class ImageTestsFailed(ActionError):
    """The image was built, and its own tests failed."""


@dataclass
class ImageBuild:
    """One build.

    Args:
        settings: the inputs.
        origin: where it runs, and what of.
        environment: the environment of the programs that are started.
        runner: what is told.
        http: what asks GitHub and the registry.
        report: what is known so far.
        locks: the folder with the hash-locked lists of what is installed for a build.
        sleep: waits between attempts, given the seconds.
    """

    settings: BuildSettings
    origin: BuildOrigin
    environment: Mapping[str, str]
    runner: Runner
    http: Http
    report: BuildReport
    locks: Path
    sleep: Callable[[float], None] = time.sleep
    _repo2docker: Repo2docker | None = field(default=None, init=False)
    _inputs: BuildInputs | None = field(default=None, init=False)
    _candidate: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        settings = self.settings
        folder = self.origin.checkout / settings.context
        self._context = BuildContext(folder, settings.context, settings.dockerfile)
        self._tests = ImageTests(folder, settings.tests_dir, settings.repo_dir, settings.user_id)

    @property
    def _lock(self) -> Path:
        return self.locks / "repo2docker.txt"

    def run(self) -> None:
        """Do all of it.

        Raises:
            ActionError: something went wrong; the report says as much as is known.
        """
        with logged_in(self.settings, self.environment, self.runner, self.http) as self._login:
            self._docker, self._registry = self._login.docker, self._login.registry
            try:
                with self.report.phase("Check"), self.runner.group("Checking"):
                    self._check_context()
                    finished = self._find_finished()
                if finished:
                    self._promote(finished)
                else:
                    self._make()
            finally:
                for notice in self._registry.notices:
                    self._warn(notice)

    def _promote(self, finished: PushedImage) -> None:
        """Take an image that is in the registry instead of building it once more."""
        report, labels = self.report, finished.labels
        reference = f"{self.settings.image}:{INPUTS_PREFIX}{labels[INPUTS]}"
        report.reused = ReusedImage(labels.get(RUN, ""), labels[CREATED], labels.get(TESTS, ""))
        report.hub_check = labels.get(HUB_CHECK, "")
        size = labels.get(SIZE, "")
        report.size = int(size) if size.isdecimal() else 0
        report.digest = finished.manifest.digest
        if self.settings.packages:
            self._inspection.describe(finished.contents, report)
        if self.settings.push:
            with report.phase("Promote"), self.runner.group(f"Promoting {reference}"):
                self._tag(finished)
        else:
            report.image = reference

    def _make(self) -> None:
        """Build, test and push the image."""
        report = self.report
        with report.phase("Check"), self.runner.group("Checking Docker and the registry"):
            disk = self._check()
        report.free = (disk.free(), 0)
        try:
            with report.phase("Prepare"), self.runner.group("Preparing"):
                self._prepare(disk)
            with report.phase("Build"), self.runner.group(f"Building {self.settings.reference}"):
                self._build()
            with report.phase("Test"):
                self._test()
            if self.settings.hub.check:
                with report.phase("Hub check"), self.runner.group("Starting it as a hub would"):
                    self._start_as_on_a_hub()
            if self.settings.packages:
                with report.phase("Packages"), self.runner.group("Reading the list of packages"):
                    self._inspection.describe(self._inspection.contents(self._docker, report), report)
            if self.settings.push or self._candidate:
                with report.phase("Push"), self.runner.group(f"Pushing {self.settings.image}"):
                    self._push()
        finally:
            report.free = (report.free[0], disk.free())

    def _check_context(self) -> None:
        settings = self.settings
        read = (
            settings.dockerfile,
            settings.appendix_file,
            settings.tests_dir,
            settings.hub.browser_tests_dir,
        )
        self._context.check_inside(self.origin.checkout, *read)
        for warning in self._context.check(self.settings.builder, self.settings.appendix_file):
            self._warn(warning)

    def _find_finished(self) -> PushedImage | None:
        """Return an image of the registry that was made of the same inputs, and passed the same checks."""
        settings = self.settings
        if not settings.reuse.allowed:
            return None
        try:
            self._inputs = read_build_inputs(settings, self._context, self._login.registry_of)
            tested = settings.test and self._tests.there()
            wanted = Wanted(self._inputs, tested, settings.hub.check, timedelta(days=settings.reuse.max_age))
            if settings.reuse.force:
                return None
            search = find_finished(self._registry, settings.image.repository, wanted)
        except RegistryError as error:
            self.runner.info(f"Whether this image was built before cannot be told. {error}")
            return None
        if search.obstacle:
            self.runner.info(f"{settings.image}:{self._inputs.tag} is not used again: {search.obstacle}.")
        return search.image

    def _check(self) -> Disk:
        """Find out in seconds what would otherwise fail after the build."""
        settings, image = self.settings, self.settings.image
        engine = self._docker.engine()
        disk = Disk(engine.folder)
        self.runner.info(f"Docker {engine.version}, {disk.free() / GIB:.1f} GiB free in {disk.folder}")
        if settings.registry_password:
            self._docker.login(image.registry, settings.registry_username, settings.registry_password)
        if settings.push:
            self._registry.check_push(image.repository)
            self.runner.info(f"{image} can be pushed")
        self._candidate = settings.push_candidate and self._may_push_candidate()
        return disk

    def _may_push_candidate(self) -> bool:
        """Say whether the image can be kept for the merge; that it cannot is no reason not to test it."""
        if self._inputs is None:
            return False
        if self.origin.from_fork:
            self.runner.notice("The image of a fork's pull request is not pushed.")
            return False
        try:
            self._registry.check_push(self.settings.image.repository)
        except RegistryError as error:
            self._warn(f"The image is built again after the merge, since it cannot be kept. {error}")
            return False
        return True

    def _prepare(self, disk: Disk) -> None:
        """Make room, install repo2docker and find the cache, at the same time."""
        settings = self.settings
        wanted, least = settings.free_disk_space, settings.min_free_disk
        for warning in make_room(disk, wanted, least, self.runner.info, hosted=self.origin.hosted):
            self._warn(warning)
        with ThreadPoolExecutor() as pool:
            finding = pool.submit(lambda: self._previous) if settings.cache else None
            installing = pool.submit(self._install) if settings.builder == "repo2docker" else None
            # What cannot be pulled, such as an image of this engine only, is for the build to say.
            list(pool.map(lambda base: self._docker.pull(base, settings.platform), self._bases()))
            self._repo2docker = installing.result() if installing else None
            cached_from = finding.result() if finding else ""
        if cached_from and not self._uses_buildx() and not self._docker.pull(cached_from):
            cached_from = ""
        if cached_from:
            self.runner.info(f"Cache: layers that are the same are taken from {cached_from}")
        self.report.cached_from = cached_from

    def _bases(self) -> tuple[str, ...]:
        """Return the base images to pull before the build.

        What the image is said to be made from is what the registry has, and an engine that was used before
        may have an older one. Besides, a pull costs no time while repo2docker is installed.
        """
        if self._inputs:
            return tuple(self._inputs.bases)
        installed = is_installed(self.settings.repo2docker, self._lock, self.origin.scratch)
        busy = self.settings.builder == "repo2docker" and not installed
        return tuple(map(str, self._context.base_images("repo2docker"))) if busy else ()

    def _install(self) -> Repo2docker:
        return install(
            self.settings.repo2docker, self._lock, self.origin.scratch, self.environment, self.runner.info
        )

    @cached_property
    def _previous(self) -> str:
        """The image that the default branch pushed last; empty where there is none."""
        settings, origin = self.settings, self.origin
        commits: list[str] = []
        if origin.repository:
            github = GitHub(self.http, origin.api_url, origin.server_url, settings.github_token)
            try:
                commits = github.repository(origin.repository).default_branch_commits()
            except GitHubError as error:
                self._warn(f"No cache: GitHub does not tell the default branch's commits. {error}")
        else:
            commits = LocalRepository(self._context.folder).history(20)
        return last_pushed(self._registry, settings.image, commits, settings.tags[0], self.runner.info)

    def _uses_buildx(self) -> bool:
        return self._repo2docker.uses_buildx if self._repo2docker else self._docker.has_buildx

    def _build(self) -> None:
        settings = self.settings
        if self._repo2docker:
            # It takes an image that has the name already for the one that it is asked for.
            earlier = self._docker.set_aside(settings.reference)
            if earlier and self.report.cached_from == settings.reference and not self._uses_buildx():
                self.report.cached_from = earlier
        command = BuildCommand(
            settings,
            self.origin,
            self._context.folder,
            # What the base image says of itself does not hold for this one.
            {**dict.fromkeys((TESTS, HUB_CHECK, INPUTS), ""), **self._inputs_label()},
            self._repo2docker,
            self._uses_buildx(),
            self.report.cached_from,
        )
        try:
            process.stream(
                command.arguments(),
                tell=self.runner.info,
                timeout=_BUILD,
                env={**self._docker.environment, **command.variables()},
                cwd=self._context.folder,
                secrets=self._login.secrets,
            )
        except CommandError as error:
            self._explain(error)
        self.report.layers = self._docker.layers(settings.reference)
        self.report.size = sum(layer.size for layer in self.report.layers)

    def _inputs_label(self) -> dict[str, str]:
        return {INPUTS: self._inputs.digest} if self._inputs else {}

    def _explain(self, error: CommandError) -> NoReturn:
        found = diagnose(error.stdout.splitlines() or [str(error)])
        self.report.diagnosis = found
        problem = f"{found.name}: {found.line}"
        raise ActionError(f"{problem.rstrip('.')}.", found.remedy or "The log has the rest.") from error

    def _test(self) -> None:
        settings, tests = self.settings, self._tests
        if not settings.test:
            return
        if not tests.there():
            self.runner.notice(f"There are no tests in {settings.tests_dir}; the image is not tested.")
            return
        with self.runner.group(f"Testing with {settings.tests_dir}"):
            results = tests.run(self._docker, settings.reference, f"image-tests-{uuid.uuid4().hex[:12]}")
        self.report.tests = results
        self.runner.info(f"Tests: {results}")
        self._judge(results)

    def _judge(self, results: SuiteResults) -> None:
        """Show each test that failed at its place."""
        for case in results.failed:
            file = os.path.normpath(Path(self.settings.context) / case.file) if case.file else ""
            self.runner.error(ActionError(f"{case.name}: {case.message}", file=file, line=case.line or 1))
        if results.failed:
            kept = " Nothing was pushed." if self.settings.push else ""
            raise ImageTestsFailed(failed_tests(results.failed), f"The report shows why.{kept}")

    def _start_as_on_a_hub(self) -> None:
        settings, report = self.settings, self.report
        folder = self._context.folder / settings.hub.browser_tests_dir
        browser_tests = BrowserTests(
            folder, self.locks / "browser-tests.txt", self.origin.scratch, self.environment, self.runner.info
        )
        check = HubCheck(
            settings.hub.command,
            settings.hub.default_url,
            settings.hub.timeout,
            settings.hub.version,
            settings.user_id,
            settings.user_name,
            browser_tests,
        )
        try:
            result = check.run(self._docker, settings.reference, f"hub-check-{uuid.uuid4().hex[:12]}")
        except HubCheckFailed as failure:
            report.diagnosis = failure.diagnosis
            raise
        report.hub_check = str(result)
        report.browser_tests = result.browser
        for warning in result.warnings:
            self._warn(warning)
        self.runner.info(f"Hub check: {result}")
        self._judge(result.browser or SuiteResults())

    @property
    def _inspection(self) -> ImageInspection:
        return ImageInspection(
            self.settings,
            self.origin,
            self._registry,
            lambda: self._previous,
            self.runner.info,
            self._warn,
        )

    @property
    def _image_push(self) -> ImagePush:
        return ImagePush(self.settings.image, self._registry, self.runner.info, self._warn, self.sleep)

    def _push(self) -> None:
        """Push the image's layers once, and let the registry give it its labels and tags."""
        settings, inputs = self.settings, self._inputs
        first = inputs.tag if inputs else settings.tags[0]
        pushed = self._image_push.push(self._docker, settings.reference, first)
        self._tag(self._image_push.label(pushed, first, self._findings()))

    def _findings(self) -> dict[str, str]:
        """Return what was found out about the image, as labels."""
        report = self.report
        labels = {
            SIZE: str(report.size),
            RUN: self.origin.run_url,
            TESTS: report.tested,
            HUB_CHECK: report.hub_check,
            **(report.contents.labelled({}) if report.contents else {}),
        }
        return {name: text for name, text in labels.items() if text}

    def _tag(self, image: PushedImage) -> None:
        """Give an image of the registry all of its tags."""
        settings, report = self.settings, self.report
        tags = settings.tags if settings.push else ()
        self._image_push.tag(image, (*((self._inputs.tag,) if self._inputs else ()), *tags))
        report.digest = image.manifest.digest
        report.pushed = settings.push
        if settings.push and settings.public_check:
            self._image_push.check_public(self.http, settings.tags[0])

    def _warn(self, warning: str) -> None:
        self.report.warnings.append(warning)
        self.runner.warning(warning)
