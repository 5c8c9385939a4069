"""Taking an image that is in the registry instead of building it once more."""

from dataclasses import dataclass
from datetime import timedelta

from hub_image_actions.build.context import BuildContext
from hub_image_actions.build.earlier_images import ReuseRequirements, find_finished
from hub_image_actions.build.fingerprint import BuildInputs, read_build_inputs
from hub_image_actions.build.job import BuildJob
from hub_image_actions.build.login import DockerLogin
from hub_image_actions.build.report import BuildReport, ReusedImage
from hub_image_actions.errors import RegistryError
from hub_image_actions.images.labels import CREATED, HUB_CHECK, RUN, SIZE, TESTS
from hub_image_actions.images.pushed_image import PushedImage


@dataclass(frozen=True)
class Promotion:
    """The search for an image that was made of the same inputs, and passed the same checks.

    Args:
        job: the build.
        login: the engine and the registries that it may use.
        context: the folder that it is built from.
    """

    job: BuildJob
    login: DockerLogin
    context: BuildContext

    def inputs(self) -> BuildInputs | None:
        """Return what the image would be made of; None where that is not wanted, or cannot be told."""
        if not self.job.settings.reuse.allowed:
            return None
        try:
            return read_build_inputs(self.job.settings, self.context, self.login.registry_of)
        except RegistryError as error:
            self._cannot_be_told(error)
            return None

    def find(self, inputs: BuildInputs | None, *, tested: bool) -> PushedImage | None:
        """Return an image of the registry that can be used again; None where there is none.

        Args:
            inputs: what it must be made of; None where that is not known.
            tested: whether its own tests must have passed.
        """
        settings, repository = self.job.settings, self.job.settings.image.repository
        if inputs is None or settings.reuse.force:
            return None
        max_age = timedelta(days=settings.reuse.max_age)
        required = ReuseRequirements(inputs, tested=tested, checked=settings.hub.check, max_age=max_age)
        try:
            search = find_finished(self.login.registry, repository, required)
        except RegistryError as error:
            self._cannot_be_told(error)
            return None
        if search.obstacle:
            self.job.runner.info(f"{settings.image}:{inputs.tag} is not used again: {search.obstacle}.")
        return search.image

    def _cannot_be_told(self, error: RegistryError) -> None:
        self.job.runner.info(f"Whether this image was built before cannot be told. {error}")


def report_reused(report: BuildReport, finished: PushedImage) -> None:
    """Add to a report what an image that is used again tells of its build."""
    labels = finished.labels
    size = labels.get(SIZE, "")
    report.reused = ReusedImage(labels.get(RUN, ""), labels[CREATED], labels.get(TESTS, ""))
    report.hub_check = labels.get(HUB_CHECK, "")
    report.size = int(size) if size.isdecimal() else 0
    report.digest = finished.manifest.digest
