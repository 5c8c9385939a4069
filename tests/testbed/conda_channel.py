"""A channel like conda-forge's: what repo2docker's list and an `environment.yml` name, made of wheels.

What it has of conda-forge: names, versions, builds, formats, and what depends on what. What it does not have:
C libraries, which are empty packages here, since Debian's CPython and the wheels bring or find their own.
"""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name, parse_wheel_filename

from testbed.cache import cache_folder, digest
from testbed.conda_from_wheel import PythonTarget, from_wheel
from testbed.conda_lock import LockedPackage, Repo2docker, locked_requirement, older_repo2docker, repo2docker
from testbed.conda_names import CondaNames, pypi_name
from testbed.conda_package import ChannelFolder, CondaPackage
from testbed.conda_python import debians_python
from testbed.conda_wheels import download, locked_versions, requirements, resolved
from testbed.debian import locked

# Counted up when the code below makes another channel of the same packages.
RECIPE = 6
PYTHON, SUITE = "3.13", "trixie"
MICROMAMBA = Path(__file__).with_name("micromamba.py")
# Explicit lists that are met, too, but with packages that are empty except for CPython and pip: those of a
# Python that another release of Debian brings, and of releases of repo2docker before the locked one.
OLDER_PYTHON, OLDER_SUITE = "3.11", "bookworm"
OLDER_RELEASES = ("2024.07.0", "2025.08.0", "2025.12.0")
# repo2docker's own choice, as for R. No release of Debian has it: what is called so is the older one above.
DEFAULT_PYTHON = "3.10"
# What tests and demonstration change an `environment.yml` to, or from.
OTHERS = {"nbgitpuller": "1.2.2", "humanize": "4.17.0"}
# What the stand-in of PyPI has, for `requirements.txt` and the `pip:` of an `environment.yml`.
ON_PYPI = {"humanize": "4.17.0", "inflection": "0.5.1", "flit-core": "4.2.0"}
# What repo2docker installs where there is a `Pipfile`; of what that needs, its list has setuptools.
PIPENV = ("pipenv==2022.1.8", "setuptools==80.9.0")
# What conda-forge has in several packages, one of which only stands for the others.
STANDING_FOR: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "jupyterhub-base": {
        "jupyterhub": ("configurable-http-proxy >=4.1", "nodejs >=12"),
        "jupyterhub-singleuser": ("jupyterlab", "nodejs >=12"),
    },
    "matplotlib-base": {"matplotlib": ()},
    "nbconvert-core": {"nbconvert": ()},
}
NPM = b"""#!/bin/sh
# A stand-in: writes the setting that repo2docker asks for, and knows nothing else.
if [ "$1 $2 $3 $4" = "config --global set prefix" ]; then
  echo "prefix=$5" >"$NPM_CONFIG_GLOBALCONFIG"
  exit 0
fi
echo "npm: not in the test bed's images" >&2
exit 1
"""
CONDA = b"""#!/bin/sh
[ "$1" = --version ] && { echo conda; exit; }
exec "$(dirname "$0")/mamba" "$@"
"""


@dataclass(frozen=True)
class CondaChannel:
    """The channel in the cache.

    Attributes:
        folder: where it is: `channel`, and in `wheels` what the stand-in of PyPI has.
    """

    folder: Path

    @property
    def packages(self) -> Path:
        """The packages and their index, by subdir."""
        return self.folder / "channel"

    @property
    def unlisted(self) -> Path:
        """What explicit lists name, and the index does not."""
        return self.folder / "unlisted"

    @property
    def wheels(self) -> Path:
        """The wheels for the stand-in of PyPI."""
        return self.folder / "wheels"


def conda_channel(environment: str) -> CondaChannel:
    """Return the channel for an `environment.yml`, made unless it is in the cache.

    Args:
        environment: the text of the `environment.yml`.

    Raises:
        ProgramError: something cannot be fetched, or is not made as expected.
    """
    more = [f"{name}=={version}" for versions in (OTHERS, ON_PYPI) for name, version in versions.items()]
    made_of = [str(RECIPE), locked_requirement("jupyter-repo2docker"), environment, *more, *PIPENV]
    key = digest([*made_of, MICROMAMBA.read_text(encoding="utf-8")])
    folder = cache_folder("conda-channels") / key
    with locked("conda-channel"):
        if not folder.exists():
            with tempfile.TemporaryDirectory(dir=folder.parent, prefix="partial-") as scratch:
                _make(Path(scratch), environment)
                Path(scratch, "made").rename(folder)
    return CondaChannel(folder)


