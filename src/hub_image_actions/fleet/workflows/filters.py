"""Filters of branches, tags and paths: what a workflow's event means with them.

Source: "Filter pattern cheat sheet" in
https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_PARTS = re.compile(
    r"(?P<kind>\*\*/|\*\*|\*|\[(?P<listed>[^\]]+)\]|\\?(?P<one>.))(?P<often>[?+]*)", re.DOTALL
)
_RANGE = re.compile(r"(.)-(.)|(.)", re.DOTALL)
_LAST_OF_RANGES = ord("z")
# No path of Linux is longer: a longer pattern is not meant for one.
_LONGEST_PATTERN = 4096


@dataclass(frozen=True)
class _Part:
    """A part of a pattern: which characters it means, and how many of them.

    Args:
        kind: ``**/``, ``**``, ``*``, or that which means one character.
        characters: what one character may be.
        optional: whether there may be none of it.
        repeated: whether there may be more of it.
    """

    kind: str
    characters: frozenset[str]
    optional: bool
    repeated: bool

    def ends(self, name: str, starts: set[int]) -> set[int]:
        """Return where the part may end in a name, if it may start at these places."""
        first = min(starts, default=len(name) + 1)
        if self.kind == "**/":
            return starts | {at + 1 for at in range(first, len(name)) if name[at] == "/"}
        if self.kind == "**":
            return set(range(first, len(name) + 1))
        found = set(starts) if self.optional else set()
        for start in starts:
            at = start
            while at < len(name) and at + 1 not in found and self._means(name[at]):
                at += 1
                found.add(at)
                if not self.repeated:
                    break
        return found

    def _means(self, character: str) -> bool:
        return character != "/" if self.kind == "*" else character in self.characters


def matches(patterns: Sequence[str], name: str) -> bool:
    """Say whether a path, branch or tag is meant by a filter; of several patterns, the last that fits counts.

    Args:
        patterns: the filter. One that begins with ``!`` takes back what those before it mean.
        name: the path, branch or tag.
    """
    meant = False
    for pattern in patterns:
        if _fits(pattern.removeprefix("!"), name):
            meant = not pattern.startswith("!")
    return meant


def _fits(pattern: str, name: str) -> bool:
    # Not a regular expression: somebody else's pattern of many `+` could keep one busy for hours.
    if len(pattern) > _LONGEST_PATTERN:
        return False
    places = {0}
    for part in _parts(pattern):
        places = part.ends(name, places)
    return len(name) in places


def _parts(pattern: str) -> Iterator[_Part]:
    for match in _PARTS.finditer(pattern):
        kind, listed, often = match["kind"], match["listed"], match["often"]
        star = kind == "*"
        characters = frozenset(_listed(listed) if listed else match["one"] or "")
        yield _Part(kind, characters, star or "?" in often, star or "+" in often)


def _listed(text: str) -> Iterator[str]:
    """Yield the characters of `[…]`: those that are listed, and those of the ranges."""
    for first, last, alone in _RANGE.findall(text):
        # "Ranges can only include a-z, A-Z, and 0-9."
        yield from map(chr, range(ord(first), min(ord(last), _LAST_OF_RANGES) + 1)) if first else alone
