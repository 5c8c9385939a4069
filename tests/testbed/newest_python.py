"""A Python that is newer than the machine's own, beside it: that of GitHub's newest runners."""

import re
import shutil
from pathlib import Path

from testbed.cache import cache_folder, digest
from testbed.debian import RELEASE, locked, unpacked
from testbed.process import ProgramError, run

VERSION = "3.14"
# The releases that have it; Ubuntu's is that of `ubuntu-26.04`.
SUITES = {"debian": "forky", "ubuntu": "resolute"}
PYTHON = (f"python{VERSION}-minimal", f"libpython{VERSION}-minimal", f"libpython{VERSION}-stdlib")
# What it is linked with, its C library first: the machine's own is too old for it.
LIBRARIES = (
    *("libc6", "zlib1g", "libexpat1", "libssl3t64", "libffi8"),
    *("libbz2-1.0", "liblzma5", "libzstd1", "libuuid1"),
)
# What loads all of these.
IMPORTS = "import bz2, ctypes, hashlib, lzma, pyexpat, ssl, uuid, zlib"
# Counted up when the code below makes something else of the same packages.
RECIPE = 1


def newest_python() -> Path:
    """Return the path of an interpreter that runs with the libraries of its own release.

    Raises:
        ProgramError: it cannot be fetched, or does not run.
    """
    suite = _suite()
    folder = cache_folder("python") / f"{VERSION}-{digest([suite, str(RECIPE), *PYTHON, *LIBRARIES])}"
    program = folder / f"usr/bin/python{VERSION}"
    with locked(folder.name):
        if not folder.exists():
            _make(folder, suite)
    return program


def _suite() -> str:
    release = RELEASE.read_text(encoding="utf-8")
    name = re.search(r'^ID="?(\w+)', release, re.M)
    if name is None or name[1] not in SUITES:
        raise ProgramError(f"Python {VERSION}: not found, and known only of {', '.join(SUITES)}")
    return SUITES[name[1]]


def _make(folder: Path, suite: str) -> None:
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    for package in (*PYTHON, *LIBRARIES):
        shutil.copytree(unpacked(package, suite), partial, symlinks=True, dirs_exist_ok=True)
    program = partial / f"usr/bin/python{VERSION}"
    final = folder / program.relative_to(partial)
    (loader,) = (path for path in partial.glob("usr/lib/*/ld-linux*.so.*"))
    place = folder / loader.parent.relative_to(partial)
    # It starts itself anew by its own path, and starts programs of the machine: neither a loader in front of
    # it nor a variable would do for both.
    options = ("--force-rpath", "--set-rpath", str(place), "--set-interpreter", str(place / loader.name))
    run([str(unpacked("patchelf") / "usr/bin/patchelf"), *options, str(program)])
    partial.rename(folder)
    try:
        run([str(final), "-I", "-c", IMPORTS])
    except ProgramError:
        shutil.rmtree(folder)
        raise
