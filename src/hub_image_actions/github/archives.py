"""A repository's files, out of the archive that GitHub makes of a commit; nothing is unpacked to disk.

Source: https://docs.github.com/en/rest/repos/contents#download-a-repository-archive-tar, and `git archive`,
which names the commit in the comment of the archive's global header.
"""

import gzip
import io
import re
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hub_image_actions.errors import ActionError

LARGEST_ARCHIVE = 200 << 20
LARGEST_FILE = 1 << 20
_MOST_UNPACKED = 5 * LARGEST_ARCHIVE
_BLOCK = 1 << 16
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_ANYBODY_MAY_RUN = 0o100
_DAMAGED = (tarfile.TarError, OSError, EOFError, zlib.error, UnicodeError, ValueError)


class ArchiveError(ActionError):
    """An archive that is too large, damaged, or not one that git makes."""


@dataclass(frozen=True)
class Archive:
    """What an archive holds.

    Args:
        commit: the commit that it was made of.
        files: the regular files of at most LARGEST_FILE bytes: path and content.
        programs: those of them that may be run.
        left_out: the paths of all that is no folder and not among the files: links and larger files.
    """

    commit: str
    files: Mapping[str, bytes]
    programs: frozenset[str]
    left_out: frozenset[str]


def read_archive(content: bytes, name: str) -> Archive:
    """Return what a packed archive holds.

    Args:
        content: the archive, as `git archive` makes it and gzip packs it.
        name: whose archive it is, for errors.

    Raises:
        ArchiveError: it is too large, damaged, or not git's.
    """
    if len(content) > LARGEST_ARCHIVE:
        raise _too_large(name)
    source = _Bounded(content, name)
    try:
        with tarfile.open(fileobj=source, mode="r|", encoding="utf-8", errors="surrogateescape") as archive:
            held = dict(_members(archive, name))
            commit = archive.pax_headers.get("comment", "")
        # The checksum stands at the very end.
        while source.read(_BLOCK):
            pass
    except _DAMAGED as error:
        raise ArchiveError(f"The archive of {name} is damaged: {error}.", "Run again.") from error
    if not _COMMIT.fullmatch(commit):
        raise ArchiveError(f"The archive of {name} does not say which commit it holds.", "Check `api-url`.")
    files = {path: data for path, (_, data) in held.items() if data is not None}
    programs = frozenset(path for path in files if held[path][0] & _ANYBODY_MAY_RUN)
    return Archive(commit, files, programs, frozenset(held.keys() - files.keys()))


class _Bounded(io.RawIOBase):
    """The unpacked archive, up to a limit: a small archive can unpack to something without end."""

    def __init__(self, content: bytes, name: str) -> None:
        super().__init__()
        self._packed = gzip.GzipFile(fileobj=io.BytesIO(content))
        self._name = name
        self._left = _MOST_UNPACKED

    def read(self, size: int = -1, /) -> bytes:
        block = self._packed.read(min(size, self._left + 1) if size >= 0 else self._left + 1)
        self._left -= len(block)
        if self._left < 0:
            raise _too_large(self._name)
        return block


def _too_large(name: str) -> ArchiveError:
    return ArchiveError(
        f"The archive of {name} is larger than {LARGEST_ARCHIVE >> 20} MiB, or unpacks to more than "
        f"{_MOST_UNPACKED >> 20} MiB.",
        "Leave the repository out, or take large files out of it.",
    )


def _members(archive: tarfile.TarFile, name: str) -> Iterator[tuple[str, tuple[int, bytes | None]]]:
    """Yield path, mode and content; without content where it is no small regular file."""
    for member in archive:
        # All is in one folder, which is named for the repository and the commit.
        path = member.name.partition("/")[2]
        if member.isdir():
            continue
        if path.startswith("/") or {"", ".", ".."} & set(path.split("/")):
            raise ArchiveError(f"The archive of {name} has a path that leads out of it: {member.name!r}.")
        regular = member.type in {tarfile.REGTYPE, tarfile.AREGTYPE} and member.size <= LARGEST_FILE
        source = archive.extractfile(member) if regular else None
        yield path, (member.mode, source.read() if source else None)
