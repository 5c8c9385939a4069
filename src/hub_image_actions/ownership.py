"""What a run leaves when it is killed: temporary folders, which say whose they are, until the next run.

Containers and volumes say the same in a label; see `docker/leftovers.py`.
"""

import hashlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_PREFIX = "hub-image-actions"
_FORM = re.compile(r"(?P<machine>[0-9a-f]{12})\.(?P<number>\d+)\.(?P<start>\d+)\.(?P<since>\d+)")
_FOLDER = re.compile(rf"{_PREFIX}-[a-z-]+-(?P<owner>[0-9a-f.]+)-\w+")
# No job is longer: https://docs.github.com/en/actions/reference/limits.
_LONGEST_JOB = 5 * 24 * 3600
# In `/proc/<pid>/stat`, behind the program's name, which may hold anything.
_STATE, _START = 0, 19


@dataclass(frozen=True)
class Owner:
    """A process that made something.

    Args:
        machine: what tells machines and containers apart, as far as the numbers of their processes go.
        number: the process's number.
        start: when it was started, in the clock of its machine; 0 where that is not known.
        since: when it said so, in seconds since 1970.
    """

    machine: str
    number: int
    start: int
    since: int

    def __str__(self) -> str:
        return f"{self.machine}.{self.number}.{self.start}.{self.since}"

    def is_gone(self) -> bool:
        """Say whether the process has ended, as far as can be told; of another machine, only time tells."""
        if self.machine != _machine():
            return time.time() - self.since > _LONGEST_JOB
        if self.start:
            return _start_of(self.number) != self.start
        try:
            os.kill(self.number, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        return False


@cache
def this_process() -> Owner:
    """Return the process that runs this."""
    return Owner(_machine(), os.getpid(), _start_of(os.getpid()), int(time.time()))


def parse_owner(text: str) -> Owner | None:
    """Return the process that a text names; None where it names none."""
    match = _FORM.fullmatch(text)
    if not match:
        return None
    return Owner(match["machine"], int(match["number"]), int(match["start"]), int(match["since"]))


@contextmanager
def owned_folder(kind: str, parent: Path | None = None) -> Iterator[Path]:
    """Make a folder that is gone after the block, and that a later run removes if this one is killed in it.

    Args:
        kind: what it is for, in letters and hyphens.
        parent: where it is made; by default where temporary files are.
    """
    prefix = f"{_PREFIX}-{kind}-{this_process()}-"
    with tempfile.TemporaryDirectory(prefix=prefix, dir=parent, ignore_cleanup_errors=True) as name:
        yield Path(name)


def sweep_folders(*parents: Path) -> list[str]:
    """Remove the folders of runs that are gone; return their names.

    Args:
        parents: where they may be.
    """
    swept = []
    for path in {path for parent in parents for path in parent.glob(f"{_PREFIX}-*")}:
        match = _FOLDER.fullmatch(path.name)
        owner = parse_owner(match["owner"]) if match else None
        # In a folder that all may write to, somebody else may have made it, or a link of such a name.
        if owner and owner.is_gone() and _is_our_folder(path):
            shutil.rmtree(path, ignore_errors=True)
            swept.append(path.name)
    return sorted(swept)


def _is_our_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink() and path.lstat().st_uid == os.geteuid()


@cache
def _machine() -> str:
    """Return what process numbers depend on: the start of the machine, and the container."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
        numbers = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        boot, numbers = os.uname().nodename, ""
    return hashlib.sha256(f"{boot}{numbers}".encode()).hexdigest()[:12]


def _start_of(number: int) -> int:
    """Return when a process was started; 0 where there is none, or it has ended."""
    try:
        fields = Path(f"/proc/{number}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return 0
    return 0 if fields[_STATE] in {b"Z", b"X"} else int(fields[_START])
