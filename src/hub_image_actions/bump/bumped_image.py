"""The image that hubs are to move to, as its registry has it."""

from collections.abc import Callable, Sequence
from functools import cached_property

from hub_image_actions.errors import ActionError, RegistryError
from hub_image_actions.images.comparison import ImageComparison, compared_with
from hub_image_actions.references import ImageName
from hub_image_actions.registry.client import Registry


class BumpedImage:
    """An image and the tag that hubs are to have.

    Args:
        image: the image, with its registry.
        tag: the tag.
        registry_of: gives the registry of a host.
    """

    def __init__(self, image: ImageName, tag: str, registry_of: Callable[[str], Registry]) -> None:
        self._image = image
        self._tag = tag
        self._registry_of = registry_of

    @cached_property
    def _registry(self) -> Registry:
        return self._registry_of(self._image.registry)

    def check(self, given: str) -> str:
        """Check that the tag is in the registry, and return its digest.

        Args:
            given: the digest that it is said to have; empty where none is.

        Raises:
            RegistryError: it is not there, or the registry does not say.
            ActionError: it has another digest.
        """
        digest = self._registry.manifest(self._image.repository, self._tag).digest
        if given not in {"", digest}:
            raise ActionError(
                f"{self._image}:{self._tag} has the digest {digest}, not {given}.",
                "The tag was pushed again since: pass the digest of the image that was tested, or none.",
            )
        return digest

    def changed_contents(
        self, old_tags: Sequence[str], warn: Callable[[str], None]
    ) -> tuple[ImageComparison, ...]:
        """Return what changed among the image's packages since older tags, as far as the images tell.

        Args:
            old_tags: the tags that hubs are at.
            warn: called with the reason where the registry does not say.
        """
        try:
            return compared_with(self._registry, self._image.repository, old_tags, self._tag)
        except RegistryError as error:
            warn(f"The report does not say which packages changed. {error}")
            return ()
