"""Moving an image's references in deployments: files of YAML that belong to somebody else.

Parsing only finds the tags; the new ones are spliced into the original bytes, so that everything
outside a tag stays as it was.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from hub_image_actions.deployments.edits import Edit, write_all
from hub_image_actions.deployments.search import files_holding
from hub_image_actions.errors import DeploymentsError
from hub_image_actions.references import ImageName

ALREADY = "already at this tag"
_DEPLOYMENTS = "deployments"


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
class Reference:
    """One reference that was seen, and what became of it.

    Args:
        file: the file, relative to the folder that was given.
        line: the line, counted from 1.
        hub: the folder of the deployment.
        shape: the form in which it is written.
        profile: the display names of the profile it belongs to; empty outside profiles.
        image: the image's name as written.
        old: the tag before; empty where there is none.
        new: the tag after; empty where it was left.
        reason: why it was left; empty where it moved.
        note: what a reader should know besides.
    """

    file: str
    line: int
    hub: str
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

    @property
    def in_template(self) -> bool:
        """Whether the file is a template (cookiecutter) from which hubs are made, and no hub's own."""
        return "{{" in self.file


@dataclass(frozen=True)
class Plan:
    """All references that were seen and all edits that follow; nothing is written yet."""

    references: tuple[Reference, ...]
    edits: tuple[Edit, ...]

    @property
    def moved(self) -> tuple[Reference, ...]:
        """The references that get another tag."""
        return tuple(reference for reference in self.references if reference.moved)

    @property
    def left(self) -> tuple[Reference, ...]:
        """The references that stay, each with its reason."""
        return tuple(reference for reference in self.references if not reference.moved)

    @property
    def files(self) -> tuple[str, ...]:
        """The files that change."""
        return tuple(edit.file for edit in self.edits)

    @property
    def hubs(self) -> tuple[str, ...]:
        """The hubs that move, each once; a template of hubs is none."""
        return tuple(dict.fromkeys(one.hub for one in self.moved if not one.in_template))

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


def plan_bump(root: Path, paths: Iterable[str], bump: Bump, found: Iterable[str] | None = None) -> Plan:
    """Return what moving the image's references means for the files under `paths`.

    Args:
        root: the folder that file names are given relative to.
        paths: files and folders, relative to `root` or absolute.
        bump: what is asked for.
        found: the files at and below `paths` that may name the image, where a search has begun already.

    Raises:
        DeploymentsError: a path does not exist or cannot be read.
        MalformedHold: a reference carries a hold that does not say until when.
    """
    root = root.resolve()
    given = list(dict.fromkeys(_given_path(root, path) for path in paths))
    names = files_holding(bump.image.core, map(str, given)) if found is None else found
    # The import of the parser takes as long as a small search, and the search is under way.
    from hub_image_actions.deployments.outcomes import File, plan_file

    plans: dict[str, tuple[list[Reference], Edit | None]] = {}
    for name in names:
        # Of paths that overlap, the second finds what the first has found.
        if name not in plans:
            path = Path(name)
            file = File(path, os.path.relpath(path, root), _hub(root, path, given))
            plans[name] = plan_file(file, bump)
    in_order = [plans[name] for name in sorted(plans)]
    return Plan(
        tuple(reference for references, _ in in_order for reference in references),
        tuple(edit for _, edit in in_order if edit),
    )


def _given_path(root: Path, path: str) -> Path:
    """Return where a path leads; a relative one is not to lead out of the tree by a link."""
    given = Path(os.path.normpath(root / path))
    # Not Path.resolve(): up to Python 3.12 it raises RuntimeError for a link that leads to itself.
    target = Path(os.path.realpath(given))
    if not target.is_dir() and not target.is_file():
        raise DeploymentsError(
            f"There is no file or folder {path!r} in {str(root)!r}.", "Name the folder of the deployments."
        )
    if target != given and not Path(path).is_absolute() and not target.is_relative_to(root):
        raise DeploymentsError(
            f"{path!r} is a link that leads out of {str(root)!r}.", "Name the folder itself."
        )
    return target


def _hub(root: Path, path: Path, given: Sequence[Path]) -> str:
    """Return the deployment's folder: below ``deployments``, else below the path that was given."""
    folders = (root.name, *Path(os.path.relpath(path.parent, root)).parts)
    if _DEPLOYMENTS in folders:
        below = folders[folders.index(_DEPLOYMENTS) + 1 :]
    else:
        tops = [top for top in given if top in path.parents]
        below = path.parent.relative_to(tops[0]).parts if tops else ()
    return below[0] if below else path.parent.name
