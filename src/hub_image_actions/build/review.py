"""What can be said of a repository in seconds, before repo2docker is installed and the solver begins."""

import os
import platform
from collections.abc import Iterable, Iterator

from hub_image_actions.build.buildpacks import (
    RELEASES,
    ConfiguredFolder,
    Repo2dockerRelease,
    known_release,
    read_start,
    uses,
)
from hub_image_actions.build.context import BuildContext, ContextError
from hub_image_actions.build.environment_advice import Advice, advice_on
from hub_image_actions.build.environment_file import (
    InvalidEnvironment,
    PackageFile,
    read_environment,
    read_requirements,
)
from hub_image_actions.build.python_versions import check_python, python_request, unread_python
from hub_image_actions.build.settings import BuildSettings

_ENVIRONMENTS = ("environment.yml", "environment.yaml")
_REQUIREMENTS = "requirements.txt"
_PACKAGE_FILES = (*_ENVIRONMENTS, _REQUIREMENTS)
_PLATFORMS = {"aarch64": "linux/arm64", "arm64": "linux/arm64"}
# Why a buildpack reads no more than it does.
_ALONE = {
    "Dockerfile": "where there is a Dockerfile, it reads nothing else",
    "Julia": "it installs Julia by Project.toml, Python's packages by environment.yml or requirements.txt",
    "Nix": "where there is default.nix, it reads apt.txt, postBuild and start besides",
    "R": "it installs R, and by environment.yml or requirements.txt Python's packages",
    "conda": "where there is environment.yml, it reads apt.txt, postBuild and start besides",
    "Pipfile": "where there is a Pipfile, it reads apt.txt, postBuild and start besides",
    "REQUIRE": "it reads other files first",
    "Python": "it installs Python, and its packages by requirements.txt",
}
_FOR_R = "For install.R, add runtime.txt with R's version and a day of CRAN, as `r-4.4-2026-11-02`."
# What to do about a file, by the buildpack that does not read it.
_REMEDIES = {
    "conda": {
        "install.R": _FOR_R,
        _REQUIREMENTS: "Name it in environment.yml, as `- pip:` with `- -r requirements.txt` below.",
        "runtime.txt": "Name Python in environment.yml, as `python=3.13.*`.",
    },
    "Python": {"install.R": _FOR_R, "environment.yaml": "Call it environment.yml."},
}


def review(context: BuildContext, settings: BuildSettings) -> list[Advice]:
    """Return advice on a repository's configuration.

    Args:
        context: the folder that is built, which was checked.
        settings: how it is built.

    Raises:
        ActionError: the build would fail.
    """
    packages = advice_on(package_files(context, settings), settings.hub.version)
    if settings.builder == "docker":
        return packages
    folder = ConfiguredFolder(context.folder, context.configuration)
    release = known_release(settings.repo2docker)
    if release:
        _check_julia(context, folder, release)
        _check_project(context, folder, release)
    unread = _unread(context, folder, (release,) if release else RELEASES)
    if context.dockerfile_path(settings.builder):
        return [*unread, *packages]
    return [*unread, *_python(context, folder, release, settings.platform), *packages]


def package_files(context: BuildContext, settings: BuildSettings) -> list[PackageFile]:
    """Return the files that ask for an image's packages: what is read, and what a file that is read names.

    Args:
        context: the folder that is built, which was checked.
        settings: how it is built.
    """
    read: set[str] = set()
    if dockerfile := context.dockerfile_path(settings.builder):
        texts = [read_start(dockerfile)]
    else:
        folder = ConfiguredFolder(context.folder, context.configuration)
        release = known_release(settings.repo2docker) or RELEASES[-1]
        texts = folder.read_texts(release)
        read = {name for name in _PACKAGE_FILES if folder.reads(name, release)}
    names = [name for name in _PACKAGE_FILES if name in read or uses(name, texts)]
    return [file for name in names if (file := _read(context, name))]


def _read(context: BuildContext, name: str) -> PackageFile | None:
    path = context.configuration / name
    if not path.is_file():
        return None
    if name == _REQUIREMENTS:
        return read_requirements(read_start(path), context.named(name))
    try:
        return read_environment(path, context.named(name))
    except InvalidEnvironment:
        # What repo2docker itself reads was checked; a Dockerfile may copy what is filled in later.
        return None


def _python(
    context: BuildContext, folder: ConfiguredFolder, release: Repo2dockerRelease | None, wanted: str
) -> Iterator[Advice]:
    """Check the Python that is asked for, and yield what is to be said of it."""
    if release is None:
        return
    name = next((name for name in _ENVIRONMENTS if folder.reads(name, release)), "")
    environment = _read(context, name) if name else None
    request = python_request(folder, release, environment)
    if request:
        # An environment file is named as in the repository already.
        named = request.file if environment else context.named(request.file)
        check_python(request, release, wanted or _PLATFORMS.get(platform.machine(), "linux/amd64"), named)
    elif environment and folder.buildpack(release) == "conda" and (advice := unread_python(environment)):
        yield advice


def _unread(
    context: BuildContext, folder: ConfiguredFolder, releases: Iterable[Repo2dockerRelease]
) -> Iterator[Advice]:
    """Yield one warning for all files that none of the releases reads."""
    lists = {release: folder.unread(release) for release in releases}
    last = next(reversed(lists))
    names = [name for name in lists[last] if all(name in unread for unread in lists.values())]
    if not names:
        return
    reasons = []
    if own := [name for name in names if not name.startswith("../")]:
        buildpack = folder.buildpack(last)
        reasons.append(f"{_ALONE[buildpack]}.")
        reasons += [text for name, text in _REMEDIES.get(buildpack, {}).items() if name in own]
    if len(own) < len(names):
        binder = os.path.relpath(folder.configuration, folder.folder)
        reasons.append(f"with {binder}/, it reads configuration there alone. Move into it what is needed.")
    paths = [context.named(name) for name in names]
    listed = paths[0] if len(paths) == 1 else f"{', '.join(paths[:-1])} and {paths[-1]}"
    yield Advice(f"repo2docker does not read {listed}: {' '.join(reasons)}", paths[0])


def _check_julia(context: BuildContext, folder: ConfiguredFolder, release: Repo2dockerRelease) -> None:
    if folder.buildpack(release) == "REQUIRE":
        raise ContextError(
            "repo2docker builds nothing from a REQUIRE of Julia before 1.0.",
            "Write a Project.toml.",
            file=context.named("REQUIRE"),
        )


def _check_project(context: BuildContext, folder: ConfiguredFolder, release: Repo2dockerRelease) -> None:
    """Refuse what a release fails on: see https://github.com/jupyterhub/repo2docker/releases/tag/2026.04.0."""
    is_there = (folder.folder / "pyproject.toml").is_file() and not folder.has_binder
    reads_it = folder.buildpack(release) in {"Python", "Julia", "R"} and not folder.has("setup.py")
    if release.fails_on_pyproject and is_there and reads_it:
        raise ContextError(
            f"repo2docker {release.version} cannot read pyproject.toml.",
            "Set `repo2docker-version` to 2026.04.0.",
            file=context.named("pyproject.toml"),
        )
