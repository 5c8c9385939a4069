"""The search for the few files that name an image among the many that do not.

It runs beside the parser, in a process of its own: the parser is imported and reads the first finds
while the search goes on.
"""

import codecs
import gc
import os
import stat
import sys
from collections.abc import Iterable, Iterator

from hub_image_actions.errors import DeploymentsError

_CHUNK = 1 << 14
_WIDE_MARKS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_FOUND, _FAILED, _DONE = b"+", b"!", b"."


def files_holding(text: str, paths: Iterable[str]) -> Iterator[str]:
    """Begin the search for the text files at and below `paths` that hold `text`.

    Links below the paths are not followed: what they lead to is met by itself, if it is in the tree at all.

    Args:
        text: what to look for, in UTF-8; in UTF-16 and UTF-32 too, where a file says that it is written so.
        paths: files and folders.

    Returns:
        the files by their real paths, as they are found; a DeploymentsError where one cannot be read.
    """
    real = [os.path.realpath(path) for path in paths]
    return _explained(_begun_beside(real, text) if _may_fork() else _search(real, text))


def _explained(names: Iterator[str]) -> Iterator[str]:
    try:
        yield from names
    except OSError as error:
        raise DeploymentsError(f"{error.filename} cannot be read: {error.strerror}.") from error


def _search(paths: Iterable[str], text: str) -> Iterator[str]:
    needle = text.encode()
    for name in _files(paths):
        # No call of ours for each file: this loop decides what a large tree costs.
        descriptor = os.open(name, os.O_RDONLY)
        try:
            content = os.read(descriptor, _CHUNK)
            if len(content) == _CHUNK:
                content = _whole(descriptor, content)
        except OSError as error:
            raise OSError(error.errno, error.strerror, name) from error
        finally:
            os.close(descriptor)
        if (needle in content or content.startswith(_WIDE_MARKS)) and _is_text_with(needle, content):
            yield name


def _files(paths: Iterable[str]) -> Iterator[str]:
    folders: list[str] = []
    for path in paths:
        mode = os.stat(path).st_mode  # noqa: PTH116 - the import of pathlib takes a tenth of a search
        if stat.S_ISDIR(mode):
            folders.append(path)
        elif stat.S_ISREG(mode):
            yield path
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_file(follow_symlinks=False):
                    yield entry.path
                elif entry.is_dir(follow_symlinks=False) and entry.name != ".git":
                    folders.append(entry.path)


def _whole(descriptor: int, head: bytes) -> bytes:
    """Return all of a file, or its head where that shows that it is no text."""
    if b"\0" in head and not head.startswith(_WIDE_MARKS):
        return head
    with os.fdopen(os.dup(descriptor), "rb") as rest:
        return head + rest.read()


def _is_text_with(needle: bytes, content: bytes) -> bool:
    if content.startswith(_WIDE_MARKS):
        # In UTF-16 and UTF-32 the letters of an image's name stand between NULs.
        return needle in content.replace(b"\0", b"")
    return needle in content and b"\0" not in content


def _may_fork() -> bool:
    """Say whether this process can be doubled: not while other threads may hold locks."""
    threading = sys.modules.get("threading")
    return hasattr(os, "fork") and (threading is None or threading.active_count() == 1)


def _begun_beside(paths: Iterable[str], text: str) -> Iterator[str]:
    """Return what :func:`_search` yields, from a child process that begins now."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _report(writer, paths, text)
    os.close(writer)
    return _gathered(child, reader)


def _gathered(child: int, reader: int) -> Iterator[str]:
    try:
        # A child that nobody listens to any longer ends with its next find, or when it is through.
        with os.fdopen(reader, "rb") as pipe:
            yield from _reported(iter(pipe.read1, b""))
    finally:
        os.waitpid(child, 0)


def _report(writer: int, paths: Iterable[str], text: str) -> None:
    """Search and write what comes of it, each record with a NUL at its end; the child ends here."""
    try:
        # A collection would write to every page that is still shared with the parent.
        gc.disable()
        for name in _search(paths, text):
            os.write(writer, _FOUND + os.fsencode(name) + b"\0")
        os.write(writer, _DONE + b"\0")
    except OSError as error:
        os.write(writer, _FAILED + os.fsencode(f"{error.errno}:{error.filename}") + b"\0")
    finally:
        # Nothing of the parent's may run again here: no handlers, no buffers written out twice.
        os._exit(0)


def _reported(chunks: Iterable[bytes]) -> Iterator[str]:
    kind = rest = b""
    for chunk in chunks:
        *records, rest = (rest + chunk).split(b"\0")
        for record in records:
            kind, value = record[:1], os.fsdecode(record[1:])
            if kind == _FOUND:
                yield value
            elif kind == _FAILED:
                number, _, name = value.partition(":")
                raise OSError(int(number), os.strerror(int(number)), name)
    if kind != _DONE:
        raise DeploymentsError("The search through the deployments was ended from outside.", "Run it again.")
