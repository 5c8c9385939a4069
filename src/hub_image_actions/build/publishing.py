"""Publishing an image that passed its checks: its layers, what was found out about it, and its tags."""

from hub_image_actions.build.fingerprint import BuildInputs
from hub_image_actions.build.job import BuildJob
from hub_image_actions.docker.engine import Docker
from hub_image_actions.images.labels import HUB_CHECK, RUN, SIZE, TESTS
from hub_image_actions.images.push import ImagePush
from hub_image_actions.images.pushed_image import PushedImage
from hub_image_actions.registry.client import Registry


class Publishing:
    """The way of a build's image into the registry.

    Args:
        job: the build.
        registry: the image's registry.
    """

    def __init__(self, job: BuildJob, registry: Registry) -> None:
        self._job = job
        self._image_push = ImagePush(
            image=job.settings.image,
            registry=registry,
            tell=job.runner.info,
            warn=job.warn,
            sleep=job.sleep,
        )

    def push(self, docker: Docker, inputs: BuildInputs | None) -> None:
        """Push the image's layers once, and let the registry give it its labels and tags.

        Args:
            docker: the engine that has the image.
            inputs: what it was made of; None where that is not known.

        Raises:
            RegistryError: the registry does not take it.
        """
        settings = self._job.settings
        first = inputs.tag if inputs else settings.tags[0]
        pushed = self._image_push.push(docker, settings.reference, first)
        self.tag(self._image_push.label(pushed, first, self._findings()), inputs)

    def tag(self, image: PushedImage, inputs: BuildInputs | None) -> None:
        """Give an image of the registry all of its tags.

        Raises:
            RegistryError: the registry refuses, or not everybody may pull the image.
        """
        settings, report = self._job.settings, self._job.report
        tags = settings.tags if settings.push else ()
        self._image_push.tag(image, (inputs.tag, *tags) if inputs else tags)
        report.digest = image.manifest.digest
        report.pushed = settings.push
        if settings.push and settings.public_check:
            self._image_push.check_public(self._job.http, settings.tags[0])

    def _findings(self) -> dict[str, str]:
        """Return what was found out about the image, as labels."""
        report = self._job.report
        labels = {
            SIZE: str(report.size),
            RUN: self._job.origin.run_url,
            TESTS: report.tested,
            HUB_CHECK: report.hub_check,
            **(report.contents.labelled({}) if report.contents else {}),
        }
        return {name: text for name, text in labels.items() if text}
