"""Whether configuration files are written as those who read them expect: in UTF-8."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hub_image_actions.errors import ActionError

# Nobody writes more by hand, and no lock file has as much.
_LARGEST = 16 << 20
_BOM = b"\xef\xbb\xbf"
# Linux and R run these whatever letters of another encoding their comments have, but not in UTF-16.
_SCRIPTS = {"postBuild", "start", "install.R", "default.nix"}
# Linux looks for `#!` in the very first bytes.
_RUN = {"postBuild", "start"}
# repo2docker takes the mark for a part of the first name, and the readers of JSON and TOML refuse it.
_WITHOUT_BOM = {"apt.txt", "runtime.txt", "Pipfile.lock", "pyproject.toml"}
# Files that may say themselves that they are in another encoding.
# Sources: https://peps.python.org/pep-0263/ and "The DESCRIPTION file" in "Writing R Extensions".
_DECLARED = {
    "setup.py": re.compile(rb"\A(?:.*\n)?[ \t\f]*#.*?coding[:=][ \t]*(?!utf-?8)[-\w.]+", re.IGNORECASE),
    "DESCRIPTION": re.compile(rb"^Encoding:[ \t]*(?!UTF-?8)\S", re.IGNORECASE | re.MULTILINE),
}


class NotUtf8(ActionError):
    """A configuration file in another encoding."""


@dataclass(frozen=True)
class EncodingFault:
    """What is wrong with a file's encoding.

    Args:
        problem: what is wrong, with the file and its line.
        file: the file.
        line: the line, counted from 1.
        is_fatal: whether it cannot be read as it is.
    """

    problem: str
    file: str
    line: int
    is_fatal: bool


def check_encodings(files: Mapping[str, Path], tolerant: Iterable[str] = ()) -> list[str]:
    """Return warnings about the encoding of files; those that are not there are passed over.

    Args:
        files: where each lies, by its name in the repository.
        tolerant: the names of files whose reader takes letters of other encodings, too.

    Raises:
        NotUtf8: a file cannot be read as it is.
    """
    tolerated = {*tolerant}
    faults = [
        fault
        for name, path in files.items()
        if path.is_file() and (fault := encoding_fault(path, name, is_tolerated=name in tolerated))
    ]
    fatal = [fault for fault in faults if fault.is_fatal]
    if fatal:
        first, *others = fatal
        besides = "".join(f" The same goes for {fault.file}:{fault.line}." for fault in others)
        raise NotUtf8(
            f"{first.problem}.{besides}",
            "Editors do that by `Save with encoding`, PowerShell 7 by `Set-Content -Encoding utf8`.",
            file=first.file,
            line=first.line,
        )
    return [f"{fault.problem}." for fault in faults]


def encoding_fault(path: Path, name: str, *, is_tolerated: bool = False) -> EncodingFault | None:
    """Return what is wrong with a file's encoding; None where nothing is.

    Args:
        path: the file.
        name: its name in the repository.
        is_tolerated: whether its reader takes letters of other encodings, too.
    """
    with path.open("rb") as file:
        content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        return None
    place, is_text = _first_fault(content)
    if place >= 0:
        declared = _DECLARED.get(path.name)
        if is_text and declared and declared.search(content):
            return None
        line = content.count(b"\n", 0, place) + 1
        is_fatal = not (is_text and (is_tolerated or path.name in _SCRIPTS))
        return EncodingFault(f"{name}:{line} is not UTF-8: save it as UTF-8", name, line, is_fatal)
    if content.startswith(_BOM) and path.name in _WITHOUT_BOM | _RUN:
        problem = f"{name}:1 begins with a byte order mark: save it as UTF-8 without one"
        return EncodingFault(problem, name, 1, path.name not in _RUN)
    return None


def _first_fault(content: bytes) -> tuple[int, bool]:
    """Return where the first byte is that no UTF-8 has, -1 where none is, and whether all may be text.

    What is in UTF-16 has a null byte for each letter of English.
    """
    null = content.find(b"\0")
    try:
        content.decode()
    except UnicodeDecodeError as error:
        return (min(error.start, null) if null >= 0 else error.start), null < 0
    return null, False
