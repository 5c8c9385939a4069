"""Edits: the bytes of a file before and after, shown as a diff or written."""

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hub_image_actions.errors import DeploymentsError


@dataclass(frozen=True)
class Edit:
    """A file's bytes before and after.

    Args:
        file: the file's name, relative to the folder that was given.
        path: where the file is.
        before: its content now.
        after: its content to be.
    """

    file: str
    path: Path
    before: bytes
    after: bytes

    def diff(self) -> str:
        """Return the edit as a unified diff, line ends as they are in the file."""
        from difflib import unified_diff

        before, after = _lines(self.before), _lines(self.after)
        marked = (
            line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
            for line in unified_diff(before, after, f"a/{self.file}", f"b/{self.file}")
        )
        return "".join(marked)


def write_all(edits: Iterable[Edit]) -> None:
    """Write every edit: another process sees a file's old content or its new one, nothing between.

    No file is replaced before all new contents are on the disk.

    Raises:
        DeploymentsError: a file cannot be written.
    """
    begun: list[tuple[Path, Path]] = []
    try:
        for edit in edits:
            beside = edit.path.with_name(f".{os.urandom(8).hex()}.tmp")
            begun.append((beside, edit.path))
            _write_like(edit.path, beside, edit.after)
        for new, old in begun:
            new.replace(old)
    except OSError as error:
        raise DeploymentsError(f"{error.filename} cannot be written: {error.strerror}.") from error
    finally:
        for new, _ in begun:
            new.unlink(missing_ok=True)


def _write_like(old: Path, new: Path, content: bytes) -> None:
    """Write a new file with the permissions of an old one, and its owner where root writes for others."""
    status = old.stat()
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        if os.geteuid() == 0:
            os.fchown(file.fileno(), status.st_uid, status.st_gid)
        os.fchmod(file.fileno(), stat.S_IMODE(status.st_mode))


def _lines(content: bytes) -> list[str]:
    # Not splitlines(): a diff knows line feeds only.
    lines = content.decode().split("\n")
    return [f"{line}\n" for line in lines[:-1]] + (lines[-1:] if lines[-1] else [])
