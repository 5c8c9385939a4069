"""The command line that builds an image."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from hub_image_actions.build.commit_labels import labels_of_commit
from hub_image_actions.build.origin import BuildOrigin
from hub_image_actions.build.repo2docker import CONFIGURATION, Repo2docker
from hub_image_actions.build.settings import BuildSettings
from hub_image_actions.git import inert_git
from hub_image_actions.images.labels import CREATED


@dataclass(frozen=True)
class BuildCommand:
    """How an image is built.

    Args:
        settings: the inputs of the action.
        origin: where it is built, and what of.
        folder: the folder that it is built from, as an absolute path.
        workplace: an empty folder of ours for the program to run in: what it reads there, it would execute.
        appendix: what repo2docker puts at the end of the Dockerfile.
        labels: labels besides those that say where the image is from.
        repo2docker: what builds it; None: Docker.
        with_buildx: whether it is built by `docker buildx`.
        cached_from: the image to take layers from; empty: none.
    """

    settings: BuildSettings
    origin: BuildOrigin
    folder: Path
    workplace: Path
    appendix: str
    labels: Mapping[str, str]
    repo2docker: Repo2docker | None
    with_buildx: bool
    cached_from: str

    def arguments(self) -> list[str]:
        """Return the program and its arguments."""
        if self.repo2docker:
            return self.repo2docker.command(self._repo2docker_options())
        return self._docker_build()

    def variables(self) -> dict[str, str]:
        """Return the variables of the program: the time of the commit, and what keeps git from running.

        By the time, what is built twice can be the same.
        """
        # buildx asks git about the folder, which need not be the repository's: it may hold one of its own.
        # Source: https://docs.docker.com/build/building/variables/#buildx_git_info
        return {**self._time(), "BUILDX_GIT_INFO": "false", **inert_git()}

    def _time(self) -> dict[str, str]:
        seconds = self.origin.commit_time
        return {"SOURCE_DATE_EPOCH": str(seconds)} if seconds else {}

    def _repo2docker_options(self) -> list[str]:
        settings = self.settings
        options = ["--no-run", "--user-name", settings.user_name, "--user-id", str(settings.user_id)]
        options += ["--image-name", settings.reference, "--target-repo-dir", settings.repo_dir]
        if self.appendix:
            options += ["--appendix", self.appendix]
        if settings.platform:
            options += [f"--Repo2Docker.platform={settings.platform}"]
        if self.cached_from:
            options += ["--cache-from", self.cached_from]
        if self.with_buildx:
            # Builders in containers, as docker/setup-buildx-action makes them, keep the image else.
            options += ["--DockerEngine.extra_buildx_build_args=--load"]
        # repo2docker executes the file that it is told of or, without one, that of its working folder.
        configuration = self.workplace / CONFIGURATION
        configuration.touch()
        given = (*self._build_arguments(), *settings.repo2docker_args)
        return [*options, *given, "--config", str(configuration), str(self.folder)]

    def _docker_build(self) -> list[str]:
        settings = self.settings
        with_buildx = ["docker", "buildx", "build", "--progress", "plain", "--load"]
        command = with_buildx if self.with_buildx else ["docker", "build"]
        dockerfile = self.folder / (settings.dockerfile or "Dockerfile")
        command = [*command, "--tag", settings.reference, "--file", str(dockerfile)]
        if settings.platform:
            command += ["--platform", settings.platform]
        if self.cached_from:
            command += ["--cache-from", self.cached_from]
        return [*command, *self._build_arguments(), str(self.folder)]

    def _build_arguments(self) -> list[str]:
        if self.with_buildx:
            # The image carries what a later build needs to take layers from it, in some hundred bytes.
            built_in = {"BUILDKIT_INLINE_CACHE": "1"} if self.settings.cache else {}
        else:
            built_in = self._time()
        arguments = [
            f"--build-arg={name}={value}" for name, value in {**built_in, **self.settings.build_args}.items()
        ]
        return arguments + [f"--label={name}={value}" for name, value in self._all_labels().items()]

    def _all_labels(self) -> dict[str, str]:
        created = datetime.now(timezone.utc).isoformat(timespec="seconds")
        labels = {**labels_of_commit(self.settings, self.origin), CREATED: created}
        known = {name: value for name, value in labels.items() if value}
        return {**known, **self.labels, **self.settings.labels}
