"""A small disk: a file with a file system, mounted through a loop device."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from testbed.process import run


@contextmanager
def small_disk(folder: Path, *, megabytes: int) -> Iterator[Path]:
    """Mount a new file system of a given size.

    Args:
        folder: where the file and the mount point lie.
        megabytes: the size; the file system itself takes some of it.

    Yields:
        The mount point.

    Raises:
        ProgramError: this is not root, or the machine has no loop devices.
    """
    folder.mkdir(parents=True, exist_ok=True)
    image, mount_point = folder / "disk.img", folder / "disk"
    mount_point.mkdir(exist_ok=True)
    with image.open("wb") as file:
        file.truncate(megabytes << 20)
    run(["mkfs.ext4", "-q", "-F", "-m", "0", str(image)])
    run(["mount", "-o", "loop", str(image), str(mount_point)])
    try:
        yield mount_point
    finally:
        run(["umount", str(mount_point)])
        image.unlink()
