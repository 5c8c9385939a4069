"""What environment.yml and requirements.txt ask for: channels, and packages with the lines they stand in.

Source: "Package match specifications" in conda's documentation, https://peps.python.org/pep-0508/, and
"Requirements File Format" in pip's documentation.
"""

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from hub_image_actions.errors import ActionError

if TYPE_CHECKING:
    from ruamel.yaml.nodes import Node

# What ruamel.yaml raises for texts that are not YAML besides its own error, where it trusts the text.
_NO_YAML = (RecursionError, ArithmeticError, AssertionError, LookupError, ValueError, TypeError)
# Nobody writes as much by hand.
_LARGEST = 1 << 18
_MOST_PACKAGES = 2_000
_LONGEST_LINE = 1_000
_SPEC = re.compile(r"(?P<name>[A-Za-z0-9_][\w.-]*)(?P<rest>(?:[\s=<>!~\[].*)?)", re.DOTALL)
_IN_BRACKETS = re.compile(r"\bversion\s*=\s*['\"]?(?P<version>[^'\"\],]+)")
_ADDRESS = re.compile(r"://|\.conda$|\.tar\.bz2$|\.whl$|^[./@~]|^file:|\{\{|\$")
_REQUIREMENT = re.compile(
    r"(?P<name>[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)[ \t]*(?:\[[^\]]*\])?[ \t]*"
    r"(?P<rest>[(@=<>!~;].*)?",
    re.DOTALL,
)
_COMMENT = re.compile(r"(?:^|[ \t])#.*")
# Options of one requirement, as `--hash=…`, come after it.
_OPTIONS = re.compile(r"[ \t]--?[a-z].*")
_ANY = re.compile(r"[=\s*]*")


class InvalidEnvironment(ActionError):
    """An environment file that nobody can read."""


@dataclass(frozen=True)
class Channel:
    """A channel that packages are taken from."""

    name: str
    file: str
    line: int


@dataclass(frozen=True)
class PackageEntry:
    """A package that is asked for.

    Args:
        text: the entry as it is written.
        name: the package's name in small letters.
        version: what is asked of its version; empty: anything.
        manager: ``conda`` or ``pip``.
        file: the file that it stands in, as it is named in the repository.
        line: the line in that file, counted from 1.
        channel: the channel that is named with it.
        is_conditional: whether it is meant for some platforms or Pythons only.
    """

    text: str
    name: str
    version: str
    manager: str
    file: str
    line: int
    channel: str = ""
    is_conditional: bool = False


@dataclass(frozen=True)
class PackageFile:
    """A file that asks for packages.

    Args:
        name: the file as it is named in the repository.
        channels: the channels in their order.
        entries: the packages in the order of the file.
        is_constrained: whether another file says which versions are meant.
    """

    name: str
    channels: tuple[Channel, ...] = ()
    entries: tuple[PackageEntry, ...] = ()
    is_constrained: bool = False


def read_environment(path: Path, name: str) -> PackageFile:
    """Return what an environment file asks for.

    Args:
        path: the file.
        name: the file as it is named in the repository.

    Raises:
        InvalidEnvironment: it is not YAML, or not the map that conda reads.
    """
    if path.stat().st_size > _LARGEST:
        # Reading it would take longer than it is worth; who made it need not have meant well.
        return PackageFile(name)
    parts = _parts(path, name)
    dependencies = parts.get("dependencies")
    channels = (Channel(text, name, line) for line, text in _scalars(parts.get("channels")))
    conda = [entry for line, text in _scalars(dependencies) if (entry := _conda_entry(text, name, line))]
    pip = list(_pip_section(dependencies))
    return PackageFile(
        name,
        tuple(channels),
        (*conda, *_requirements(pip, name)),
        is_constrained=any(map(_constrains, pip)),
    )


def read_requirements(text: str, name: str) -> PackageFile:
    """Return what a requirements file asks for.

    Args:
        text: its text.
        name: the file as it is named in the repository.
    """
    lines = list(_logical_lines(text))
    return PackageFile(
        name,
        entries=tuple(_requirements(lines, name)),
        is_constrained=any(map(_constrains, lines)),
    )


