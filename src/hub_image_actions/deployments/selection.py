"""Which files of the deployments are looked at: paths, patterns, and what is left out of them.

In a pattern, `*` and `?` stand for characters of one name, `[…]` for one of several, and `**` for any number
of folders. One that matches a folder stands for everything in it.
"""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hub_image_actions.errors import DeploymentsError

_WILDCARDS = re.compile(r"[*?\[]")
_PIECES = re.compile(
    r"(?P<folders>\*\*/?)|(?P<any>\*)|(?P<one>\?)|\[(?P<not>!?)(?P<set>[^\]/]+)\]|(?P<text>.)"
)


@dataclass(frozen=True)
class Selection:
    """Paths and patterns, from the top of the repository.

    Args:
        paths: files, folders and patterns to look at.
        exclude: files, folders and patterns to leave out of them.
    """

    paths: tuple[str, ...]
    exclude: tuple[str, ...] = ()

    @property
    def roots(self) -> tuple[str, ...]:
        """The files and folders below which everything lies, each once: of a pattern, the part in front."""
        return tuple(dict.fromkeys(map(_root, self.paths)))

    def covers(self, name: str) -> bool:
        """Say whether a file is to be looked at, given that it lies below one of the roots."""
        if any(_matches(pattern, name) for pattern in self.exclude):
            return False
        plain = [path for path in self.paths if not _is_pattern(path)]
        if len(plain) == len(self.paths):
            return True
        # A path that is a link has led somewhere else by now: what is not a pattern covers all that is there.
        return any(_matches(path, name) for path in self.paths)

    def idle(self, folder: Path, roots: Iterable[str]) -> tuple[str, ...]:
        """Return the patterns of `exclude` that leave nothing out, mostly by a slip of the pen.

        Args:
            folder: the top of the repository.
            roots: the files and folders that are looked at.
        """
        idle = list(self.exclude)
        for name in (name for root in roots for name in _names(folder, root)):
            if not idle:
                break
            idle = [pattern for pattern in idle if not _matches(pattern, name)]
        return tuple(idle)

    def check(self, folder: Path) -> None:
        """Check that there is something for each pattern.

        Raises:
            DeploymentsError: nothing matches one.
        """
        for path in filter(_is_pattern, self.paths):
            if not any(_matches(path, name) for name in _names(folder, _root(path))):
                raise DeploymentsError(
                    f"Nothing matches {path!r}.",
                    "Write it from the top of the repository, as `deployments/*/config/staging.yaml`.",
                )


def _is_pattern(path: str) -> bool:
    return bool(_WILDCARDS.search(path))


def _root(path: str) -> str:
    if not _is_pattern(path):
        return path
    parts = path.split("/")
    first = next(index for index, part in enumerate(parts) if _is_pattern(part))
    return "/".join(parts[:first]) or "."


def leaves_nothing_out(pattern: str) -> str:
    """Return what is said of a pattern that should leave files out, and leaves out none."""
    return (
        f"{pattern!r} leaves nothing out: no file matches it. Write it from the top, as "
        "`deployments/*/config/prod.yaml`, or with `**/` in front for any folder."
    )


def _names(folder: Path, root: str) -> Iterator[str]:
    if (folder / root).is_file():
        yield os.path.relpath(folder / root, folder)
    for place, folders, files in os.walk(folder / root):
        folders[:] = [name for name in folders if name != ".git"]
        yield from (os.path.relpath(os.path.join(place, name), folder) for name in files)  # noqa: PTH118  # as walk gives


def _matches(pattern: str, name: str) -> bool:
    """Say whether a pattern or path is a file's name, or that of a folder that it lies in."""
    text = pattern.removeprefix("./").rstrip("/")
    return text in {"", "."} or bool(re.match(rf"{_as_regex(text)}(?:/|\Z)", name))


def _as_regex(pattern: str) -> str:
    pieces = []
    for piece in _PIECES.finditer(pattern):
        if piece["folders"]:
            pieces.append("(?:[^/]+/)*" if piece["folders"].endswith("/") else ".*")
        elif piece["set"]:
            characters = re.escape(piece["set"]).replace("\\-", "-")
            pieces.append(f"[{'^/' if piece['not'] else ''}{characters}]")
        else:
            pieces.append("[^/]*" if piece["any"] else "[^/]" if piece["one"] else re.escape(piece["text"]))
    return "".join(pieces)
