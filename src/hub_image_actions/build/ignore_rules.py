"""What a `.dockerignore` keeps out of an image's context.

The rules are those of the engine's own matcher. Where they are in doubt, a file is not kept out: what is
staged for a build may be more than the builder takes, and never less.

Source: https://docs.docker.com/build/concepts/context/#dockerignore-files and
https://github.com/moby/patternmatcher.
"""

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

_BOM = "\ufeff"


@dataclass(frozen=True)
class IgnoreRule:
    """One line: a pattern, and whether it takes back what those before it kept out."""

    pattern: str
    is_exception: bool

    @cached_property
    def _regex(self) -> "re.Pattern[str] | None":
        try:
            return re.compile(_as_regex(self.pattern), re.DOTALL)
        except re.error:
            # The engine refuses such a file; it is for the build to say.
            return None

    def matches(self, name: str) -> bool:
        """Say whether the pattern matches a file, or a folder that it lies in."""
        parts = name.split("/")
        regex = self._regex
        return regex is not None and any(
            regex.fullmatch("/".join(parts[: depth + 1])) for depth in range(len(parts))
        )


@dataclass(frozen=True)
class IgnoreRules:
    """The rules of one file, in their order: the last one that matches decides."""

    rules: tuple[IgnoreRule, ...] = ()

    @classmethod
    def parsed(cls, text: str) -> "IgnoreRules":
        """Return the rules that a file's text has."""
        lines = text.removeprefix(_BOM).split("\n")
        return cls(tuple(rule for rule in map(_rule, lines) if rule))

    def excludes(self, name: str) -> bool:
        """Say whether a file or folder is kept out; its name is relative to the context."""
        excluded = False
        for rule in self.rules:
            # A rule that would change nothing need not be asked.
            if rule.is_exception == excluded and rule.matches(name):
                excluded = not excluded
        return excluded

    @property
    def has_exceptions(self) -> bool:
        """Whether something below a folder that is kept out may be taken in again."""
        return any(rule.is_exception for rule in self.rules)


def read_ignore_rules(files: Iterable[Path]) -> IgnoreRules:
    """Return the rules of the files that are there, one after the other."""
    texts = (file.read_bytes().decode(errors="replace") for file in files if file.is_file())
    return IgnoreRules(tuple(rule for text in texts for rule in IgnoreRules.parsed(text).rules))


def _rule(line: str) -> IgnoreRule | None:
    if line.startswith("#"):
        return None
    pattern = line.strip()
    is_exception = pattern.startswith("!")
    pattern = pattern[1:].strip() if is_exception else pattern
    if not pattern:
        return None
    # Many of them in a row say no more than one, and would be tried in all ways.
    pattern = re.sub(r"(?:\*\*/)+", "**/", posixpath.normpath(pattern))
    # Unlike Go's, Python's way to clean a path keeps two slashes in front.
    return IgnoreRule(pattern.lstrip("/") or ".", is_exception)


def _as_regex(pattern: str) -> str:
    pieces, position = [], 0
    while position < len(pattern):
        char = pattern[position]
        position += 1
        if char == "*" and pattern.startswith("*", position):
            position += 1
            if pattern.startswith("/", position):
                position += 1
            pieces.append(".*" if position >= len(pattern) else "(?:.*/)?")
        elif char == "*":
            pieces.append("[^/]*")
        elif char == "?":
            pieces.append("[^/]")
        elif char == "\\" and position < len(pattern):
            pieces.append(re.escape(pattern[position]))
            position += 1
        elif char == "[" and (end := pattern.find("]", position + 1)) > 0:
            characters = pattern[position:end].replace("\\", "\\\\").replace("[", "\\[")
            pieces.append(f"[{characters}]")
            position = end + 1
        else:
            pieces.append(re.escape(char))
    return "".join(pieces)
