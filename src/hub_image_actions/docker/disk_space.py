"""Room on the runner's disk: looked at always, made only where it is needed and ours to make."""

import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hub_image_actions import process
from hub_image_actions.errors import ActionError, CommandError

GIB = 1 << 30
# Below this, an engine cannot even unpack a base image.
_HOPELESS = GIB
# What GitHub's Ubuntu images carry and an image build never uses.
UNUSED = (
    "/usr/local/lib/android",
    "/usr/share/dotnet",
    "/opt/ghc",
    "/usr/local/.ghcup",
    "/opt/hostedtoolcache/CodeQL",
    "/opt/az",
    "/usr/share/swift",
    "/usr/local/share/powershell",
    "/usr/local/share/chromium",
    "/usr/local/share/boost",
    "/usr/share/miniconda",
)
ASIDE = ".unused-by-image-builds"
# A rename within one file system, or a background job that is only started.
_SECONDS_TO_MOVE = 60.0


class DiskFull(ActionError):
    """There is no room for an image."""


@dataclass(frozen=True)
class Disk:
    """The file system that holds a folder."""

    folder: Path

    def free(self) -> int:
        """Return the free bytes."""
        return shutil.disk_usage(self.folder).free

    def check(self) -> None:
        """Raise where no image can be built at all.

        Raises:
            DiskFull: there is less than one GiB.
        """
        if self.free() < _HOPELESS:
            raise DiskFull(
                f"Only {self.free() / GIB:.1f} GiB are free in {self.folder}.",
                "Free some (`docker system prune --all`), or use a runner with a larger disk.",
            )


def make_room(
    disk: Disk, wanted: str, least: int, tell: Callable[[str], None], *, hosted: bool
) -> Iterator[str]:
    """Make room where that is wanted and ours to do; yield what deserves a warning.

    Args:
        disk: the disk of the engine.
        wanted: whether unused folders are cleared: `auto` (where room is short), `always` or `never`.
        least: the GiB below which room is short.
        tell: told what is done.
        hosted: whether the machine is GitHub's own: only one that is thrown away after the job may lose what
            somebody else installed.

    Raises:
        DiskFull: there is no room for any image.
    """
    short = disk.free() < least * GIB
    clears = wanted == "always" or (wanted == "auto" and short)
    moved = clear_unused(UNUSED) if clears and hosted else []
    if moved:
        tell(f"Making room in the background: {', '.join(moved)}")
        return
    disk.check()
    if short:
        yield (
            f"Only {disk.free() / GIB:.1f} GiB are free, less than the {least} GiB of "
            "`min-free-disk`; a large image may not fit."
        )


def clear_unused(folders: Iterable[str], sudo: Iterable[str] = ("sudo", "--non-interactive")) -> list[str]:
    """Move folders aside and delete them while other work goes on; return those that were moved.

    A rename takes no time, and what is renamed is not met half-deleted by anybody who looks for it.

    Args:
        folders: the folders; those that are not there are passed over.
        sudo: the command that gives the right to move them.
    """
    moved = []
    for folder in folders:
        aside = f"{folder}{ASIDE}"
        if Path(folder).is_dir() and _succeeds([*sudo, "mv", folder, aside]):
            moved.append(folder)
    asides = [f"{folder}{ASIDE}" for folder in moved]
    if asides:
        _succeeds([*sudo, "sh", "-c", 'nice rm -rf "$@" >/dev/null 2>&1 &', "sh", *asides])
    return moved


def _succeeds(command: list[str]) -> bool:
    try:
        process.run(command, timeout=_SECONDS_TO_MOVE)
    except CommandError:
        # Without sudo, what is not ours to move stays.
        return False
    return True
