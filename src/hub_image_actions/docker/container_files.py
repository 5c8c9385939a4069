"""Files that a program in a container wrote: they may be anything, and lead anywhere.

The container writes into a folder of this machine. What it leaves there may be a link to a file that only
this machine should read, a pipe that never ends, or larger than the memory.
"""

import os
import stat
from pathlib import Path

from hub_image_actions.errors import ActionError


class UnusableFile(ActionError):
    """What a container wrote is no file of a size that can be read."""


def read_written(path: Path, most: int) -> bytes:
    """Return what is in a file that a container wrote.

    Args:
        path: the file; the folder above it is ours.
        most: the bytes that it may have.

    Raises:
        FileNotFoundError: there is none.
        UnusableFile: it is a link, a folder, a pipe or too large, or may not be read.
    """
    # Without O_NONBLOCK, a pipe would be waited for; of a link, O_NOFOLLOW opens nothing.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise UnusableFile(f"{path.name} is no file that can be read: {error.strerror}.") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise UnusableFile(f"{path.name} is no file.")
    with os.fdopen(descriptor, "rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise UnusableFile(f"{path.name} has more than {most} bytes.")
    return content
