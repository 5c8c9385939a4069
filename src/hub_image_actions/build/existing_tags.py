"""Tags that the registry has already: what a hub runs is not replaced by another image in silence."""

from dataclasses import dataclass, replace
from itertools import count

from hub_image_actions.build.job import BuildJob
from hub_image_actions.errors import ActionError, ManifestMissing, RegistryError
from hub_image_actions.registry.client import Registry


class TagTaken(ActionError):
    """A tag that names one image for good names another one already."""


@dataclass(frozen=True)
class ExistingTags:
    """The tags of a build that are to name one image for good.

    Args:
        job: the build.
        registry: the image's registry.
    """

    job: BuildJob
    registry: Registry

    def check_early(self) -> None:
        """Find out before a build what would be found after it; a registry that does not say is asked then.

        Raises:
            TagTaken: a tag names another image.
        """
        try:
            self.check()
        except RegistryError as error:
            # Some registries refuse to speak of a repository that the first push makes.
            self.job.runner.info(f"Whether the tags exist cannot be told yet. {error}")

    def check(self, digest: str = "") -> None:
        """Compare each tag that never moves with the image that is to get it.

        Args:
            digest: the image that is to get the tags; empty where it is not made yet.

        Raises:
            TagTaken: a tag names another image.
            RegistryError: the registry cannot be asked, or refuses.
        """
        settings = self.job.settings
        if not settings.push or settings.tag_rules.overwrite:
            return
        for tag in settings.tag_rules.fixed:
            there = self._digest(tag)
            if there and there != digest:
                raise _taken(f"{settings.image}:{tag}", there)

    def _digest(self, tag: str) -> str:
        try:
            return self.registry.digest(self.job.settings.image.repository, tag)
        except ManifestMissing:
            return ""


def _taken(reference: str, digest: str) -> TagTaken:
    return TagTaken(
        f"{reference} exists ({digest}) and is not what this build makes; hubs may run it.",
        "Give this build a tag of its own: `force: true` without `tag` does. "
        "Where no hub runs the old image, `tag-exists: overwrite` replaces it.",
    )


def with_own_tag(job: BuildJob, registry: Registry) -> BuildJob:
    """Return a build whose main tag no image has yet, where it is one that makes its image anew.

    Args:
        job: the build.
        registry: the image's registry.
    """
    rules, image = job.settings.tag_rules, job.settings.image
    if not rules.rebuild or not job.settings.push:
        return job
    numbered = (rules.rebuild if number == 1 else f"{rules.rebuild}-{number}" for number in count(1))
    try:
        tag = next(tag for tag in numbered if not registry.has(image.repository, tag))
    except RegistryError as error:
        job.runner.info(f"Whether {image}:{rules.rebuild} exists cannot be told yet. {error}")
        tag = rules.rebuild
    main, *others = job.settings.tags
    fixed = tuple(tag if one == main else one for one in rules.fixed)
    settings = replace(job.settings, tags=(tag, *others), tag_rules=replace(rules, fixed=fixed))
    job.report.image, job.report.tags = settings.reference, settings.tags
    return replace(job, settings=settings)
