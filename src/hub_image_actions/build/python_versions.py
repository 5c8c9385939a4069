"""Which Python a repository asks repo2docker for, and whether that release has it.

repo2docker begins with an environment of packages that were chosen for each Python, and refuses others.

Source: `python_version` in repo2docker/buildpacks/conda, pipfile and python, and the names of the files
environment.py-*.lock beside them.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from hub_image_actions.build.buildpacks import RELEASES, ConfiguredFolder, Repo2dockerRelease
from hub_image_actions.build.environment_advice import Advice
from hub_image_actions.build.environment_file import PackageFile
from hub_image_actions.errors import ActionError

# As repo2docker reads them: what has another form is not looked at.
_IN_ENVIRONMENT = re.compile(r"python\s*=+\s*([\d.]*)")
_IN_PIPFILE = re.compile(r"\d+(?:\.\d+)*")
_REQUIRES = re.compile(
    r"^[ \t]*(?P<key>python_full_version|python_version)[ \t]*=[ \t]*[\"'](?P<text>[^\"'\n]*)", re.M
)
_MINOR = ("major", "minor")
_WHOLE = ("2", "3")
# What is asked for at least, where it is not asked for in the way that repo2docker reads.
_LEAST = re.compile(r"(?<![<!=\d.])[\s=]*3\.(\d{1,3})")
_DEFAULT = "3.10"
_LONGEST = 80
_OLDEST = {"linux/amd64": 5, "linux/arm64": 7}


class UnsupportedPython(ActionError):
    """A Python that the release of repo2docker has no environment for."""


@dataclass(frozen=True)
class PythonRequest:
    """The Python that a repository asks for.

    Args:
        version: the version as far as repo2docker reads it.
        file: the configuration file that names it.
        line: the line in it, counted from 1.
    """

    version: str
    file: str
    line: int


def python_request(
    folder: ConfiguredFolder, release: Repo2dockerRelease, environment: PackageFile | None
) -> PythonRequest | None:
    """Return the Python that a repository asks for; None where it names none that repo2docker reads.

    Args:
        folder: the folder with its configuration.
        release: the release of repo2docker.
        environment: what its environment file asks for, if there is one.
    """
    buildpack = folder.buildpack(release)
    if buildpack == "conda":
        return _in_environment(environment) if environment else None
    if buildpack == "Pipfile":
        return _in_pipfile_lock(folder) or _in_pipfile(folder)
    runtime = folder.text("runtime.txt").strip()
    if buildpack in {"Python", "Julia", "R"} and runtime.startswith("python-"):
        return PythonRequest(runtime.removeprefix("python-"), "runtime.txt", 1)
    return None


def check_python(request: PythonRequest, release: Repo2dockerRelease, platform: str, name: str) -> None:
    """Check that a release of repo2docker has the Python that is asked for.

    Args:
        request: the Python.
        release: the release.
        platform: what the image is built for.
        name: the file as it is named in the repository.

    Raises:
        UnsupportedPython: it does not.
    """
    numbers = request.version.rstrip(".").split(".")
    minor = " ".join(".".join(numbers[:2]).split())[:_LONGEST]
    if request.file == "runtime.txt" and release.installs_pyproject and len(numbers) > len(_MINOR):
        raise UnsupportedPython(
            f"{name}:{request.line}: repo2docker {release.version} takes no patch version of Python here.",
            f"Write `python-{minor}`.",
            file=name,
            line=request.line,
        )
    if minor in _supported(release, platform) or request.version in _WHOLE:
        return
    others = [other.version for other in reversed(RELEASES) if minor in _supported(other, platform)]
    raise_it = f"Set `repo2docker-version` to {others[0]}, or take" if others else "Take"
    raise UnsupportedPython(
        f"{name}:{request.line}: repo2docker {release.version} has no Python {minor}, only "
        f"3.{_oldest(platform)} to 3.{release.newest_python}.",
        f"{raise_it} one of these.",
        file=name,
        line=request.line,
    )


def unread_python(environment: PackageFile) -> Advice | None:
    """Return a warning where repo2docker begins with another Python than the one that is meant."""
    if _in_environment(environment):
        return None
    named = [entry for entry in environment.entries if (entry.manager, entry.name) == ("conda", "python")]
    if not named:
        return Advice(
            f"no Python is named: repo2docker takes {_DEFAULT}, and says that this will change. Add "
            "`python=3.13.*`, or the one that you mean.",
            environment.name,
            1,
        )
    asked = _LEAST.search(named[0].version)
    if not asked or int(asked[1]) <= int(_DEFAULT.partition(".")[2]):
        return None
    return Advice(
        f"repo2docker does not read `{named[0].text[:_LONGEST]}`: it installs all for Python {_DEFAULT}, "
        f"and then once more for the one that is asked for. Write `python=3.{asked[1]}.*`.",
        environment.name,
        named[0].line,
    )


def _supported(release: Repo2dockerRelease, platform: str) -> set[str]:
    supported = {f"3.{minor}" for minor in range(_oldest(platform), release.newest_python + 1)}
    return supported if platform == "linux/arm64" else supported | {"2.7"}


def _oldest(platform: str) -> int:
    return _OLDEST.get(platform, _OLDEST["linux/amd64"])


def _in_environment(environment: PackageFile) -> PythonRequest | None:
    for entry in environment.entries:
        match = _IN_ENVIRONMENT.match(entry.text) if entry.manager == "conda" else None
        if match:
            return PythonRequest(match[1], environment.name, entry.line) if match[1] else None
    return None


def _in_pipfile_lock(folder: ConfiguredFolder) -> PythonRequest | None:
    text = folder.text("Pipfile.lock")
    try:
        requires: Any = json.loads(text)["_meta"]["requires"]
        versions = [requires.get(key) for key in ("python_full_version", "python_version")]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    for version in versions:
        if isinstance(version, str) and (match := _IN_PIPFILE.match(version)):
            place = text.find(f'"{version}"')
            return PythonRequest(match[0], "Pipfile.lock", text.count("\n", 0, max(place, 0)) + 1)
    return None


def _in_pipfile(folder: ConfiguredFolder) -> PythonRequest | None:
    before, _, section = folder.text("Pipfile").partition("[requires]")
    section = section.partition("\n[")[0]
    asked = {match["key"]: match for match in _REQUIRES.finditer(section)}
    for key in ("python_full_version", "python_version"):
        if key in asked and (version := _IN_PIPFILE.match(asked[key]["text"])):
            line = (before + section[: asked[key].end()]).count("\n") + 1
            return PythonRequest(version[0], "Pipfile", line)
    return None
