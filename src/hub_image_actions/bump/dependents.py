"""Dependents: the repositories whose Dockerfiles build on a base image, and what came of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hub_image_actions.bump.base_image_report import BaseReference
from hub_image_actions.errors import ActionError
from hub_image_actions.github.proposal import Proposed
from hub_image_actions.github.snapshot import Snapshot
from hub_image_actions.images.dockerfiles import BaseTarget, is_dockerfile, moved

NO_DEPENDENT, NOTHING_TO_MOVE, DECLINED, FAILED = (
    "does not build on it",
    "nothing to move",
    "declined",
    "failed",
)


@dataclass(frozen=True)
class Dependent:
    """A repository, and what its Dockerfiles have of a base image.

    Args:
        snapshot: the repository as it is.
        references: all references to the image, and what becomes of each.
        files: the Dockerfiles that change: path and new content.
    """

    snapshot: Snapshot
    references: tuple[BaseReference, ...]
    files: Mapping[str, bytes] = field(repr=False)

    @property
    def old_tags(self) -> tuple[str, ...]:
        """The tags of the references that move, each once."""
        tags = (reference.old.partition("@")[0] for reference in self.references if reference.new)
        return tuple(dict.fromkeys(filter(None, tags)))


def dependent(snapshot: Snapshot, target: BaseTarget) -> Dependent:
    """Return what moving a base image means for a repository; all of its Dockerfiles are read."""
    references: list[BaseReference] = []
    files = {}
    for path, content in sorted(snapshot.files.items()):
        if is_dockerfile(path):
            after, outcomes = moved(content, target)
            references += [BaseReference(path, outcome) for outcome in outcomes]
            if after != content:
                files[path] = after
    return Dependent(snapshot, tuple(references), files)


@dataclass(frozen=True)
class BaseImageResult:
    """What came of one repository.

    Args:
        repository: its full name.
        references: the references to the image in its Dockerfiles.
        files: the Dockerfiles that change.
        proposed: what became of its pull request; None where nothing moves.
        error: why it could not be done.
    """

    repository: str
    references: tuple[BaseReference, ...] = ()
    files: tuple[str, ...] = ()
    proposed: Proposed | None = None
    error: ActionError | None = None

    @property
    def status(self) -> str:
        """What was done in a word or two."""
        if self.error:
            return FAILED
        if not self.references:
            return NO_DEPENDENT
        if not self.proposed:
            return NOTHING_TO_MOVE
        return DECLINED if self.declined else self.proposed.status

    @property
    def declined(self) -> bool:
        """Whether somebody closed the very same pull request without merging it."""
        pull = self.proposed.pull if self.proposed else None
        return bool(pull and not pull.is_open)

    @property
    def moves(self) -> bool:
        """Whether a Dockerfile moves by an open pull request, or would by one to be opened."""
        return bool(self.proposed) and not self.declined

    @property
    def url(self) -> str:
        """The pull request; empty where there is none."""
        return self.proposed.pull.url if self.proposed and self.proposed.pull else ""

    def as_json(self) -> dict[str, object]:
        """Return the result for programs."""
        return {
            "repository": self.repository,
            "status": self.status,
            "pull_request": self.url,
            "files": list(self.files),
            "references": [reference.as_json() for reference in self.references],
            "error": str(self.error or ""),
        }
