"""Starts repo2docker under a path that is the same wherever it is installed: runs in its environment.

repo2docker names what it puts into a build beside the repository, such as `install-base-env.bash`, after the
path that it has on the runner (`generate_build_context_filename` in its buildpacks/base.py), and the key of
a layer in Docker's cache has these names. A folder for temporary files of another name, or another Python,
would cost every image the layers that take longest.

It imports nothing of ours, and nothing of the environment's before the path is set.
"""

import os
import runpy
import sys
import sysconfig
from pathlib import Path

# Higher than what a program opens by itself, and lower than any limit.
_NUMBER = 99
# Source: https://man7.org/linux/man-pages/man5/proc_pid_fd.5.html.
_FIXED = f"/proc/self/fd/{_NUMBER}"


def use_fixed_path(installed: str) -> bool:
    """Have packages imported by a path that says nothing of the folder they are in.

    A shared folder of a fixed name would be whoever's comes first; this is a name of this process alone.

    Args:
        installed: the folder that the packages are in.

    Returns:
        Whether there is such a path; it takes Linux.
    """
    descriptor = os.open(installed, os.O_RDONLY | os.O_DIRECTORY)
    os.dup2(descriptor, _NUMBER, inheritable=False)
    os.close(descriptor)
    if not Path(_FIXED).is_dir():
        return False
    sys.path[:] = [_FIXED if entry == installed else entry for entry in sys.path]
    return True


def main() -> None:
    """Run repo2docker with the arguments of this program."""
    if not use_fixed_path(sysconfig.get_path("purelib")):
        print("There is no /proc here: other machines find none of these layers.", file=sys.stderr)
    runpy.run_module("repo2docker", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
