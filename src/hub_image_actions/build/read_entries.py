"""Files and folders that are read from the checkout for a digest, links followed within it."""

import hashlib
import stat
from dataclasses import dataclass, field
from pathlib import Path

from hub_image_actions.errors import ActionError

# Folders in a repository are not as deep, and Python gives up at a depth of about 1000 calls.
DEEPEST = 128
# Links to folders of links to folders would go on for ever.
MOST_ENTRIES = 500_000
_BLOCK = 1 << 20
# A file as it counts: its name, its kind and mode, and what is in it.
Entry = tuple[str, str, str]


class TooMuchToRead(ActionError):
    """A folder that is too large or too deep to be read."""


def check_extent(name: str, entries: int) -> None:
    """Check that a folder can be walked through in reasonable time and depth.

    Args:
        name: a file or folder in it, relative to the folder.
        entries: how many there were before it.

    Raises:
        TooMuchToRead: it lies too deep, or there are too many.
    """
    if name.count("/") > DEEPEST:
        raise TooMuchToRead(
            f"{name[:40]}… lies in more than {DEEPEST} folders.", "Look for links to folders, and remove it."
        )
    if entries > MOST_ENTRIES:
        raise TooMuchToRead(
            f"There are more than {MOST_ENTRIES:,} files at {name.partition('/')[0]}.",
            "Keep out what the image does not need by a `.dockerignore`, and look for links to folders.",
        )


def read_entries(path: Path, name: str, checkout: Path) -> tuple[Entry, ...]:
    """Return what is at a path and below it; of a link its text, and what it leads to within the checkout.

    Args:
        path: the file or folder, which need not be there.
        name: its name.
        checkout: the folder of the repository, outside of which nothing is read.

    Raises:
        TooMuchToRead: it is too large or too deep.
    """
    reading = _Reading(checkout.resolve())
    reading.add(path, name, frozenset())
    return tuple(reading.entries)


@dataclass
class _Reading:
    top: Path
    entries: list[Entry] = field(default_factory=list)

    def add(self, path: Path, name: str, inside: frozenset[Path]) -> None:
        check_extent(name, len(self.entries))
        if path.is_symlink():
            self.entries.append((name, "link", str(path.readlink())))
        try:
            target = path.resolve()
            mode = target.stat().st_mode
        except (OSError, RuntimeError):
            self.entries.append((name, "nothing", ""))
            return
        if not target.is_relative_to(self.top) or target in inside:
            return
        if stat.S_ISDIR(mode):
            self.entries.append((name, f"folder {stat.S_IMODE(mode):o}", ""))
            # Not the path: with the links in it, the system may refuse to follow them.
            for below in sorted(target.iterdir()):
                self.add(below, f"{name}/{below.name}", inside | {target})
        elif stat.S_ISREG(mode):
            self.entries.append((name, f"file {stat.S_IMODE(mode):o}", content_digest(target)))


def content_digest(path: Path) -> str:
    """Return the SHA-256 digest of a file."""
    content = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            content.update(block)
    return content.hexdigest()
