"""Building an image: check, prepare, build, test, push; each step only when the one before went well."""

import os
import re
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import NoReturn

from hub_image_actions import process
from hub_image_actions.build_cache import last_pushed
from hub_image_actions.build_context import BuildContext
from hub_image_actions.build_failures import diagnose
from hub_image_actions.build_origin import BuildOrigin
from hub_image_actions.build_report import BuildReport, failed_tests
from hub_image_actions.build_settings import BuildSettings
from hub_image_actions.disk_space import GIB, UNUSED, Disk, clear_unused
from hub_image_actions.docker import Docker, copy_builders, private_config
from hub_image_actions.docker_config import Credentials, DockerConfig
from hub_image_actions.errors import ActionError, CommandError, GitHubError, RegistryError
from hub_image_actions.git import LocalRepository
from hub_image_actions.github import GitHub
from hub_image_actions.http import Http
from hub_image_actions.image_tests import ImageTests
from hub_image_actions.references import ImageReference
from hub_image_actions.registry import Registry
from hub_image_actions.repo2docker import Repo2docker, install, is_installed
from hub_image_actions.runner import Runner

_BUILD = 6 * 3600.0
_PUSH_ATTEMPTS = 4
_NOT_PASSING = re.compile(r"denied|unauthorized|forbidden|not found|name unknown|invalid", re.IGNORECASE)


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
        lock: the hash-locked list of repo2docker's default version.
        sleep: waits between attempts, given the seconds.
    """

    settings: BuildSettings
    origin: BuildOrigin
    environment: Mapping[str, str]
    runner: Runner
    http: Http
    report: BuildReport
    lock: Path
    sleep: Callable[[float], None] = time.sleep
    _repo2docker: Repo2docker | None = field(default=None, init=False)
    _secrets: tuple[str, ...] = field(default=(), init=False, repr=False)

    def __post_init__(self) -> None:
        settings = self.settings
        self._context = BuildContext(
            self.origin.checkout / settings.context, settings.context, settings.dockerfile
        )

    def run(self) -> None:
        """Do all of it.

        Raises:
            ActionError: something went wrong; the report says as much as is known.
        """
        report = self.report
        with self._logged_in():
            with report.phase("Check"), self.runner.group("Checking"):
                disk = self._check()
            report.free = (disk.free(), 0)
            try:
                with report.phase("Prepare"), self.runner.group("Preparing"):
                    self._prepare(disk)
                with report.phase("Build"), self.runner.group(f"Building {self.settings.reference}"):
                    self._build()
                with report.phase("Test"):
                    self._test()
                if self.settings.push:
                    with report.phase("Push"), self.runner.group(f"Pushing {self.settings.image}"):
                        self._push()
            finally:
                report.free = (report.free[0], disk.free())

    @contextmanager
    def _logged_in(self) -> Iterator[None]:
        """Use settings of Docker that are gone afterwards, where a password is given; else the caller's."""
        settings = self.settings
        registry = settings.image.registry
        original = Path(self.environment.get("DOCKER_CONFIG") or Path.home() / ".docker")
        with tempfile.TemporaryDirectory(prefix="docker-config-", ignore_cleanup_errors=True) as name:
            folder = Path(name)
            environment = {**self.environment, "BUILDX_CONFIG": str(folder / "buildx")}
            copy_builders(
                Path(self.environment.get("BUILDX_CONFIG") or original / "buildx"), folder / "buildx"
            )
            credentials: Credentials | None
            if settings.registry_password:
                credentials = Credentials(settings.registry_username, settings.registry_password)
                self._hide(credentials)
                private_config(folder, original, registry)
                environment["DOCKER_CONFIG"] = name
            else:
                credentials = DockerConfig.load(original).credentials(registry)
            self._docker = Docker(environment, self.runner.info, self._secrets)
            self._registry = Registry(self.http, registry, credentials)
            try:
                yield
            finally:
                for notice in self._registry.notices:
                    self._warn(notice)

    def _hide(self, credentials: Credentials) -> None:
        for secret in credentials.secrets:
            self._secrets += process.secret_forms(secret)
        for form in self._secrets:
            self.runner.mask(form)

    def _check(self) -> Disk:
        """Find out in seconds what would otherwise fail after the build."""
        settings, image = self.settings, self.settings.image
        for warning in self._context.check(settings.builder, settings.appendix_file):
            self._warn(warning)
        engine = self._docker.engine()
        disk = Disk(engine.folder)
        self.runner.info(f"Docker {engine.version}, {disk.free() / GIB:.1f} GiB free in {disk.folder}")
        if settings.registry_password:
            self._docker.login(image.registry, settings.registry_username, settings.registry_password)
        if settings.push:
            self._registry.check_push(image.repository)
            self.runner.info(f"{image} can be pushed")
        return disk

    def _prepare(self, disk: Disk) -> None:
        """Make room, install repo2docker and find the cache, at the same time."""
        self._make_room(disk)
        settings = self.settings
        with ThreadPoolExecutor() as pool:
            finding = pool.submit(self._find_cache) if settings.cache else None
            if settings.builder == "repo2docker":
                installing = pool.submit(self._install)
                # What cannot be pulled, such as an image of this engine only, is for the build to say.
                list(pool.map(self._docker.pull, map(str, self._bases())))
                self._repo2docker = installing.result()
            cached_from = finding.result() if finding else ""
        if cached_from and not self._uses_buildx() and not self._docker.pull(cached_from):
            cached_from = ""
        if cached_from:
            self.runner.info(f"Cache: layers that are the same are taken from {cached_from}")
        self.report.cached_from = cached_from

    def _bases(self) -> tuple[ImageReference, ...]:
        """Return the base images that are worth pulling while repo2docker is installed."""
        installed = is_installed(self.settings.repo2docker, self.lock, self.origin.scratch)
        return () if installed else self._context.base_images(self.settings.builder)

    def _make_room(self, disk: Disk) -> None:
        settings = self.settings
        short = disk.free() < settings.min_free_disk * GIB
        wanted = settings.free_disk_space == "always" or (settings.free_disk_space == "auto" and short)
        # Only a machine that is thrown away after the job may lose what somebody else installed.
        moved = clear_unused(UNUSED) if wanted and self.origin.hosted else []
        if moved:
            self.runner.info(f"Making room in the background: {', '.join(moved)}")
            return
        disk.check()
        if short:
            self._warn(
                f"Only {disk.free() / GIB:.1f} GiB are free, less than the {settings.min_free_disk} GiB of "
                "`min-free-disk`; a large image may not fit."
            )

    def _install(self) -> Repo2docker:
        return install(
            self.settings.repo2docker, self.lock, self.origin.scratch, self.environment, self.runner.info
        )

    def _find_cache(self) -> str:
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
        if self._repo2docker:
            # It takes an image that has the name already for the one that it is asked for.
            earlier = self._docker.set_aside(self.settings.reference)
            if earlier and self.report.cached_from == self.settings.reference and not self._uses_buildx():
                self.report.cached_from = earlier
            command = self._repo2docker.command(self._repo2docker_options())
        else:
            command = self._docker_build()
        try:
            process.stream(
                command,
                tell=self.runner.info,
                timeout=_BUILD,
                env={**self._docker.environment, **self._epoch()},
                cwd=self._context.folder,
                secrets=self._secrets,
            )
        except CommandError as error:
            self._explain(error)
        self.report.layers = self._docker.layers(self.settings.reference)
        self.report.size = sum(layer.size for layer in self.report.layers)

    def _explain(self, error: CommandError) -> NoReturn:
        found = diagnose(error.stdout.splitlines() or [str(error)])
        self.report.diagnosis = found
        problem = f"{found.name}: {found.line}"
        raise ActionError(f"{problem.rstrip('.')}.", found.remedy or "The log has the rest.") from error

    def _epoch(self) -> dict[str, str]:
        """Return the time of the commit, by which what is built twice can be the same."""
        seconds = self.origin.commit_time
        return {"SOURCE_DATE_EPOCH": str(seconds)} if seconds else {}

    def _repo2docker_options(self) -> list[str]:
        settings = self.settings
        options = ["--no-run", "--user-name", settings.user_name, "--user-id", str(settings.user_id)]
        options += ["--image-name", settings.reference, "--target-repo-dir", settings.repo_dir]
        if settings.appendix_file:
            options += [
                "--appendix",
                (self._context.folder / settings.appendix_file).read_text(encoding="utf-8"),
            ]
        if settings.platform:
            options += [f"--Repo2Docker.platform={settings.platform}"]
        if self.report.cached_from:
            options += ["--cache-from", self.report.cached_from]
        if self._uses_buildx():
            # Builders in containers, as docker/setup-buildx-action makes them, keep the image else.
            options += ["--DockerEngine.extra_buildx_build_args=--load"]
        return [*options, *self._build_arguments(), *settings.repo2docker_args, "."]

    def _docker_build(self) -> list[str]:
        settings = self.settings
        with_buildx = self._docker.has_buildx
        command = (
            ["docker", "buildx", "build", "--progress", "plain", "--load"]
            if with_buildx
            else ["docker", "build"]
        )
        command += ["--tag", settings.reference, "--file", settings.dockerfile or "Dockerfile"]
        if settings.platform:
            command += ["--platform", settings.platform]
        if self.report.cached_from:
            command += ["--cache-from", self.report.cached_from]
        return [*command, *self._build_arguments(), "."]

    def _build_arguments(self) -> list[str]:
        if self._uses_buildx():
            # The image carries what a later build needs to take layers from it, in some hundred bytes.
            built_in = {"BUILDKIT_INLINE_CACHE": "1"} if self.settings.cache else {}
        else:
            built_in = self._epoch()
        arguments = [
            f"--build-arg={name}={value}" for name, value in {**built_in, **self.settings.build_args}.items()
        ]
        return arguments + [f"--label={name}={value}" for name, value in self._labels().items()]

    def _labels(self) -> dict[str, str]:
        origin = self.origin
        labels = {
            "org.opencontainers.image.source": origin.url,
            "org.opencontainers.image.revision": origin.commit,
            "org.opencontainers.image.created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "org.opencontainers.image.version": self.settings.tags[0],
            "repo2docker.repo": origin.url,
            "repo2docker.ref": origin.commit,
        }
        return {**{name: value for name, value in labels.items() if value}, **self.settings.labels}

    def _test(self) -> None:
        settings = self.settings
        tests = ImageTests(self._context.folder, settings.tests_dir, settings.repo_dir, settings.user_id)
        if not settings.test:
            return
        if not tests.there():
            self.runner.notice(f"There are no tests in {settings.tests_dir}; the image is not tested.")
            return
        with self.runner.group(f"Testing with {settings.tests_dir}"):
            results = tests.run(self._docker, settings.reference, f"image-tests-{uuid.uuid4().hex[:12]}")
        self.report.tests = results
        self.runner.info(f"Tests: {results}")
        for case in results.failed:
            file = os.path.normpath(Path(settings.context) / case.file) if case.file else ""
            self.runner.error(ActionError(f"{case.name}: {case.message}", file=file, line=case.line or 1))
        if results.failed:
            kept = " Nothing was pushed." if settings.push else ""
            raise ImageTestsFailed(failed_tests(results.failed), f"The report shows why.{kept}")

    def _push(self) -> None:
        """Push the image under its main tag, and let the registry give it the others."""
        settings, registry = self.settings, self._registry
        repository = settings.image.repository
        self._push_main()
        manifest = registry.manifest(repository, settings.tags[0])
        for tag in settings.tags[1:]:
            registry.put_manifest(repository, tag, manifest)
        self.report.digest = manifest.digest
        digests = {tag: registry.digest(repository, tag) for tag in settings.tags}
        for tag, digest in digests.items():
            self.runner.info(f"{settings.image}:{tag} is in the registry: {digest}")
        if set(digests.values()) != {manifest.digest}:
            raise RegistryError(
                f"The tags of {settings.image} are different images: {digests}.",
                "Somebody pushed one of them at the same moment: run again.",
            )
        self.report.pushed = True
        if settings.public_check:
            self._check_public()

    def _check_public(self) -> None:
        image = self.settings.image
        try:
            Registry(self.http, image.registry).manifest(image.repository, self.settings.tags[0])
        except RegistryError as error:
            raise RegistryError(
                f"{self.settings.reference} was pushed, but not everybody may pull it. {error.problem}",
                "Give `allUsers` the right to read the repository, or leave out `public-check`.",
            ) from error
        self.runner.info("Everybody may pull it.")

    def _push_main(self) -> None:
        reference = self.settings.reference
        for attempt in range(1, _PUSH_ATTEMPTS + 1):
            try:
                self._docker.push(reference)
            except CommandError as error:
                last = " ".join(error.stdout.strip().splitlines()[-1:]) or error.stderr
                if attempt == _PUSH_ATTEMPTS or _NOT_PASSING.search(last):
                    times = f" in {attempt} attempts" if attempt > 1 else ""
                    raise RegistryError(
                        f"{reference} could not be pushed{times}: {last.rstrip('.')}.", _how_to_push(last)
                    ) from error
                self._warn(f"The registry did not take the image ({last}); another attempt is made.")
                self.sleep(2.0**attempt / 2)
            else:
                return

    def _warn(self, warning: str) -> None:
        self.report.warnings.append(warning)
        self.runner.warning(warning)


def _how_to_push(said: str) -> str:
    if _NOT_PASSING.search(said):
        return "Give the account of `registry-password` the right to write to the repository."
    return "The registry has a problem that may pass: run again later."
