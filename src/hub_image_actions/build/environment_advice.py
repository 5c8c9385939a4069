"""Advice on what environment.yml and requirements.txt ask for, in seconds before a build of half an hour.

It must raise no false alarm: what may be meant as it is written is no matter for advice.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from hub_image_actions.build.environment_file import PackageEntry, PackageFile
from hub_image_actions.build.package_names import name_on_conda_forge, name_on_pypi, normalized, project

_MOST_NAMED = 8
_LONGEST = 80
# Source: "Channels" in conda's documentation: `defaults` stands for these, which are Anaconda's own.
_ANACONDAS = re.compile(
    r"(?:defaults|anaconda|main|pkgs/(?:main|r|free|msys2)|https?://repo\.anaconda\.com/.*)/?"
)
# One version, or those that begin with one; what is asked for in another way can be of several majors.
_ONE_MAJOR = re.compile(r"(?:={1,3}|~=)?\s*(?P<major>\d+)(?:\.[\d.]*\*?|\.?\*)?")
_OF_JUPYTERHUB = {"jupyterhub", "jupyterhub-base", "jupyterhub-singleuser"}
# Its version is of no account for what is in the image.
_UNPINNED = {"pip"}


@dataclass(frozen=True)
class Advice:
    """A warning about what a repository holds.

    Args:
        text: what is amiss, and what to do about it.
        file: the file, as it is named in the repository.
        line: the line, counted from 1; 0: none in particular.
    """

    text: str
    file: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}" if self.line else self.text


def advice_on(files: Sequence[PackageFile], hub_version: str = "") -> list[Advice]:
    """Return what deserves a warning in the files that ask for an image's packages.

    Args:
        files: the files; together they make one environment.
        hub_version: the version of the hub's JupyterHub; empty where it is not known.
    """
    entries = [entry for file in files for entry in file.entries]
    # What can be many comes last: of too many, GitHub shows the first.
    return [
        *_of_another_hub(entries, hub_version),
        *_channels(files, entries),
        *(advice for file in files for advice in _unpinned(file)),
        *_misnamed(entries),
        *_named_twice(entries),
    ]


def _misnamed(entries: Sequence[PackageEntry]) -> Iterator[Advice]:
    for entry in entries:
        if entry.manager == "conda" and entry.channel in {"", "conda-forge"}:
            if right := name_on_conda_forge(entry.name):
                yield _at(entry, f"conda-forge has `{right}`, not `{entry.name}`.")
        elif entry.manager == "pip" and (right := name_on_pypi(entry.name)):
            yield _at(
                entry, f"on PyPI the package is `{right}`; `{entry.name}` is another project there, or none."
            )


def _named_twice(entries: Sequence[PackageEntry]) -> Iterator[Advice]:
    conda = [entry for entry in entries if entry.manager == "conda"]
    # pip takes several for different Pythons and platforms.
    pip = [entry for entry in entries if entry.manager == "pip" and not entry.is_conditional]
    yield from _repeated(conda, lambda entry: entry.name)
    yield from _repeated(pip, lambda entry: normalized(entry.name))
    by_conda = {project(entry.name, "conda"): entry for entry in reversed(conda)}
    for entry in pip:
        if other := by_conda.pop(project(entry.name, "pip"), None):
            yield _at(
                entry,
                f"with `{entry.name}`, pip replaces conda's `{other.name}` of {_place(other, entry)}, "
                "which conda does not notice. Keep one of them.",
            )


def _repeated(entries: Sequence[PackageEntry], key: Callable[[PackageEntry], str]) -> Iterator[Advice]:
    first: dict[str, PackageEntry] = {}
    for entry in entries:
        other = first.setdefault(key(entry), entry)
        if other is not entry:
            yield _at(entry, f"`{entry.name}` is named in {_place(other, entry)} already. Keep one of them.")


def _of_another_hub(entries: Sequence[PackageEntry], hub_version: str) -> Iterator[Advice]:
    hub = hub_version.partition(".")[0]
    for entry in entries:
        match = _ONE_MAJOR.fullmatch(entry.version) if entry.name in _OF_JUPYTERHUB else None
        if hub and match and match["major"] != hub:
            yield _at(
                entry,
                f"the hub has JupyterHub {hub_version} (`hub-version`), and this is {match['major']}. With "
                "another major version, servers may not start. Take the hub's.",
            )


def _channels(files: Sequence[PackageFile], entries: Sequence[PackageEntry]) -> Iterator[Advice]:
    channels = [(channel.name, channel.file, channel.line) for file in files for channel in file.channels]
    channels += [(entry.channel, entry.file, entry.line) for entry in entries]
    for name, file, line in channels:
        if _ANACONDAS.fullmatch(name):
            yield Advice(
                f"the channel `{name[:_LONGEST]}` is Anaconda's, whose terms of service ask larger "
                "organizations for a license. Take `conda-forge`, or make sure that yours is covered.",
                file,
                line,
            )
            return


def _unpinned(file: PackageFile) -> Iterator[Advice]:
    """Yield one warning for all packages of a file that have no version."""
    unpinned = [entry for entry in file.entries if not entry.version and entry.name not in _UNPINNED]
    if not unpinned:
        return
    if file.is_constrained:
        # Which versions pip takes stands elsewhere.
        unpinned = [entry for entry in unpinned if entry.manager == "conda"]
    if unpinned:
        named = [f"`{entry.name}`" for entry in unpinned[:_MOST_NAMED]]
        if len(unpinned) > _MOST_NAMED:
            named.append(f"{len(unpinned) - _MOST_NAMED} more")
        first = unpinned[0]
        form = f"{first.name}=1.2.*" if first.manager == "conda" else f"{first.name}==1.2.*"
        yield _at(
            first,
            f"no version is asked for of {_listed(named)}: a rebuild months from now gives another image. "
            f"Name at least major and minor version, as in `{form}`.",
        )


def _at(entry: PackageEntry, text: str) -> Advice:
    return Advice(text, entry.file, entry.line)


def _place(other: PackageEntry, entry: PackageEntry) -> str:
    return f"line {other.line}" if other.file == entry.file else f"{other.file}:{other.line}"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
