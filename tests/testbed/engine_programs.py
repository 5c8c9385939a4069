"""The programs of an engine that keeps images in containerd's store, as Docker 29 does on a new machine."""

import os
import re
import shutil
from pathlib import Path

from testbed.debian import unpacked
from testbed.process import ProgramError, run

# The release whose Docker is as new as that of GitHub's runners; older ones have no such store.
SUITE = "forky"
FIRST = 28
# runc is not among them: this release's wants a newer C library, and the machine's own does as well.
PROGRAMS = {
    "docker.io": ("usr/sbin/dockerd", "usr/sbin/docker-proxy"),
    "containerd": ("usr/bin/containerd", "usr/bin/containerd-shim-runc-v2"),
}
BUILDX = Path("usr/libexec/docker/cli-plugins/docker-buildx")


def newer_programs(folder: Path) -> str:
    """Return the search path on which an engine that has containerd's store finds its programs.

    They are the machine's own where these are new enough, else those of a newer release, beside them.

    Args:
        folder: for the links to those of a newer release, and as `client/cli-plugins` for buildx.

    Raises:
        ProgramError: they cannot be fetched.
    """
    path = os.environ["PATH"]
    if major_version("dockerd") >= FIRST:
        return path
    for package, programs in PROGRAMS.items():
        for program in programs:
            _link(unpacked(package, SUITE) / program, folder / "bin")
    _link(unpacked("docker-buildx", SUITE) / BUILDX, folder / "client/cli-plugins")
    return f"{folder / 'bin'}{os.pathsep}{path}"


def major_version(program: str) -> int:
    """Return the first number of the version that a program of Docker tells; zero where it is not there."""
    if shutil.which(program) is None:
        return 0
    answer = run([program, "--version"], seconds=20)
    version = re.search(r"version (\d+)\.", answer)
    if version is None:
        raise ProgramError(f"{program} --version: {answer!r} names no version")
    return int(version[1])


def _link(program: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / program.name).symlink_to(program)
