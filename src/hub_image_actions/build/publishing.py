"""Publishing an image that passed its checks: its layers, what was found out about it, and its tags."""

from hub_image_actions.build.earlier_images import FinishedImage
from hub_image_actions.build.existing_tags import ExistingTags
from hub_image_actions.build.fingerprint import BuildInputs
from hub_image_actions.build.job import BuildJob
from hub_image_actions.docker.engine import Docker
from hub_image_actions.errors import RegistryError
from hub_image_actions.images.copying import ImageCopy, ImagePlace, put_configuration
from hub_image_actions.images.labels import CHECKS, HUB_CHECK, RUN, SIZE, TESTS
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
        self._own = ImagePlace(job.settings.image, registry)
        self._existing = ExistingTags(job, registry)
        self._image_push = self._push_to(self._own)

    def _push_to(self, place: ImagePlace) -> ImagePush:
        job = self._job
        return ImagePush(
            image=place.name,
            registry=place.registry,
            tell=job.runner.info,
            warn=job.warn,
            sleep=job.sleep,
        )

    def push(self, docker: Docker, inputs: BuildInputs | None, checks: str) -> None:
        """Push the image's layers once, and let the registry give it its labels and tags.

        Args:
            docker: the engine that has the image.
            inputs: what it was made of; None where that is not known.
            checks: the digest of the checks that it passed.

        Raises:
            TagTaken: a tag that never moves is another image.
            RegistryError: the registry does not take it.
        """
        settings = self._job.settings
        keyed = inputs if settings.reuse.allowed else None
        first = keyed.tag if keyed else settings.tags[0]
        if not keyed:
            # The layers go under the main tag at once.
            self._existing.check_early()
        pushed = self._image_push.push(docker, settings.reference, first)
        labelled = self._image_push.label(pushed, first, self._findings(checks))
        if keyed:
            self._existing.check(labelled.digest)
        self._tag(labelled, keyed)

    def keep(self, docker: Docker, place: ImagePlace, inputs: BuildInputs, checks: str) -> None:
        """Push the image as a candidate: under the tag of its inputs and no other, and nowhere else.

        Args:
            docker: the engine that has the image, logged in there.
            place: the repository of candidates.
            inputs: what it was made of.
            checks: the digest of the checks that it passed.

        Raises:
            RegistryError: the registry does not take it.
        """
        image_push = self._push_to(place)
        pushed = image_push.push(docker, self._job.settings.reference, inputs.tag)
        labelled = image_push.label(pushed, inputs.tag, self._findings(checks))
        image_push.tag(labelled, (inputs.tag,))
        self._job.report.digest = labelled.digest

    def fetch(self, finished: FinishedImage) -> str:
        """Bring a finished image into the image's own repository, without a tag; return how its layers came.

        Raises:
            RegistryError: it cannot be done.
        """
        job = self._job
        if finished.place.name == self._own.name:
            if finished.is_new:
                put_configuration(self._own, finished.image)
            return ""
        copy = ImageCopy(job.http, finished.place, self._own, job.runner.info, job.sleep)
        return str(copy.copy(finished.image))

    def tag(self, finished: FinishedImage, inputs: BuildInputs) -> None:
        """Give an image of the registry all of its tags.

        The tag of its inputs stays where it is: builds of other commits may look for it at this moment.

        Raises:
            TagTaken: one that never moves is another image.
            RegistryError: the registry refuses, or not everybody may pull the image.
        """
        self._existing.check(finished.image.digest)
        is_there = finished.place.name == self._own.name or not self._job.settings.reuse.allowed
        self._tag(finished.image, None if is_there else inputs)

    def _tag(self, image: PushedImage, inputs: BuildInputs | None) -> None:
        settings, report = self._job.settings, self._job.report
        if inputs:
            self._tag_for_its_inputs(image, inputs.tag)
        self._image_push.tag(image, settings.tags)
        report.digest = image.digest
        report.pushed = settings.push
        report.pullable = settings.reference if settings.push else ""
        if settings.public_check:
            self._image_push.check_public(self._job.http, settings.tags[0])

    def _tag_for_its_inputs(self, image: PushedImage, tag: str) -> None:
        """Give an image the tag of its inputs, by which other builds find it.

        Another build of the same inputs may give another image this tag as well: either is right.
        """
        registry, repository = self._own.registry, self._own.name.repository
        try:
            registry.put_manifest(repository, tag, image.named)
        except RegistryError as error:
            # Some registries keep every tag as it is, as Artifact Registry does where one asks for it:
            # https://cloud.google.com/artifact-registry/docs/repositories/update-repo-settings
            if not registry.has(repository, tag):
                raise
            self._job.runner.info(f"{self._own.name}:{tag} stays. {error}")

    def _findings(self, checks: str) -> dict[str, str]:
        """Return what was found out about the image, as labels."""
        report = self._job.report
        labels = {
            SIZE: str(report.size),
            RUN: self._job.origin.run_url,
            TESTS: report.tested,
            HUB_CHECK: report.hub_check,
            CHECKS: checks,
            **(report.contents.labelled({}) if report.contents else {}),
        }
        return {name: text for name, text in labels.items() if text}
