"""What a release of repo2docker installs into every image: the lists that lie in its wheel."""

import re
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from testbed.process import ProgramError, run

REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements/repo2docker.txt"
CONDA = "repo2docker/buildpacks/conda"
LOCKED = re.compile(
    r"/(?P<subdir>linux-64|noarch)/(?P<name>[^/]+)-(?P<version>[^-/]+)-(?P<build>[^-/]+?)"
    r"(?P<extension>\.conda|\.tar\.bz2)(?=#|$)",
    re.M,
)
# Builds of Python packages are named `pyhd8ed1ab_0` or `py313h5d5ffb9_0`, others `hda65f42_8`.
OF_PYTHON = re.compile(r"py(h|\d)")
# Named like Python packages, but nothing that PyPI has: they only stand for others.
STANDING_FOR_OTHERS = frozenset({"cpython", "jsonschema-with-format-nongpl", "jupyterhub-singleuser"})


@dataclass(frozen=True)
class LockedPackage:
    """A package of an explicit list of conda's: all that its file name says.

    Attributes:
        subdir: the part of the channel that has it.
        name: its name.
        version: its version.
        build: which build of the version it is.
        extension: its format.
    """

    subdir: str
    name: str
    version: str
    build: str
    extension: str = ".conda"

    @property
    def path(self) -> str:
        """Where a channel has it."""
        return f"{self.subdir}/{self.name}-{self.version}-{self.build}{self.extension}"

    @property
    def is_of_python(self) -> bool:
        """Whether it is a Python package that PyPI may have."""
        return OF_PYTHON.match(self.build) is not None and self.name not in STANDING_FOR_OTHERS

    @property
    def build_number(self) -> int:
        """The number at the end of the build's name."""
        number = self.build.rpartition("_")[2]
        return int(number) if number.isdigit() else 0


@dataclass(frozen=True)
class Repo2docker:
    """What the test bed needs to know of a release of repo2docker.

    Attributes:
        locks: its explicit lists for 64-bit Linux, by version of Python.
        micromamba: the version of mamba and micromamba that it installs.
        conda: the version of conda.
    """

    locks: dict[str, str]
    micromamba: str
    conda: str

    def packages(self, python: str) -> list[LockedPackage]:
        """Return what it installs for a version of Python, such as `3.13`."""
        return locked_packages(self.locks[python])


def locked_packages(lock: str) -> list[LockedPackage]:
    """Return the packages of an explicit list, which is one address a line."""
    return [LockedPackage(**found.groupdict()) for found in LOCKED.finditer(lock)]


def repo2docker() -> Repo2docker:
    """Return the release that `build` uses where nobody names another.

    Raises:
        ProgramError: it cannot be fetched, or is not made as expected.
    """
    with tempfile.TemporaryDirectory() as folder:
        lock = Path(folder, "requirements.txt")
        lock.write_text(locked_requirement("jupyter-repo2docker"), encoding="utf-8")
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        run([*pip, "--require-hashes", f"--requirement={lock}", f"--dest={folder}"])
        (wheel,) = Path(folder).glob("*.whl")
        return read_release(wheel)


def older_repo2docker(version: str) -> Repo2docker:
    """Return an older release.

    Raises:
        ProgramError: it cannot be fetched, or is not made as expected.
    """
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        run([*pip, "--only-binary=:all:", f"--dest={folder}", f"jupyter-repo2docker=={version}"])
        (wheel,) = Path(folder).glob("*.whl")
        return read_release(wheel)


def read_release(wheel: Path) -> Repo2docker:
    """Return what a wheel of repo2docker holds.

    Raises:
        ProgramError: it is not made as expected.
    """
    with zipfile.ZipFile(wheel) as archive:
        locks = {
            found[1]: archive.read(name).decode()
            for name in archive.namelist()
            if (found := re.fullmatch(rf"{CONDA}/environment\.py-([\d.]+)-linux-64\.lock", name))
        }
        script = archive.read(f"{CONDA}/install-base-env.bash").decode()
    versions = dict(re.findall(r'^export (MAMBA|CONDA)_VERSION="?([\d.]+)"?$', script, re.M))
    if not locks or versions.keys() != {"MAMBA", "CONDA"}:
        raise ProgramError(f"{wheel.name}: neither locks nor versions of conda where they were")
    return Repo2docker(locks, versions["MAMBA"], versions["CONDA"])


def locked_requirement(name: str) -> str:
    """Return the lines of the lock that name a library, with the hashes of its files.

    Raises:
        ProgramError: the lock does not name it.
    """
    text = REQUIREMENTS.read_text(encoding="utf-8")
    found = re.search(rf"^{name}==.*(?:\n    --hash.*)*", text, re.M)
    if found is None:
        raise ProgramError(f"{REQUIREMENTS.name} does not name {name}")
    return found[0] + "\n"
