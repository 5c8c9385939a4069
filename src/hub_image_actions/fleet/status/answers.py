"""The questions that the status asks of GitHub, and the answers to them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, TypeVar

from hub_image_actions.deployments.deployed import Deployed
from hub_image_actions.errors import ActionError
from hub_image_actions.fleet.status.table import Distance, OpenBump, Presence
from hub_image_actions.references import ImageName

K = TypeVar("K")
T = TypeVar("T")


class Reader(Protocol):
    """Makes calls at the same time, and tells how far they are."""

    def __call__(self, what: str, calls: Mapping[K, Callable[[], T]]) -> Mapping[K, T | ActionError]:
        """Return what each call returned, or the error with which it failed."""


@dataclass(frozen=True)
class Question:
    """What the table is about.

    Args:
        deployments: the deployments repository as ``owner/name``.
        branches: its branches.
        repositories: the image repositories. Where there are none, all of the owner of the deployments,
            told by their names.
        day: the day on which holds are judged.
        now: the time that ages are counted to.
        paths: the folders of the deployments.
        pattern: a shell pattern for the images that count beside those of the repositories.
        only_theirs: whether images of no given repository are left out of the table.
    """

    deployments: str
    branches: tuple[str, ...]
    repositories: tuple[str, ...]
    day: date
    now: datetime
    paths: tuple[str, ...] = ("deployments",)
    pattern: str = ""
    only_theirs: bool = False


@dataclass(frozen=True)
class StatusOwner:
    """An image's own repository, and the image that its variable names."""

    full_name: str
    image: ImageName | None = None

    @property
    def short(self) -> str:
        """The repository's name without its owner, in small letters, as images are called."""
        return self.full_name.rpartition("/")[2].lower()

    def owns(self, image: ImageName) -> bool:
        """Say whether the image is this repository's: by its variable, or where it has none, by its name."""
        if self.image:
            return self.image.covers(image)
        return self.short == image.short.lower()


@dataclass(frozen=True)
class StatusHome:
    """What matters of an image's own repository as it is now."""

    full_name: str
    default_branch: str
    workflows: Mapping[str, bytes]


@dataclass(frozen=True)
class StatusBranch:
    """A branch of the deployments: its commit, and what stands in its files."""

    commit: str
    references: tuple[Deployed, ...]


@dataclass(frozen=True)
class StatusAnswers:
    """All that was found out, by what it is about."""

    branches: Mapping[str, StatusBranch]
    owners: Mapping[ImageName, StatusOwner]
    homes: Mapping[str, StatusHome | ActionError]
    distances: Mapping[tuple[str, str], Distance]
    presences: Mapping[str, Presence]
    bumps: Sequence[tuple[ImageName, OpenBump]]
