"""The versions at which a workflow pins our actions: found, and moved, with nothing else touched.

A pin keeps its style: `@v1` follows a major version, `@v1.3` a minor one, `@v1.3.2` is a release, and a
commit is a release whose number stands in the comment behind it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from hub_image_actions.errors import ActionError
from hub_image_actions.fleet.workflows.workflow_file import Scalar, WorkflowFile

OURS = "berkeley-dsep-infra/hub-image-actions"
_VERSION = re.compile(r"v?(?P<number>\d+(?:\.\d+){0,2})")
_RELEASE = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")
_COMMIT = re.compile(r"[0-9a-f]{40}")
# Behind the value: what closes a flow mapping, then the comment with the version as Dependabot reads it.
_COMMENT = re.compile(r"[ \t,}\]]*#[ \t]*(?P<version>v?\d+(?:\.\d+){0,2})(?![\w.])")


class Style(Enum):
    """How a version is pinned."""

    MAJOR = "floating major version"
    MINOR = "floating minor version"
    RELEASE = "release"
    COMMIT = "commit"
    OTHER = "branch or tag"


@dataclass(frozen=True)
class Release:
    """A release of an action: its version without `v`, and its commit where it is known."""

    version: str
    commit: str = ""


@dataclass(frozen=True)
class Target:
    """What the pins move to.

    Args:
        version: our actions' release, as `1.3.2` or `v1.3.2`.
        commit: its commit; needed only where a repository pins commits.
        repository: whose actions are meant, `owner/name`; a fork's, where an organisation has its own.
        others: commits of other people's actions by `owner/name@ref`, for steps that are carried over with a
            version that can move.
    """

    version: str
    commit: str = ""
    repository: str = OURS
    others: Mapping[str, Release] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not _RELEASE.fullmatch(self.version):
            raise ActionError(f"{self.version!r} is not a release.", "Write it as `1.3.2`.")
        if self.commit and not _COMMIT.fullmatch(self.commit):
            raise ActionError(f"{self.commit!r} is not a commit.", "Write all of its forty digits.")

    @property
    def number(self) -> str:
        """The release without `v`."""
        return self.version.removeprefix("v")

    def like(self, written: str) -> str:
        """Return the version with as many numbers as `written` has, and with its `v` if it has one."""
        parts = self.number.split(".")[: written.count(".") + 1]
        return "v" * written.startswith("v") + ".".join(parts)


@dataclass(frozen=True)
class Pin:
    """One place where an action or a workflow is pinned.

    Args:
        uses: what is pinned, `owner/name` or `owner/name/path`.
        ref: what it is pinned at.
        style: how.
        comment: the version in the comment behind it.
        line: the line it stands in.
        start: the character at which the ref begins; negative where it is written with escapes.
        comment_start: the character at which the comment's version begins; negative where there is none.
    """

    uses: str
    ref: str
    style: Style
    comment: str
    line: int
    start: int
    comment_start: int

    @property
    def repository(self) -> str:
        """The repository of the action, `owner/name`, in small letters: GitHub does not tell them apart."""
        return "/".join(self.uses.split("/")[:2]).lower()


@dataclass(frozen=True)
class Move:
    """A pin that was moved, or why it was not: then `after` is what it was before."""

    pin: Pin
    before: str
    after: str
    obstacle: str = ""


@dataclass(frozen=True)
class Moved:
    """A file after its pins were moved."""

    content: bytes
    moves: tuple[Move, ...]

    @property
    def left(self) -> tuple[Move, ...]:
        """The pins that could not be moved."""
        return tuple(move for move in self.moves if move.obstacle)

    @property
    def changed(self) -> tuple[Move, ...]:
        """The pins that were moved."""
        return tuple(move for move in self.moves if move.before != move.after)


def pins(file: WorkflowFile) -> tuple[Pin, ...]:
    """Return everything that the file pins, of whomever, in the order of the file."""
    found = [_pin(file, scalar) for scalar in file.uses]
    return tuple(pin for pin in found if pin)


def pins_of(file: WorkflowFile, repository: str) -> tuple[Pin, ...]:
    """Return what the file pins of one repository, `owner/name`."""
    return tuple(pin for pin in pins(file) if pin.repository == repository.lower())


def move_pins(content: bytes, target: Target, path: str = "") -> Moved:
    """Move every pin of our actions to a release, in the style that it has.

    Args:
        content: the bytes of a workflow or an action.
        target: the release, and whose actions are meant.
        path: the file's path, for messages.

    Raises:
        WorkflowUnreadable: the file is no workflow.
    """
    file = WorkflowFile(path, content)
    moves = tuple(_move(pin, target) for pin in pins_of(file, target.repository))
    text = file.text
    for move in reversed(moves):
        text = _spliced(text, move, target)
    return Moved(text.encode(), moves)


def pin_as(content: bytes, style: Style, target: Target, path: str = "") -> bytes:
    """Pin our actions in the template's own text in a style: the text has them without comments.

    Raises:
        ActionError: commits are to be pinned, and the release's is not known.
    """
    if style is Style.COMMIT and not target.commit:
        raise ActionError(f"The commit of {target.version} is not known.", "Pass it with the release.")
    release = f"v{target.number}"
    refs = {
        Style.MAJOR: release.partition(".")[0],
        Style.MINOR: release.rpartition(".")[0],
        Style.COMMIT: f"{target.commit} # {release}",
    }
    file = WorkflowFile(path, content)
    text = file.text
    for pin in reversed(pins_of(file, target.repository)):
        text = text[: pin.start] + refs.get(style, release) + text[pin.start + len(pin.ref) :]
    return text.encode()


def pin_others(content: bytes, target: Target, path: str = "") -> tuple[bytes, tuple[Pin, ...]]:
    """Pin other people's actions by the commits that are known; return the text and what still moves."""
    file = WorkflowFile(path, content)
    text, left = file.text, []
    for pin in reversed(pins(file)):
        if pin.style is Style.COMMIT or pin.repository == target.repository.lower() or pin.start < 0:
            continue
        known = target.others.get(f"{pin.repository}@{pin.ref}")
        if known is None:
            left.append(pin)
            continue
        end = pin.start + len(pin.ref)
        comment = "" if pin.comment else f" # v{known.version.removeprefix('v')}"
        text = text[: pin.start] + known.commit + comment + text[end:]
    return text.encode(), tuple(reversed(left))


