"""The packages of an image, and the labels of the image that hold their list.

Older containerd refuses a container whose image has a label of more than 4,096 bytes, name and value
together. So the list, some ten thousand bytes even when it is compressed, lies in several labels:
`hub-image-actions.packages.0`, `.1` and so on.
"""

import base64
import binascii
import json
import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from hub_image_actions.errors import ActionError
from hub_image_actions.untrusted_json import parse_json

LABEL = "hub-image-actions.packages"
# What is shown in this order: first what a course asks for, then what lies below it.
MANAGERS = ("conda", "pip", "r", "julia", "npm", "apt")
_FORM = 1
_LONGEST_LABEL = 3500
_MOST_LABELS = 200
_MOST_BYTES = 8 << 20
_MOST_PACKAGES = 50_000
_WORD = re.compile("[!-~]{1,200}")
_PLACE = re.compile("[ -~]{0,300}")


class DamagedPackages(ActionError):
    """The labels, or what was read in the image, are no list of packages."""


@dataclass(frozen=True, order=True)
class Package:
    """An installed package.

    Args:
        manager: what installed it, one of `MANAGERS`.
        name: its name, as that manager writes it.
        version: its version, as that manager writes it.
        environment: where it is, for a manager that may have several places; else empty.
    """

    manager: str
    name: str
    version: str
    environment: str = ""


@dataclass(frozen=True)
class PackageList:
    """The packages of an image, the same however they were found.

    Args:
        packages: sorted, each once.
        system: name and version of the distribution, as `/etc/os-release` gives them: `ubuntu 22.04`.
        unread: the managers that could not be read, of which nothing is known.
        notes: what happened while they were read; not kept in labels.
    """

    packages: tuple[Package, ...] = ()
    system: str = ""
    unread: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=(), compare=False)

    def __len__(self) -> int:
        return len(self.packages)

    def of(self, managers: Iterable[str]) -> "PackageList":
        """Return only the packages of some managers."""
        wanted = frozenset(managers)
        kept = tuple(package for package in self.packages if package.manager in wanted)
        return PackageList(kept, self.system, tuple(name for name in self.unread if name in wanted))

    def as_value(self) -> dict[str, Any]:
        """Return the list as JSON has it: by manager and environment, a line for each package."""
        found: dict[str, dict[str, str]] = {}
        for package in self.packages:
            lines = found.setdefault(package.manager, {})
            line = f"{package.name} {package.version}\n"
            lines[package.environment] = lines.get(package.environment, "") + line
        return {"form": _FORM, "packages": found, "system": self.system, "unread": list(self.unread)}

    def to_labels(self) -> dict[str, str]:
        """Return the labels that hold the list, the same for the same list and zlib."""
        text = json.dumps(self.as_value(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        content = base64.b64encode(zlib.compress(text.encode(), 9)).decode()
        starts = range(0, len(content), _LONGEST_LABEL)
        return {
            f"{LABEL}.{number}": content[start : start + _LONGEST_LABEL]
            for number, start in enumerate(starts)
        }

    @classmethod
    def from_labels(cls, labels: Mapping[str, str]) -> "PackageList | None":
        """Return the list that an image's labels hold; None where they hold none.

        Raises:
            DamagedPackages: they hold something else, or only a part of it.
        """
        parts = []
        for number in count():
            part = labels.get(f"{LABEL}.{number}")
            if part is None:
                break
            if number >= _MOST_LABELS or not isinstance(part, str):
                raise _damaged("the labels are not ours")
            parts.append(part)
        return cls.from_value(_unpacked("".join(parts))) if parts else None

    @classmethod
    def from_value(cls, value: object) -> "PackageList":
        """Return the list that a value of JSON is.

        Raises:
            DamagedPackages: it is none.
        """
        if not isinstance(value, dict) or value.get("form") != _FORM:
            raise _damaged("it has another form")
        found = value.get("packages")
        unread = value.get("unread")
        if not isinstance(found, dict) or not isinstance(unread, list):
            raise _damaged("it has no packages")
        packages = {package for manager, places in found.items() for package in _packages(manager, places)}
        if len(packages) > _MOST_PACKAGES:
            raise _damaged(f"it has more than {_MOST_PACKAGES} packages")
        system = value.get("system", "")
        return cls(
            tuple(sorted(packages)),
            system if isinstance(system, str) and _PLACE.fullmatch(system) else "",
            tuple(sorted({name for name in unread if name in MANAGERS})),
        )


def _packages(manager: str, places: object) -> Iterable[Package]:
    if manager not in MANAGERS or not isinstance(places, dict):
        raise _damaged("it names a manager of packages that is not known")
    for place, lines in places.items():
        if not isinstance(lines, str) or not _PLACE.fullmatch(place):
            raise _damaged("it names a place that cannot be one")
        for line in filter(None, lines.split("\n")):
            name, _, version = line.partition(" ")
            if not _WORD.fullmatch(name) or not _WORD.fullmatch(version):
                raise _damaged("it names a package that cannot be one")
            yield Package(manager, name, version, place)


def _unpacked(content: str) -> object:
    """Return what is compressed in a text, if it is not larger than a list can be."""
    expander = zlib.decompressobj()
    try:
        text = expander.decompress(base64.b64decode(content, validate=True), _MOST_BYTES)
        if not expander.eof or expander.unused_data:
            raise _damaged("it is cut off, too large, or mixed with another")
        return parse_json(text)
    except (binascii.Error, zlib.error, ValueError) as error:
        raise _damaged("it cannot be unpacked") from error


def _damaged(reason: str) -> DamagedPackages:
    return DamagedPackages(
        f"The image's list of packages is damaged: {reason}.", "Build and push the image again."
    )
