"""What a checkout lacks of what is built: content that Git LFS, submodules and sparse checkouts leave out."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hub_image_actions.build.ignore_rules import IgnoreRules
from hub_image_actions.build.staging import StagedContext
from hub_image_actions.git import TrackedPath

# Source: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md: no pointer has 1024 bytes.
_LARGEST_POINTER = 1023
_POINTER = b"version https://git-lfs.github.com/spec/"
_MOST_NAMED = 3
_LONGEST_NAME = 100


@dataclass(frozen=True)
class CheckoutContent:
    """The content of a checkout, as far as it is built.

    Args:
        folder: the folder that is built.
        name: the folder as it is named in the repository.
        tracked: what git tracks below it.
        rules: what all of them keep out is not built.
    """

    folder: Path
    name: str
    tracked: Sequence[TrackedPath]
    rules: Sequence[IgnoreRules]

    def warnings(self, context: StagedContext) -> list[str]:
        """Return what is missing, with the input of actions/checkout that brings it.

        Args:
            context: what the builder gets of the folder.
        """
        return [
            *self._told(_pointers(context), "a pointer of Git LFS", "pointers of Git LFS", "set `lfs: true`"),
            *self._told(
                self._empty_submodules(),
                "a submodule that is not checked out",
                "submodules that are not checked out",
                "set `submodules: recursive`",
            ),
            *self._told(
                self._left_out(),
                "a file that is not checked out",
                "files that are not checked out",
                "add what the image needs to `sparse-checkout`",
            ),
        ]

    def _told(self, paths: Iterable[str], one: str, many: str, remedy: str) -> Iterator[str]:
        names = [os.path.normpath(Path(self.name) / path)[:_LONGEST_NAME] for path in paths]
        if not names:
            return
        shown = ", ".join(names[:_MOST_NAMED])
        if len(names) > _MOST_NAMED:
            shown = f"{shown} and {len(names) - _MOST_NAMED} more"
        what = f"is built with {one}" if len(names) == 1 else f"is built with {len(names)} {many}"
        yield f"The image {what}: {shown}. For the content, {remedy} in the step with actions/checkout."

    def _empty_submodules(self) -> Iterator[str]:
        for entry in self.tracked:
            folder = self.folder / entry.path
            if entry.is_submodule and self._is_built(entry.path) and not _has_content(folder):
                yield entry.path

    def _left_out(self) -> Iterator[str]:
        for entry in self.tracked:
            is_gone = entry.is_left_out and not os.path.lexists(self.folder / entry.path)
            if is_gone and not entry.is_submodule and self._is_built(entry.path):
                yield entry.path

    def _is_built(self, path: str) -> bool:
        return not (self.rules and all(rules.excludes(path) for rules in self.rules))


def _has_content(folder: Path) -> bool:
    if not folder.is_dir():
        return False
    with os.scandir(folder) as entries:
        return any(True for _ in entries)


def _pointers(context: StagedContext) -> Iterator[str]:
    """Yield the files that hold what Git LFS has in the place of a file's content."""
    for name, described in context.entries.items():
        path = context.folder / name
        if described.startswith("file ") and path.stat().st_size <= _LARGEST_POINTER:
            with path.open("rb") as file:
                if file.read(len(_POINTER)) == _POINTER:
                    yield name
