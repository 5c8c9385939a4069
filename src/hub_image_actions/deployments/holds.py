"""Holds: comments that keep an image reference where it is until a day has passed.

A hold stands on the reference's line or on the line above it::

    # image-hold until 2026-12-18: finals week
    image_name: registry.example.org/user-images/stat20-user-image:130d6247d491

The comment is one of the file's language: `#`, or `//` and `/* … */` as in JSON with comments and
Terraform, or a template's `{# … #}` and `{{/* … */}}`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

from hub_image_actions.errors import MalformedHold

_BEGINS = r"(?:#+|//+|/\*+|\{#-?|\{\{-?\s*/\*)"
_ENDS = re.compile(r"\s*(?:\*+/\s*-?\}\}|\*+/|-?#\})\s*$")
# Wider than what a hold is, so that a slip of the pen is an error and not a hold that does not hold.
_COMMENT = re.compile(rf"(?:^|[\s,;]|\ufeff){_BEGINS}\s*(?P<text>image[-_]?holds?\b.*)$", re.IGNORECASE)
_LINE_OF_COMMENT = re.compile(rf"[\ufeff \t]*{_BEGINS}")
_HOLD = re.compile(r"image-hold until (?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})(?::\s*(?P<reason>\S.*?))?\s*")


@dataclass(frozen=True)
class Hold:
    """A reference stays where it is up to and including `until`."""

    until: date
    reason: str

    def __str__(self) -> str:
        return f"held until {self.until.isoformat()}" + (f": {self.reason}" if self.reason else "")


def today() -> date:
    """Return the day that it still is somewhere on Earth, so that no hold ends early anywhere."""
    return datetime.now(timezone(timedelta(hours=-12))).date()


def find_hold(lines: Sequence[str], own_lines: Sequence[int], *, file: str) -> Hold | None:
    """Return the hold that a reference carries; of several, the one that lasts longest.

    Args:
        lines: all lines of the file.
        own_lines: the lines of the reference, counted from 1. A hold stands at the end of one of them, or
            fills the line above one.
        file: the file's name, for the error.

    Raises:
        MalformedHold: a comment begins with ``image-hold`` and goes on in another way.
    """
    comments = ((number, _COMMENT.search(lines[number - 1])) for number in _places(lines, own_lines))
    holds = [_parse(comment["text"], file, number) for number, comment in comments if comment]
    return max(holds, key=lambda hold: hold.until, default=None)


def _places(lines: Sequence[str], own_lines: Sequence[int]) -> Iterator[int]:
    """Yield the lines on which a hold can stand; what ends the line above belongs to that line."""
    for number in dict.fromkeys(own_lines):
        yield number
        if number > 1 and _LINE_OF_COMMENT.match(lines[number - 2]):
            yield number - 1


def _parse(text: str, file: str, line: int) -> Hold:
    match = _HOLD.fullmatch(_ENDS.sub("", text))
    day = _day(match["day"]) if match else None
    if match and day:
        return Hold(day, match["reason"] or "")
    raise MalformedHold(
        f"{file}:{line}: {text.strip()!r} is not a hold.",
        "Write `# image-hold until 2026-12-18: finals week`, with a day that the calendar has.",
        file=file,
        line=line,
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
