"""Versions of releases, and the tags that carry them.

Source: Semantic Versioning 2.0.0, https://semver.org, of which pre-releases are `alpha`, `beta` and `rc`
with a number, so that Python's packaging reads the same version (PEP 440).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import total_ordering
from typing import Literal

from hub_image_actions.errors import ActionError

Step = Literal["patch", "minor", "major"]
STEPS: tuple[Step, ...] = ("patch", "minor", "major")
_NUMBER = "(0|[1-9][0-9]{0,8})"
_VERSION = re.compile(rf"v?{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-(alpha|beta|rc)\.{_NUMBER})?")


class InvalidVersion(ActionError):
    """A text that is no version, or a version that cannot come next."""


@total_ordering
@dataclass(frozen=True)
class Version:
    """A version; of pre-releases, `stage` and `number` tell which one."""

    major: int
    minor: int
    patch: int
    stage: str = ""
    number: int = 0

    def __str__(self) -> str:
        pre = f"-{self.stage}.{self.number}" if self.stage else ""
        return f"{self.major}.{self.minor}.{self.patch}{pre}"

    def __lt__(self, other: "Version") -> bool:
        return self._order < other._order

    @property
    def _order(self) -> tuple[int, int, int, bool, str, int]:
        return (*self.core, not self.stage, self.stage, self.number)

    @property
    def core(self) -> tuple[int, int, int]:
        """The three numbers."""
        return self.major, self.minor, self.patch

    @property
    def is_final(self) -> bool:
        """Whether it is no pre-release."""
        return not self.stage

    @property
    def tag(self) -> str:
        """The exact tag, which never moves."""
        return f"v{self}"

    @property
    def floating_tags(self) -> tuple[str, ...]:
        """The tags that move to it; none move to a pre-release."""
        return (f"v{self.major}", f"v{self.major}.{self.minor}") if self.is_final else ()

    def step_from(self, last: "Version") -> Step:
        """Return how large a step it is from an earlier version."""
        if self.major != last.major:
            return "major"
        return "minor" if self.minor != last.minor else "patch"

    def following(self) -> tuple["Version", "Version", "Version"]:
        """Return the versions that can come next: of a fix, of a feature, of a break."""
        return (
            Version(self.major, self.minor, self.patch + 1),
            Version(self.major, self.minor + 1, 0),
            Version(self.major + 1, 0, 0),
        )


def parse_version(text: str) -> Version:
    """Return the version that a text is, with or without the `v` of a tag.

    Raises:
        InvalidVersion: it is none.
    """
    found = _VERSION.fullmatch(text)
    if not found:
        raise InvalidVersion(f"{text!r} is no version.", "Write it as `1.4.0` or `1.4.0-rc.1`.")
    major, minor, patch, stage, number = found.groups()
    return Version(int(major), int(minor), int(patch), stage or "", int(number or 0))


def versions(tags: Iterable[str]) -> Iterator[Version]:
    """Yield the versions that exact tags carry; `v1` and other tags carry none."""
    for tag in tags:
        if tag.startswith("v") and _VERSION.fullmatch(tag):
            yield parse_version(tag)


def last_release(released: Iterable[Version]) -> Version | None:
    """Return the newest release that is no pre-release."""
    return max((version for version in released if version.is_final), default=None)


def check_next(version: Version, released: Iterable[Version]) -> None:
    """Raise unless a version can come next.

    Args:
        version: the new one.
        released: all that there are, pre-releases too.

    Raises:
        InvalidVersion: it goes backwards, or leaves one out.
    """
    released = tuple(released)
    newest, last = max(released, default=None), last_release(released)
    following = last.following() if last else ()
    choices = " or ".join(map(str, following)) or "1.0.0"
    if newest and version <= newest:
        raise InvalidVersion(
            f"{version} goes backwards: {newest} is released.", f"After {last or newest} comes {choices}."
        )
    if last and version.core not in {each.core for each in following}:
        raise InvalidVersion(f"{version} leaves versions out.", f"After {last} comes {choices}.")
