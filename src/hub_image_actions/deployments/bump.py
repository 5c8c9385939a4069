"""A bump of one image: what it is to move, and what was found to move."""

from dataclasses import dataclass
from datetime import date

from hub_image_actions.deployments.edits import Edit, write_all
from hub_image_actions.deployments.files import FileReference
from hub_image_actions.references import ImageName

ALREADY = "already at this tag"


@dataclass(frozen=True)
class Bump:
    """What is asked for.

    Args:
        image: the image whose references move; without a host it stands for any registry.
        tag: the tag to move to.
        digest: the digest of that tag, where it is known: for references that are pinned by digest.
        from_tag: when given, only references that are at this tag move.
        day: the day on which holds are judged, see :func:`hub_image_actions.deployments.holds.today`.
    """

    image: ImageName
    tag: str
    day: date
    digest: str = ""
    from_tag: str = ""


@dataclass(frozen=True)
class BumpReference(FileReference):
    """A reference that a bump saw, and what became of it.

    Args:
        shape: the form in which it is written.
        profile: the display names of the profile it belongs to; empty outside profiles.
        image: the image's name as written.
        old: the tag before; empty where there is none.
        new: the tag after; empty where it was left.
        reason: why it was left; empty where it moved.
        note: what a reader should know besides.
    """

    shape: str
    profile: str
    image: str
    old: str
    new: str = ""
    reason: str = ""
    note: str = ""

    @property
    def moved(self) -> bool:
        """Whether the reference gets another tag or digest."""
        return bool(self.new)


@dataclass(frozen=True)
class Plan:
    """All references that were seen and all edits that follow; nothing is written yet."""

    references: tuple[BumpReference, ...]
    edits: tuple[Edit, ...]

    @property
    def moved(self) -> tuple[BumpReference, ...]:
        """The references that get another tag."""
        return tuple(reference for reference in self.references if reference.moved)

    @property
    def left(self) -> tuple[BumpReference, ...]:
        """The references that stay, each with its reason."""
        return tuple(reference for reference in self.references if not reference.moved)

    @property
    def files(self) -> tuple[str, ...]:
        """The files that change."""
        return tuple(edit.file for edit in self.edits)

    @property
    def hubs(self) -> tuple[str, ...]:
        """The hubs that move, each once; a template of hubs is none."""
        return tuple(dict.fromkeys(reference.hub for reference in self.moved if not reference.in_template))

    @property
    def old_tags(self) -> tuple[str, ...]:
        """The tags that the moved references were at, each once."""
        return tuple(dict.fromkeys(reference.old for reference in self.moved))

    def write(self) -> None:
        """Write every edit, see :func:`hub_image_actions.deployments.edits.write_all`.

        Raises:
            DeploymentsError: a file cannot be written.
        """
        write_all(self.edits)