def version_key(version: str) -> tuple[int, ...]:
    """Return what versions are compared by; nothing for a text that is no version."""
    match = _VERSION.fullmatch(version)
    return tuple(map(int, match["number"].split("."))) if match else ()


def _pin(file: WorkflowFile, scalar: Scalar) -> Pin | None:
    uses, at, ref = scalar.value.strip().rpartition("@")
    if not at or uses.startswith((".", "docker://")) or uses.count("/") < 1:
        return None
    written = file.text.rfind(f"{uses}@{ref}", scalar.start, scalar.end)
    start = written + len(uses) + 1 if written >= 0 else -1
    line_end = file.text.find("\n", scalar.end)
    comment = _COMMENT.match(file.text, scalar.end, line_end if line_end >= 0 else len(file.text))
    version, comment_start = (comment["version"], comment.start("version")) if comment else ("", -1)
    return Pin(uses, ref, _style(ref), version, scalar.line, start, comment_start)


def _style(ref: str) -> Style:
    if _COMMIT.fullmatch(ref):
        return Style.COMMIT
    if not _VERSION.fullmatch(ref):
        return Style.OTHER
    return (Style.MAJOR, Style.MINOR, Style.RELEASE)[ref.count(".")]


def _move(pin: Pin, target: Target) -> Move:
    if pin.style is Style.OTHER:
        return Move(pin, pin.ref, pin.ref, f"`{pin.ref}` is no version; it may be meant so")
    if pin.start < 0:
        return Move(pin, pin.ref, pin.ref, "it is written with escapes")
    if pin.style is Style.COMMIT and not target.commit:
        return Move(pin, pin.ref, pin.ref, f"the commit of {target.version} is not known")
    return Move(pin, pin.ref, target.commit if pin.style is Style.COMMIT else target.like(pin.ref))


def _spliced(text: str, move: Move, target: Target) -> str:
    if move.obstacle:
        return text
    pin = move.pin
    # From the back: the comment's place is right only as long as the ref before it has its length.
    if pin.style is Style.COMMIT and pin.comment_start >= 0:
        end = pin.comment_start + len(pin.comment)
        text = text[: pin.comment_start] + target.like(pin.comment) + text[end:]
    return text[: pin.start] + move.after + text[pin.start + len(pin.ref) :]
