"""The line of a repository's configuration that names what a build failed of, to point at."""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

# repo2docker reads the first of these that is there; all are looked through, since it costs nothing.
_FOLDERS = ("binder", ".binder", "")
_LARGEST = 1 << 20
_LONGEST = 200
# Where the name of a package ends, and its version begins.
_VERSION = re.compile(r"[\s=<>!~\[;(,]|@(?!.*/)")
_COMMENT = re.compile(r"(?:^|\s)#.*")


def place_of(folder: Path, files: Sequence[str], what: str) -> tuple[str, int]:
    """Return the file and the line, counted from 1, that name something; no file where none does.

    Args:
        folder: the folder that is built.
        files: the names of the files that may name it.
        what: a package with or without its version, a channel, or a version; of several, joined by `and`,
            the first that is named counts.
    """
    for each in what.split(" and "):
        name = _VERSION.split(each)[0]
        if name and len(name) <= _LONGEST and (place := _place_of_name(folder, files, name)):
            return place
    return "", 0


def _place_of_name(folder: Path, files: Sequence[str], name: str) -> tuple[str, int] | None:
    # Package managers do not tell these apart.
    spelled = re.sub(r"(?:\\?[-_.])+", r"[-_.]+", re.escape(name))
    named = re.compile(rf"(?<![\w.-]){spelled}(?![\w-]|\.\w)", re.IGNORECASE)
    for file in files:
        for path in (os.path.normpath(Path(each) / file) for each in _FOLDERS):
            for number, line in enumerate(_lines(folder / path), 1):
                if named.search(_COMMENT.sub("", line)):
                    return path, number
    return None


def _lines(path: Path) -> Iterator[str]:
    if path.is_file() and path.stat().st_size <= _LARGEST:
        yield from path.read_text(encoding="utf-8", errors="replace").split("\n")
