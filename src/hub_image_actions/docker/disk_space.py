"""Room on the runner's disk: looked at always, made only where it is needed and ours to make."""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
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
# Never asks: nobody is there to answer.
_SUDO = ("sudo", "--non-interactive")
ASIDE = ".unused-by-image-builds"
# Where Linux lists what is mounted, the mount point fifth, a space as \\040 (proc_pid_mountinfo(5)).
_MOUNTS = Path("/proc/self/mountinfo")
# A rename within one file system, or a background job that is only started.
_SECONDS_TO_MOVE = 60.0


class DiskFull(ActionError):
    """There is no room for an image."""


class NoRightToClear(ActionError):
    """This user may not delete what no image build uses."""


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
    moved = []
    if clears and hosted:
        try:
            moved = clear_unused(UNUSED, tell)
        except NoRightToClear as refusal:
            yield str(refusal)
    if moved:
        tell(f"Making room in the background: {', '.join(moved)}")
        return
    disk.check()
    if short:
        yield (
            f"Only {disk.free() / GIB:.1f} GiB are free, less than the {least} GiB of "
            "`min-free-disk`; a large image may not fit."
        )


def clear_unused(
    folders: Iterable[str], tell: Callable[[str], None], sudo: Sequence[str] = _SUDO
) -> list[str]:
    """Move folders aside and delete them while other work goes on; return those that were moved.

    A rename takes no time, and what is renamed is not met half-deleted by anybody who looks for it.

    Args:
        folders: the folders; those that are not there, or are links to elsewhere, are passed over.
        tell: told of each that stays, and why.
        sudo: the command that gives root's right.

    Raises:
        NoRightToClear: there are such folders, and this user may not move them.
    """
    there = [folder for folder in folders if Path(folder).is_dir() and not Path(folder).is_symlink()]
    prefix = _right_of_root(sudo) if there else ()
    mounts = _mount_points()
    moved = []
    for folder in there:
        if any(f"{point}/".startswith(f"{folder}/") for point in mounts):
            # What is deleted would be another disk's.
            tell(f"{folder} stays: a file system is mounted there.")
        elif reason := _refusal([*prefix, "mv", folder, f"{folder}{ASIDE}"]):
            tell(f"{folder} stays: {reason}.")
        else:
            moved.append(folder)
    if asides := [f"{folder}{ASIDE}" for folder in moved]:
        _refusal([*prefix, "sh", "-c", 'nice rm -rf "$@" >/dev/null 2>&1 &', "sh", *asides])
    return moved


def _right_of_root(sudo: Sequence[str]) -> Sequence[str]:
    """Return what to put in front of a command of root's; nothing where we are root.

    Raises:
        NoRightToClear: nothing gives it without a question.
    """
    if os.geteuid() == 0:
        return ()
    if reason := _refusal([*sudo, "true"]):
        raise NoRightToClear(
            f"What no image build uses is not deleted, which would make room: {reason}.",
            "Let this user call `sudo` without a password, or set `free-disk-space: never`.",
        )
    return sudo


def _mount_points() -> list[str]:
    if not _MOUNTS.exists():
        return []
    lines = _MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines()
    return [line.split(" ")[4].replace("\\040", " ") for line in lines]


def _refusal(command: list[str]) -> str:
    """Run a command; return why it failed, empty where it did not."""
    try:
        process.run(command, timeout=_SECONDS_TO_MOVE)
    except CommandError as error:
        return "; ".join(error.stderr.strip().rstrip(".").splitlines()) or f"`{command[0]}` failed"
    return ""