def _make(scratch: Path, environment: str) -> None:
    release, made = repo2docker(), scratch / "made"
    versions = locked_versions(release.packages(PYTHON))
    download(versions, scratch / "locked", PYTHON)
    more = resolved(requirements(environment), versions, PYTHON)
    changed = {name: version for name, version in more.items() if versions.get(name) != version}
    download(changed, scratch / "changed", PYTHON)
    download(OTHERS, scratch / "others", PYTHON)
    download({**resolved(PIPENV, {}, OLDER_PYTHON), **ON_PYPI}, made / "wheels", OLDER_PYTHON)
    older = [older_repo2docker(version) for version in OLDER_RELEASES]
    channel = ChannelFolder(made / "channel")
    for package, extension in packages(release, scratch):
        channel.add(package, extension)
    for package in (tool for each in older for tool in _tools(each)):
        channel.add(package)
    channel.write_index()
    _add_unlisted(made, [release, *older])


def _add_unlisted(made: Path, releases: list[Repo2docker]) -> None:
    folder = made / "unlisted"
    folder.mkdir()
    of_older = [package for release in releases for package in release.packages(OLDER_PYTHON)]
    listed = {package.path: package for package in [*of_older, *releases[0].packages(DEFAULT_PYTHON)]}
    (folder / "paths.txt").write_text("\n".join(sorted(listed)), encoding="utf-8")
    like = next(package for package in of_older if package.name == "python")
    python = debians_python(OLDER_PYTHON, OLDER_SUITE, like)
    (folder / "python.conda").write_bytes(python.packed())
    (pip, *_) = (made / "channel/noarch").glob("pip-2[0-5].*.conda")
    shutil.copy2(pip, folder / "pip.conda")


def packages(release: Repo2docker, wheels: Path) -> Iterator[tuple[CondaPackage, str]]:
    """Yield the packages of the channel, and the format of each.

    Args:
        release: the repo2docker whose list is to be met, file name by file name.
        wheels: the folders `locked`, `changed` and `others` of wheels.

    Raises:
        ProgramError: Debian's CPython is not made as expected.
    """
    listed, python = release.packages(PYTHON), PythonTarget(PYTHON)
    names = CondaNames(package.name for package in listed)
    at_hand = {_key(path): path for path in sorted((wheels / "locked").glob("*.whl"))}
    for package in listed:
        wheel = at_hand.get(canonicalize_name(pypi_name(package.name))) if package.is_of_python else None
        if package.name == "python":
            yield debians_python(PYTHON, SUITE, package), package.extension
        elif wheel:
            yield from_wheel(wheel, names, python, package), package.extension
        else:
            yield empty(package), package.extension
    for path in sorted([*(wheels / "changed").glob("*.whl"), *(wheels / "others").glob("*.whl")]):
        package_of_wheel = from_wheel(path, names, python)
        yield package_of_wheel, ".conda"
        for standing in _standing_for(package_of_wheel):
            yield standing, ".conda"
    yield from ((package, ".conda") for package in _tools(release))
    yield (
        CondaPackage("configurable-http-proxy", "5.1.0", "h0000000_0", "linux-64", ["nodejs >=12"]),
        ".conda",
    )


def empty(package: LockedPackage) -> CondaPackage:
    """Return a package that holds nothing of what its name says, and depends on what matters to a solver."""
    made = CondaPackage(
        package.name, package.version, package.build, package.subdir, build_number=package.build_number
    )
    if package.name == "nodejs":
        made.add("bin/npm", NPM, 0o755)
    if package.name == "jupyterhub-singleuser":
        made.depends = [f"jupyterhub-base =={package.version}", "jupyterlab", "nodejs >=12"]
    if package.name == "typing-extensions":
        made.depends = [f"typing_extensions =={package.version}"]
    return made


def _standing_for(package: CondaPackage) -> Iterator[CondaPackage]:
    for name, depends in STANDING_FOR.get(package.name, {}).items():
        exactly = f"{package.name} =={package.version}"
        yield CondaPackage(name, package.version, "pyh0000000_0", "noarch", [exactly, *depends])


def _tools(release: Repo2docker) -> Iterator[CondaPackage]:
    conda = CondaPackage("conda", release.conda, "py313h0000000_0", "linux-64")
    conda.add("bin/conda", CONDA, 0o755)
    yield conda
    mamba = CondaPackage("mamba", release.micromamba, "h0000000_0", "linux-64")
    mamba.add("bin/mamba", MICROMAMBA.read_bytes(), 0o755)
    # What shells read of mamba 1; of mamba 2, they ask the program.
    mamba.add("etc/profile.d/mamba.sh", b'eval "$("$CONDA_DIR/bin/mamba" shell hook)"\n')
    yield mamba


def _key(wheel: Path) -> str:
    return parse_wheel_filename(wheel.name)[0]
