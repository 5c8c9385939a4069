"""Taking an image that is in the registry instead of building it once more."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from hub_image_actions.build.commit_labels import of_this_commit
from hub_image_actions.build.context import BuildContext
from hub_image_actions.build.earlier_images import (
    FinishedImage,
    PreviousImage,
    ReuseRequirements,
    find_finished,
)
from hub_image_actions.build.fingerprint import (
    BuildInputs,
    InputsUnknown,
    expected_platform,
    read_build_inputs,
)
from hub_image_actions.build.job import BuildJob
from hub_image_actions.build.login import DockerLogin
from hub_image_actions.build.origin import BuildOrigin
from hub_image_actions.build.report import BuildReport, ReusedImage
from hub_image_actions.errors import ActionError, RegistryError
from hub_image_actions.images.copying import ImagePlace
from hub_image_actions.images.labels import CREATED, HUB_CHECK, INPUTS, RUN, SIZE, TESTS
from hub_image_actions.images.pushed_image import PushedImage, read_pushed_image


@dataclass(frozen=True)
class Promotion:
    """The search for an image that was made of the same inputs, and passed the same checks.

    Args:
        job: the build.
        login: the engine and the registries that it may use.
        context: the folder that it is built from.
        previous: the image that the default branch pushed last.
        candidates: where images of pull requests are; None where there are none.
    """

    job: BuildJob
    login: DockerLogin
    context: BuildContext
    previous: PreviousImage
    candidates: ImagePlace | None = None

    def inputs(self, entries: Mapping[str, str]) -> BuildInputs | None:
        """Return what the image would be made of; None where that is not wanted, or cannot be told.

        What is pushed says it in any case: by that a second run knows the image of the first.

        Args:
            entries: what the builder gets, see :class:`StagedContext`.
        """
        if not (self.job.settings.reuse.allowed or self.job.settings.push):
            return None
        try:
            return read_build_inputs(
                settings=self.job.settings,
                context=self.context,
                entries=entries,
                registry_of=self.login.registry_of,
                checkout=self.job.origin.checkout,
                platform=self._platform,
            )
        except (RegistryError, InputsUnknown) as error:
            self._cannot_be_told(error)
            return None

    @property
    def _platform(self) -> str:
        """The platform that was asked for, be it from this action or from Docker itself; else nothing."""
        return self.job.settings.platform or self.job.environment.get("DOCKER_DEFAULT_PLATFORM", "")

    def find(self, inputs: BuildInputs | None, checks: str, *, tested: bool) -> FinishedImage | None:
        """Return an image that can be used again; None where there is none.

        What the image's own repository has comes first: only builds that push write there, and no pull
        request does. Of that, the image that the default branch pushed last may be of any age: a change of
        what is in no image renews none.

        Args:
            inputs: what it must be made of; None where that is not known.
            checks: the digest of the checks that it must have passed.
            tested: whether its own tests must have passed.
        """
        settings = self.job.settings
        if inputs is None or settings.reuse.force:
            return None
        required = ReuseRequirements(
            inputs=inputs,
            checks=checks,
            tested=tested,
            checked=settings.hub.check,
            max_age=timedelta(days=settings.reuse.max_age),
            platform=expected_platform(self._platform),
        )
        finished = self._of_an_earlier_run(required)
        if not settings.reuse.allowed:
            return finished
        if finished is None:
            elsewhere = self._of_the_default_branch(required) or self._of_the_inputs(required)
            finished = self._as_of_this_commit(elsewhere)
        return replace(finished, same_as=self._same_as(finished.image)) if finished else None

    def _as_of_this_commit(self, finished: FinishedImage | None) -> FinishedImage | None:
        """Return an image as it gets this build's tags; what stays where it is stays as it is."""
        if finished is None or not self.job.settings.push:
            return finished
        try:
            image = of_this_commit(finished.image, self.job.settings, self.job.origin)
        except RegistryError as error:
            self._cannot_be_told(error)
            return None
        return replace(finished, image=image, is_new=image is not finished.image)

    @property
    def _own(self) -> ImagePlace:
        """The image's own repository."""
        return ImagePlace(self.job.settings.image, self.login.registry)

    def _of_an_earlier_run(self, required: ReuseRequirements) -> FinishedImage | None:
        """Return the image that has the main tag already, if it is what this build would make; of any age."""
        settings = self.job.settings
        if not settings.push or settings.tag_rules.overwrite:
            return None
        return self._find_in(self._own, replace(required, max_age=timedelta.max), settings.tags[0])

    def _of_the_default_branch(self, required: ReuseRequirements) -> FinishedImage | None:
        """Return the image that the default branch pushed last, if this commit changes nothing that is in it.

        A base image that has moved on since is no change of this commit's; where it is this commit's own
        image, somebody asks for it once more.
        """
        newest = self.previous.reference()
        if not newest:
            return None
        is_older = newest == self.previous.before_this_commit()
        required = replace(required, max_age=timedelta.max, any_base=is_older)
        finished = self._find_in(self._own, required, newest.rpartition(":")[2])
        if finished is None:
            return None
        return replace(finished, has_older_base=finished.image.labels.get(INPUTS) != required.inputs.digest)

    def _of_the_inputs(self, required: ReuseRequirements) -> FinishedImage | None:
        found = (self._find_in(place, required) for place in (self._own, self.candidates) if place)
        return next(filter(None, found), None)

    def _same_as(self, image: PushedImage) -> str:
        """Return the first tag that the default branch gave an image before this commit; else nothing.

        It is the tag that hubs have, or are to get: commits that changed nothing since moved none.
        """
        first = ""
        try:
            for tag in self.previous.tags_before_this_commit():
                before = read_pushed_image(self.login.registry, self.job.settings.image.repository, tag)
                made_of = before.labels.get(INPUTS)
                if before.layers != image.layers or made_of != image.labels.get(INPUTS):
                    break
                first = tag
        except RegistryError as error:
            self._cannot_be_told(error)
        return first

    def _find_in(self, place: ImagePlace, required: ReuseRequirements, tag: str = "") -> FinishedImage | None:
        try:
            search = find_finished(place, required, tag)
        except RegistryError as error:
            self._cannot_be_told(error)
            return None
        if search.obstacle:
            name = f"{place.name}:{tag or required.inputs.tag}"
            self.job.runner.info(f"{name} is not used again: {search.obstacle}.")
        return search.image

    def _cannot_be_told(self, error: ActionError) -> None:
        self.job.runner.info(f"Whether this image was built before cannot be told. {error}")


def report_reused(report: BuildReport, finished: FinishedImage, origin: BuildOrigin, moved: str) -> None:
    """Add to a report what an image that is used again tells of its build.

    Args:
        report: the report.
        finished: the image.
        origin: the build that takes it.
        moved: how it came into the image's own repository; empty where it was there, or stays where it is.
    """
    labels = finished.image.labels
    size, run = labels.get(SIZE, ""), labels.get(RUN, "")
    if not origin.ran(run):
        # Whoever can write candidates can write labels: a link leads to a run of this repository, or nowhere.
        run = ""
    source = finished.reference if moved else ""
    report.reused = ReusedImage(
        run_url=run,
        created=labels[CREATED],
        tested=labels.get(TESTS, ""),
        source=source,
        moved=moved,
        same_as=finished.same_as,
        has_older_base=finished.has_older_base,
    )
    report.hub_check = labels.get(HUB_CHECK, "")
    report.size = int(size) if size.isdecimal() else 0
    report.digest = finished.image.digest
