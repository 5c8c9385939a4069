"""The builder at work: Docker or repo2docker is started, and what it wrote is explained when it fails."""

import os
from pathlib import Path
from typing import NoReturn

from hub_image_actions import process
from hub_image_actions.build.build_command import BuildCommand
from hub_image_actions.build.fingerprint import BuildInputs
from hub_image_actions.build.job import BuildJob
from hub_image_actions.build.login import DockerLogin
from hub_image_actions.build.named_place import place_of
from hub_image_actions.build.preparation import PreparedBuild
from hub_image_actions.checks.diagnosis import diagnose_build
from hub_image_actions.errors import ActionError, CommandError
from hub_image_actions.images.labels import CHECKS, HUB_CHECK, INPUTS, OWN_INPUTS, TESTS
from hub_image_actions.ownership import owned_folder

# Jobs on GitHub's own runners end after six hours:
# https://docs.github.com/en/actions/reference/limits
_LONGEST_BUILD = 6 * 3600.0


class Builder:
    """What makes the image.

    Args:
        job: what is to be built, and who is told.
        login: the engine and the registries that it may use.
    """

    def __init__(self, job: BuildJob, login: DockerLogin) -> None:
        self._job = job
        self._login = login

    def build(self, prepared: PreparedBuild, inputs: BuildInputs | None, folder: Path) -> None:
        """Build the image, and put its layers and size into the report.

        Args:
            prepared: the builder, and where its layers may come from.
            inputs: what the image is made of, where that can be told.
            folder: what the builder gets.

        Raises:
            ActionError: the build failed.
        """
        job, docker = self._job, self._login.docker
        job.report.cached_from = self._cache(prepared)
        with owned_folder("build", job.origin.scratch) as workplace:
            self._run(self._command(prepared, inputs, folder, workplace))
        job.report.layers = docker.layers(job.settings.reference)
        job.report.size = sum(layer.size for layer in job.report.layers)

    def _command(
        self, prepared: PreparedBuild, inputs: BuildInputs | None, folder: Path, workplace: Path
    ) -> BuildCommand:
        job = self._job
        appendix = job.settings.appendix_file
        return BuildCommand(
            settings=job.settings,
            origin=job.origin,
            folder=folder.resolve(),
            workplace=workplace,
            appendix=(job.folder / appendix).read_text(encoding="utf-8") if appendix else "",
            labels={
                # What the base image says of itself does not hold for this one.
                **dict.fromkeys((TESTS, HUB_CHECK, CHECKS), ""),
                INPUTS: inputs.digest if inputs else "",
                OWN_INPUTS: inputs.own_digest if inputs else "",
            },
            repo2docker=prepared.repo2docker,
            with_buildx=prepared.with_buildx,
            cached_from=job.report.cached_from,
        )

    def _run(self, command: BuildCommand) -> None:
        job, docker = self._job, self._login.docker
        try:
            process.stream(
                command.arguments(),
                tell=job.runner.info,
                timeout=_LONGEST_BUILD,
                env={**docker.environment, **command.variables()},
                cwd=command.workplace,
                secrets=self._login.secrets,
            )
        except CommandError as error:
            self._explain(error)

    def _cache(self, prepared: PreparedBuild) -> str:
        """Return the image to take layers from, once an earlier image of the same name is out of the way."""
        reference = self._job.settings.reference
        if not prepared.repo2docker:
            return prepared.cached_from
        # repo2docker takes an image that has the name already for the one that it is asked for.
        earlier = self._login.docker.set_aside(reference)
        if earlier and prepared.cached_from == reference and not prepared.with_buildx:
            return earlier
        return prepared.cached_from

    def _explain(self, error: CommandError) -> NoReturn:
        """Raise the error that a failed build stands for.

        Raises:
            DockerError: the engine does not answer any more.
            ActionError: what the log shows.
        """
        diagnosis = diagnose_build(error.stdout.splitlines() or [str(error)])
        if not diagnosis.is_known:
            # An engine that ends in the middle of a build takes the words of the step with it.
            self._login.docker.engine()
        self._job.report.diagnosis = diagnosis
        problem = f"{diagnosis.name}: {diagnosis.line}"
        file, line = place_of(self._job.folder, diagnosis.files, diagnosis.what)
        raise ActionError(
            f"{problem.rstrip('.;: ')}.",
            diagnosis.remedy or "The log has the rest.",
            file=os.path.normpath(Path(self._job.settings.context) / file) if file else "",
            line=line,
        ) from error
