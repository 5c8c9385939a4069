"""Files that a build writes where others may write too, as in a checkout: never through a link."""

import os
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from hub_image_actions.errors import ActionError

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW


class OutputFileError(ActionError):
    """A file cannot be written where it is wanted."""


def check_output_file(top: Path, name: str) -> None:
    """Find out whether a file can be written, before there is something to write.

    Args:
        top: the folder that it must be in.
        name: its path from there.

    Raises:
        OutputFileError: a link, a folder or git's own stands in the way.
    """
    path = PurePosixPath(name)
    with _errors(name), suppress(FileNotFoundError), _folder(top, path, make=False) as folder:
        _check_old(folder, path)


def write_output_file(top: Path, name: str, content: str) -> None:
    """Write a file at one stroke, in place of one of the same name.

    Args:
        top: the folder that it must be in.
        name: its path from there; folders are made.
        content: what is to be in it.

    Raises:
        OutputFileError: a link, a folder or git's own stands in the way, or the disk is full.
    """
    path = PurePosixPath(name)
    with _errors(name), _folder(top, path, make=True) as folder:
        _check_old(folder, path)
        begun = f".{path.name[:100]}.{uuid.uuid4().hex[:12]}"
        try:
            with os.fdopen(os.open(begun, _NEW, 0o644, dir_fd=folder), "wb") as file:
                file.write(content.encode(errors="replace"))
            os.rename(begun, path.name, src_dir_fd=folder, dst_dir_fd=folder)
        except OSError:
            with suppress(OSError):
                os.unlink(begun, dir_fd=folder)
            raise


@contextmanager
def _errors(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputFileError(f"{name} cannot be written: {error.strerror}.", "Name another file.") from error


@contextmanager
def _folder(top: Path, path: PurePosixPath, *, make: bool) -> Iterator[int]:
    """Open the folder of a file, component by component."""
    opened = os.open(top, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in path.parent.parts:
            _check_part(opened, part, path)
            if make:
                with suppress(FileExistsError):
                    os.mkdir(part, dir_fd=opened)
            inner = os.open(part, _FOLDER, dir_fd=opened)
            os.close(opened)
            opened = inner
        yield opened
    finally:
        os.close(opened)


def _check_part(folder: int, part: str, path: PurePosixPath) -> None:
    # Where the file system does not tell letters' cases apart, `.GIT` is git's as well.
    if part == ".." or part.lower() == ".git":
        raise OutputFileError(f"{path} is not a file of the repository.", "Name another file.")
    with suppress(FileNotFoundError):
        if stat.S_ISLNK(os.stat(part, dir_fd=folder, follow_symlinks=False).st_mode):
            raise OutputFileError(f"{path} leads through a link, {part}.", "Name another file.")


def _check_old(folder: int, path: PurePosixPath) -> None:
    _check_part(folder, path.name, path)
    with suppress(FileNotFoundError):
        if not stat.S_ISREG(os.stat(path.name, dir_fd=folder, follow_symlinks=False).st_mode):
            raise OutputFileError(f"{path} is there, and is not a file.", "Name another file.")
