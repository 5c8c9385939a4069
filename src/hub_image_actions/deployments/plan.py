"""Moving an image's references in deployments: files of YAML that belong to somebody else.

Parsing only finds the tags; the new ones are spliced into the original bytes, so that everything
outside a tag stays as it was.
"""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from hub_image_actions.deployments.bump import Bump, BumpReference, Plan
from hub_image_actions.deployments.edits import Edit
from hub_image_actions.deployments.search import files_holding
from hub_image_actions.deployments.selection import Selection
from hub_image_actions.errors import DeploymentsError

_DEPLOYMENTS = "deployments"


def plan_bump(
    root: Path,
    paths: Iterable[str],
    bump: Bump,
    found: Iterable[str] | None = None,
    *,
    selection: Selection | None = None,
) -> Plan:
    """Return what moving the image's references means for the files under `paths`.

    Args:
        root: the folder that file names are given relative to.
        paths: files and folders, relative to `root` or absolute.
        bump: what is asked for.
        found: the files at and below `paths` that may name the image, where a search has begun already.
        selection: which of the files at and below `paths` count; all where it is not given.

    Raises:
        DeploymentsError: a path does not exist or cannot be read.
        MalformedHold: a reference carries a hold that does not say until when.
    """
    root = root.resolve()
    given = list(dict.fromkeys(_given_path(root, path) for path in paths))
    names = files_holding(bump.image.short, map(str, given)) if found is None else found
    # The import of the parser takes as long as a small search, and the search is under way.
    from hub_image_actions.deployments.files import File
    from hub_image_actions.deployments.outcomes import plan_file

    plans: dict[str, tuple[list[BumpReference], Edit | None]] = {}
    for name in names:
        # Of paths that overlap, the second finds what the first has found.
        if name not in plans:
            path = Path(name)
            file = File(path, os.path.relpath(path, root), _hub(root, path, given))
            if selection is None or selection.covers(file.name):
                plans[name] = plan_file(file, bump)
    return _plan_of([plans[name] for name in sorted(plans)])


def _plan_of(files: Iterable[tuple[list[BumpReference], Edit | None]]) -> Plan:
    references: list[BumpReference] = []
    edits: list[Edit] = []
    for in_file, edit in files:
        references += in_file
        edits += [edit] if edit else []
    return Plan(tuple(references), tuple(edits))


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
