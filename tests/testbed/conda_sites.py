"""The sites of the test bed's internet: conda-forge, PyPI and Debian's archive, as far as they are needed."""

import io
import json
import re
import tarfile
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name

from testbed.conda_channel import MICROMAMBA, empty
from testbed.conda_lock import locked_packages

DOWNLOAD = re.compile(r"/conda-forge/micromamba/[\d.]+/download/linux-64/micromamba-[\d.]+-\d+\.tar\.bz2")


@dataclass(frozen=True)
class Folder:
    """A site that has the files of a folder.

    Attributes:
        prefix: what their paths begin with.
        folder: the folder.
    """

    prefix: str
    folder: Path

    def content(self, path: str) -> bytes | None:
        """Return a file's content."""
        if not path.startswith(self.prefix):
            return None
        file = (self.folder / path.removeprefix(self.prefix)).resolve()
        return file.read_bytes() if file.is_relative_to(self.folder.resolve()) and file.is_file() else None


@dataclass(frozen=True)
class SimpleIndex:
    """A site that lists wheels as PyPI does (PEP 503).

    Attributes:
        wheels: the folder with the wheels, which are at `/packages/`.
    """

    wheels: Path

    def content(self, path: str) -> bytes | None:
        """Return the list of a package's wheels."""
        asked = re.fullmatch(r"/simple/([^/]+)/", path)
        if asked is None:
            return None
        name = canonicalize_name(asked[1])
        wheels = [file.name for file in sorted(self.wheels.glob("*.whl")) if _project(file) == name]
        links = "".join(f'<a href="../../packages/{wheel}">{wheel}</a>\n' for wheel in wheels)
        return f"<!DOCTYPE html><html><body>\n{links}</body></html>\n".encode() if wheels else None


@dataclass(frozen=True)
class MicromambaDownload:
    """A site that has micromamba in whatever version is asked for: its stand-in, packed as it is."""

    def content(self, path: str) -> bytes | None:
        """Return the archive."""
        if DOWNLOAD.fullmatch(path) is None:
            return None
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:bz2") as archive:
            archive.add(MICROMAMBA, "bin/micromamba")
        return packed.getvalue()


@dataclass(frozen=True)
class OtherLanguages:
    """A site that has what repo2docker asks for itself before it builds for R or Julia."""

    def content(self, path: str) -> bytes | None:
        """Return the name of a snapshot of R's packages, or the versions of Julia."""
        answers = {"/__api__/url": {"upsi": "2026-01-01"}, "/bin/versions.json": {"1.10.4": {"stable": True}}}
        return json.dumps(answers[path]).encode() if path in answers else None


@dataclass(frozen=True)
class UnlistedPackages:
    """A site that has packages which no index of the channel names, but explicit lists do.

    They are for other versions of Python or repo2docker than the template's; only CPython and pip are what
    they are called.

    Attributes:
        folder: holds `paths.txt`, a line for each package, and those that are not empty, as `NAME.conda`.
    """

    folder: Path

    def content(self, path: str) -> bytes | None:
        """Return a package."""
        wanted = path.removeprefix("/conda-forge/")
        paths = (self.folder / "paths.txt").read_text(encoding="utf-8").splitlines()
        if wanted == path or wanted not in paths:
            return None
        (package,) = locked_packages(path)
        made = empty(package)
        real = self.folder / f"{package.name}.conda"
        if not real.exists():
            return made.packed(package.extension)
        made.entry_points = [] if package.subdir == "noarch" else None
        return made.named_anew(real.read_bytes())


def _project(wheel: Path) -> str:
    return canonicalize_name(wheel.name.partition("-")[0])
