"""Which part of repo2docker builds a repository, and which of its files that part reads.

repo2docker takes the first of its buildpacks that finds a file of its own, and reads none of the others'.

Source: `buildpacks` in repo2docker/app.py, `detect` and `get_*` in repo2docker/buildpacks/, of each release.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hub_image_actions.build.repo2docker import exact_version

_MOST_READ = 1 << 20
_BY_ALL = frozenset({"apt.txt", "postBuild", "start"})
_BY_CONDA = _BY_ALL | {"environment.yml", "environment.yaml"}
_BY_PYTHON = _BY_CONDA | {"requirements.txt", "runtime.txt", "setup.py", "pyproject.toml"}
# In the order in which repo2docker tries them; those for R and Julia are kinds of the one for Python.
_READ = {
    "Dockerfile": frozenset({"Dockerfile"}),
    "Julia": _BY_PYTHON | {"Project.toml", "JuliaProject.toml"},
    "REQUIRE": _BY_PYTHON | {"REQUIRE"},
    "Nix": _BY_ALL | {"default.nix"},
    "R": _BY_PYTHON | {"install.R", "DESCRIPTION"},
    "conda": _BY_CONDA,
    "Pipfile": _BY_ALL | {"Pipfile", "Pipfile.lock"},
    "Python": _BY_PYTHON,
}
# These describe the repository itself: repo2docker reads them at its top, and not where there is `binder/`.
PROJECT = frozenset({"setup.py", "pyproject.toml", "DESCRIPTION"})
# Such files have other uses, too: what they hold if they describe something that can be installed.
_DESCRIBES = {
    "pyproject.toml": (re.compile(r"^\[project\]", re.M), re.compile(r"^\[build-system\]", re.M)),
    "DESCRIPTION": (re.compile(r"^Package:", re.M),),
}
_SNAPSHOT = re.compile(r"r-(?:\d[\d.]*-)?\d{4}-\d{2}-\d{2}")
_INSTALLS_FOLDER = re.compile(r"""(?:^|[\s'"=])\.(?:[/\[\s'"]|$)""", re.M)
# What takes in the whole folder, so that any of its files may be read.
_TAKES_ALL = re.compile(
    r"""^[ \t]*(?:COPY|ADD)[ \t]+(?:--\S+[ \t]+)*(?:\./?[ \t]|\[[ \t]*"\./?")|--mount=type=bind""",
    re.M | re.IGNORECASE,
)
_COMMENT = re.compile(r"^[ \t]*#.*$", re.M)


@dataclass(frozen=True)
class Repo2dockerRelease:
    """What sets one release of repo2docker apart from the others.

    Args:
        version: the release.
        newest_python: the newest Python 3 that it has a base environment for.
        reads_environment_yaml: whether `environment.yaml` is as good as `environment.yml`.
        installs_pyproject: whether a `pyproject.toml` of a package is installed.
        fails_on_pyproject: whether it looks for that under a wrong name, and ends.
    """

    version: str
    newest_python: int
    reads_environment_yaml: bool = False
    installs_pyproject: bool = False
    fails_on_pyproject: bool = False


RELEASES = (
    Repo2dockerRelease("2024.07.0", 12),
    Repo2dockerRelease("2025.08.0", 12),
    Repo2dockerRelease("2025.12.0", 14, installs_pyproject=True, fails_on_pyproject=True),
    Repo2dockerRelease("2026.04.0", 14, reads_environment_yaml=True, installs_pyproject=True),
)


def known_release(requirement: str) -> Repo2dockerRelease | None:
    """Return the release that pip installs; None where it is none of those that were looked up."""
    wanted = exact_version(requirement)
    return next((release for release in RELEASES if exact_version(f"=={release.version}") == wanted), None)


@dataclass(frozen=True)
class ConfiguredFolder:
    """A folder with repo2docker's configuration.

    Args:
        folder: the folder that is built.
        configuration: the folder in it, or itself, that holds the configuration.
    """

    folder: Path
    configuration: Path

    @property
    def has_binder(self) -> bool:
        """Whether the configuration is in a folder of its own."""
        return self.configuration != self.folder

    def has(self, name: str) -> bool:
        """Say whether there is a configuration file."""
        path = self.configuration / name
        if name in PROJECT:
            return not self.has_binder and path.is_file() and self._describes(path)
        return path.is_file()

    def text(self, name: str) -> str:
        """Return the text of a configuration file; empty where there is none."""
        return read_start(self.configuration / name)

    def buildpack(self, release: Repo2dockerRelease) -> str:
        """Return the name of the buildpack that builds it."""
        runtime = self.text("runtime.txt").strip()
        environments = ["environment.yml", "environment.yaml"][: 1 + release.reads_environment_yaml]
        found = {
            "Dockerfile": self.has("Dockerfile"),
            "Julia": self.has("Project.toml") or self.has("JuliaProject.toml"),
            "REQUIRE": self.has("REQUIRE"),
            "Nix": self.has("default.nix"),
            "R": bool(_SNAPSHOT.fullmatch(runtime)) or self.has("DESCRIPTION"),
            "conda": any(map(self.has, environments)),
            "Pipfile": (self.has("Pipfile") or self.has("Pipfile.lock")) and runtime[:6] in {"", "python"},
        }
        return next((name for name, is_there in found.items() if is_there), "Python")

    def unread(self, release: Repo2dockerRelease) -> list[str]:
        """Return the configuration files that this release does not read, and none that is used otherwise.

        What is at the top beside a folder for the configuration is named with that folder's `../`.
        """
        name = self.buildpack(release)
        texts = self.read_texts(release)
        if name == "Dockerfile" and any(map(_TAKES_ALL.search, texts)):
            return []
        there = dict.fromkeys(file for files in _READ.values() for file in sorted(files) if self.has(file))
        unread = [file for file in there if not self._reads(name, file, release)]
        if self.has_binder:
            above = ConfiguredFolder(self.folder, self.folder)
            unread += [f"../{file}" for file in sorted(_all_names()) if above.has(file)]
        return [file for file in unread if not _is_used(file.removeprefix("../"), texts)]

    def reads(self, name: str, release: Repo2dockerRelease) -> bool:
        """Say whether there is a configuration file, and this release reads it."""
        return self.has(name) and self._reads(self.buildpack(release), name, release)

    def read_texts(self, release: Repo2dockerRelease) -> list[str]:
        """Return the texts of the files that this release reads, without their comments."""
        pack = self.buildpack(release)
        names = [name for name in sorted(_READ[pack]) if self.has(name) and self._reads(pack, name, release)]
        return [_COMMENT.sub("", self.text(name)) for name in names]

    def _reads(self, buildpack: str, name: str, release: Repo2dockerRelease) -> bool:
        if name == "environment.yaml" and not release.reads_environment_yaml:
            return False
        if name == "pyproject.toml" and not release.installs_pyproject:
            return False
        goes_first = {"environment.yaml": "environment.yml", "Project.toml": "JuliaProject.toml"}
        if name in goes_first and self.has(goes_first[name]):
            return False
        return name in _READ[buildpack]

    def _describes(self, path: Path) -> bool:
        text = read_start(path)
        return all(pattern.search(text) for pattern in _DESCRIBES.get(path.name, ()))


def read_start(path: Path) -> str:
    """Return the text of a file, as far as anybody writes by hand; empty where there is none."""
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return file.read(_MOST_READ).decode("utf-8-sig", errors="replace")


def uses(name: str, texts: list[str]) -> bool:
    """Say whether some text names a file."""
    pattern = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w-])")
    return any(map(pattern.search, texts))


def _is_used(name: str, texts: list[str]) -> bool:
    if name in PROJECT and any(map(_INSTALLS_FOLDER.search, texts)):
        return True
    return uses(name, texts)


def _all_names() -> Iterator[str]:
    yield from {name for names in _READ.values() for name in names}
