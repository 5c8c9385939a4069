"""The image to take cached layers from: the one that the default branch pushed last."""

from collections.abc import Callable, Iterable
from typing import Protocol

from hub_image_actions.errors import RegistryError
from hub_image_actions.image_tags import COMMIT_LENGTH
from hub_image_actions.references import ImageName, is_commit

_MOST_ASKED = 20


class Manifests(Protocol):
    """What there is in a registry, as `hub_image_actions.registry.Registry` tells it."""

    def has(self, repository: str, reference: str) -> bool:
        """Say whether the registry has a manifest.

        Raises:
            RegistryError: it cannot be asked, or refuses.
        """


def last_pushed(
    registry: Manifests, image: ImageName, commits: Iterable[str], tag: str, tell: Callable[[str], None]
) -> str:
    """Return the reference of the newest commit's image that the registry has; empty where it has none.

    Args:
        registry: the image's registry.
        image: the image.
        commits: commits of the default branch, the newest first.
        tag: the tag of this build, which shows how long the tags are that commits get.
        tell: told why nothing is found.
    """
    length = len(tag) if is_commit(tag) else COMMIT_LENGTH
    asked = 0
    for commit in list(commits)[:_MOST_ASKED]:
        asked += 1
        try:
            if registry.has(image.repository, commit[:length]):
                return f"{image}:{commit[:length]}"
        except RegistryError as error:
            tell(f"No cache: {error}")
            return ""
    tell(f"No cache: the registry has none of the default branch's last {asked} commits.")
    return ""
