"""The text of a pull request that moves a base image: what moves, what changed in the image, what stays."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass

from hub_image_actions import markdown
from hub_image_actions.github.changes import ImageChange
from hub_image_actions.images.dockerfiles import BaseOutcome, BaseTarget
from hub_image_actions.quantities import counted

_MOST_ROWS = 100
_DIGEST_SHOWN = len("sha256:") + 12


@dataclass(frozen=True)
class BaseReference:
    """One reference to a base image.

    Args:
        file: the Dockerfile.
        outcome: where in it the reference stands, and what becomes of it.
    """

    file: str
    outcome: BaseOutcome

    @property
    def old(self) -> str:
        """The tag and digest before."""
        return self.outcome.old

    @property
    def new(self) -> str:
        """The tag and digest after; empty where they stay."""
        return self.outcome.new

    @property
    def reason(self) -> str:
        """Why they stay."""
        return self.outcome.reason

    def as_json(self) -> dict[str, object]:
        """Return the reference for programs."""
        return {"file": self.file, **asdict(self.outcome)}


@dataclass(frozen=True)
class BaseImageReport:
    """All that a pull request tells; nothing in it depends on when it is written.

    Args:
        target: what the references become.
        references: the references to the image.
        files_url: the address under which the repository's files are shown.
        changes: what changed in the image since the old tags.
    """

    target: BaseTarget
    references: Sequence[BaseReference]
    files_url: str
    changes: Sequence[ImageChange] = ()

    def body(self) -> str:
        """Return the text."""
        moves = [reference for reference in self.references if reference.new]
        header = ("File", "Stage", "From", "To")
        parts = (self._lead(), _table(header, moves, self._moved), *self._changed(), self._left())
        return "\n\n".join(filter(None, parts))

    def _lead(self) -> str:
        image, tag, digest = self.target.image, self.target.tag, self.target.digest
        pinned = f" ({markdown.code(digest)})" if digest else ""
        return f"Moves the base image {markdown.code(str(image))} to {markdown.code(tag)}{pinned}."

    def _moved(self, reference: BaseReference) -> tuple[str, ...]:
        stage = markdown.escape(reference.outcome.stage)
        return (
            self._place(reference),
            stage,
            markdown.code(short(reference.old)),
            markdown.code(short(reference.new)),
        )

    def _stayed(self, reference: BaseReference) -> tuple[str, ...]:
        stage, reason = markdown.escape(reference.outcome.stage), markdown.escape(reference.reason)
        return (self._place(reference), stage, markdown.code(short(reference.old)), reason)

    def _place(self, reference: BaseReference) -> str:
        line = reference.outcome.line
        url = markdown.file_url(self.files_url, reference.file, line)
        return markdown.link(markdown.code(f"{reference.file}:{line}"), url)

    def _changed(self) -> Iterator[str]:
        for change in self.changes:
            since = markdown.link(f"since {markdown.code(change.old)}", change.url)
            steps = [counted(change.commits, "new commit")] if change.commits else []
            steps += [f"**{counted(change.undone, 'commit')} undone**"] if change.undone else []
            yield f"What changed in the base image {since}: {', '.join(steps) or 'nothing'}."

    def _left(self) -> str:
        left = [reference for reference in self.references if not reference.new]
        if not left:
            return ""
        rows = _table(("File", "Stage", "At", "Why"), left, self._stayed)
        return markdown.details("Left as it is" if len(left) == 1 else "Left as they are", rows)


def short(pin: str) -> str:
    """Return a tag and digest, the digest no longer than people compare."""
    tag, at, digest = pin.partition("@")
    cut = f"{digest[:_DIGEST_SHOWN]}…" if len(digest) > _DIGEST_SHOWN else digest
    return f"{tag}{at}{cut}"


def _table(
    header: Sequence[str],
    references: Sequence[BaseReference],
    row: Callable[[BaseReference], Sequence[str]],
) -> str:
    if not references:
        return ""
    shown = markdown.table(header, map(row, references[:_MOST_ROWS]))
    more = len(references) - _MOST_ROWS
    return f"{shown}\n\n… and {more} more." if more > 0 else shown