def _parts(path: Path, name: str) -> "dict[str, Node]":
    """Return the values of the map that a file is, by their keys."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError
    from ruamel.yaml.nodes import MappingNode, ScalarNode

    try:
        with warnings.catch_warnings():
            # An anchor may be named twice: https://yaml.org/spec/1.2.2/#71-alias-nodes.
            warnings.simplefilter("ignore")
            content = YAML(typ="safe", pure=True).load(path)
            root = YAML(typ="safe", pure=True).compose(path)
    except (YAMLError, *_NO_YAML) as error:
        mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
        line = mark.line + 1 if mark else 1
        problem = getattr(error, "problem", None) or "it is not YAML"
        raise InvalidEnvironment(
            f"{name}:{line}: {problem}.", "Mend the line; it is often the indentation.", file=name, line=line
        ) from error
    if not isinstance(content, dict) or not isinstance(content.get("dependencies", []), list):
        raise InvalidEnvironment(
            f"{name} has no list of dependencies.",
            "Write `dependencies:` and one package a line.",
            file=name,
            line=1,
        )
    pairs = root.value if isinstance(root, MappingNode) else []
    return {key.value: value for key, value in pairs if isinstance(key, ScalarNode)}


def _scalars(node: "Node | None") -> Iterator[tuple[int, str]]:
    """Yield the texts of a list, each with its line."""
    from ruamel.yaml.nodes import ScalarNode, SequenceNode

    items = node.value if isinstance(node, SequenceNode) else []
    for item in islice(items, _MOST_PACKAGES):
        if isinstance(item, ScalarNode):
            yield item.start_mark.line + 1, str(item.value).strip()


def _pip_section(dependencies: "Node | None") -> Iterator[tuple[int, str]]:
    """Yield the lines below `pip:`, each with its number."""
    from ruamel.yaml.nodes import MappingNode, SequenceNode

    items = dependencies.value if isinstance(dependencies, SequenceNode) else []
    for item in items:
        for key, value in item.value if isinstance(item, MappingNode) else []:
            if key.value == "pip":
                yield from _scalars(value)


def _conda_entry(text: str, file: str, line: int) -> PackageEntry | None:
    """Return the package that conda is asked for; None for addresses and what is filled in later."""
    channel, _, spec = text.rpartition("::")
    match = _SPEC.fullmatch(spec.strip()) if len(text) <= _LONGEST_LINE else None
    if not match or _ADDRESS.search(spec):
        return None
    outside, _, inside = match["rest"].partition("[")
    in_brackets = _IN_BRACKETS.search(inside)
    version = in_brackets["version"] if in_brackets else outside
    return PackageEntry(
        text=text,
        name=match["name"].lower(),
        version="" if _ANY.fullmatch(version) else version.strip(),
        manager="conda",
        file=file,
        line=line,
        channel=channel.strip(),
    )


def _requirements(lines: list[tuple[int, str]], file: str) -> Iterator[PackageEntry]:
    """Yield the packages that pip is asked for; options, addresses and folders are none."""
    for line, written in islice(lines, _MOST_PACKAGES):
        text = _OPTIONS.sub("", _COMMENT.sub("", written)).strip() if len(written) <= _LONGEST_LINE else ""
        match = _REQUIREMENT.fullmatch(text)
        if not match or text.startswith("-") or _ADDRESS.search(match["name"]):
            continue
        version, _, marker = (match["rest"] or "").partition(";")
        yield PackageEntry(
            text=text,
            name=match["name"].lower(),
            version=version.strip(),
            manager="pip",
            file=file,
            line=line,
            is_conditional=bool(marker.strip()),
        )


def _constrains(numbered: tuple[int, str]) -> bool:
    return numbered[1].lstrip().startswith(("-c", "--constraint"))


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of a requirements file with their numbers, those that go on below put together."""
    kept, first = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        first = first or number
        if line.endswith("\\"):
            kept += line.removesuffix("\\")
            continue
        yield first, kept + line
        kept, first = "", 0
    if kept:
        yield first, kept
