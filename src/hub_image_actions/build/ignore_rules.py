"""What a `.dockerignore` keeps out of a build: never more than its reader does, and less where in doubt.

Docker and repo2docker read such a file in different ways. What is staged for a build may be more than the
builder takes, and never less.

Source: https://docs.docker.com/build/concepts/context/#dockerignore-files,
https://github.com/moby/patternmatcher, and `docker/utils/build.py` of https://github.com/docker/docker-py,
which repo2docker uses.
"""

import posixpath
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

_BOM = "\ufeff"
_WILDCARD = re.compile(r"[*?\[\]\\]")
# Bytes that are no UTF-8, which fit one another in Go, and control characters: Python takes some for blanks.
_DOUBTFUL = re.compile(r"[\x00-\x08\x0e-\x1f\ud800-\udfff]")
# What one character of a name is compared with. Of sets, those which are the same in Go and in Python, and
# in which no slash can be: Go takes one for a character as any other.
_PIECE = re.compile(
    r"(?P<any>[*?])|\\(?P<escaped>[ -/:-@\[-`{-~])|(?P<set>\[(?:[A-Za-z0-9_](?:-[A-Za-z0-9_])?|\.)+\])"
    r"|(?P<plain>[^*?\[\]\\^])",
    re.DOTALL,
)
_Fits = Callable[[str], bool]
# One for each part of what is compared; None stands for any number of parts.
_Pattern = Sequence[_Fits | None]
# What docker-py takes in whatever a file says, and where it looks for a Dockerfile.
_ALWAYS_IN = ("Dockerfile", "binder/Dockerfile", ".binder/Dockerfile", ".dockerignore")


class IgnoreRules(Protocol):
    """What one reader of a `.dockerignore` makes of it."""

    def excludes(self, name: str) -> bool:
        """Say whether a file or folder is kept out; its name is relative to the context."""

    def looks_into(self, folder: str) -> bool:
        """Say whether something in a folder that is kept out may be taken in again."""


@dataclass(frozen=True)
class IgnoreRule:
    """One line: a pattern, and whether it takes back what those before it kept out.

    Args:
        pattern: the pattern, cleaned as a path is.
        is_exception: whether it stands behind a `!`.
        parts: what it wants of each part of a name; None where it is not understood.
    """

    pattern: str
    is_exception: bool
    parts: _Pattern | None

    def fits(self, name: str) -> bool:
        """Say whether the pattern fits a name as a whole."""
        return self.parts is not None and _fit(self.parts, name.split("/"))


@dataclass(frozen=True)
class _Standing:
    """How rules stand at a folder: which fitted, asked in either way, and what comes of it."""

    by_walk: tuple[bool, ...]
    by_path: tuple[bool, ...]
    out: bool


@dataclass(frozen=True)
class DockerIgnoreRules:
    """The rules as Docker reads them: the last one that fits decides.

    BuildKit asks on its way down which rules fitted the folder above, and leaves out those that would change
    nothing there; an older builder asks every rule for each folder above. What both keep out is out.
    """

    rules: tuple[IgnoreRule, ...] = ()
    _folders: dict[str, _Standing] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def parsed(cls, text: str) -> "DockerIgnoreRules":
        """Return the rules that a file's text has."""
        lines = [line for line in text.removeprefix(_BOM).split("\n") if not line.startswith("#")]
        rules = [_rule(line, escapes=True) for line in lines if line.strip()]
        if any(rule.is_exception for rule in rules) and any(rule.parts is None for rule in rules):
            # How one rule is asked depends on all others.
            return cls()
        return cls(tuple(rule for rule in rules if rule.parts is not None))

    def excludes(self, name: str) -> bool:
        """Say whether a file or folder is kept out; its name is relative to the context."""
        # In some patterns, a line break is a character as any other, in others not.
        return bool(self.rules) and "\n" not in name and self._standing(name).out

    def looks_into(self, folder: str) -> bool:
        """Say whether something in a folder that is kept out may be taken in again."""
        return any(rule.is_exception for rule in self.rules)

    def _standing(self, name: str) -> _Standing:
        folder = name.rpartition("/")[0]
        if folder and folder not in self._folders:
            self._folders[folder] = self._standing(folder)
        above = self._folders.get(folder)
        by_walk, by_path = list[bool](), list[bool]()
        out_by_walk = out_by_path = False
        for number, rule in enumerate(self.rules):
            fits = rule.fits(name)
            walks = bool(above and above.by_walk[number]) or (fits and rule.is_exception == out_by_walk)
            fits = fits or bool(above and above.by_path[number])
            out_by_walk = not rule.is_exception if walks else out_by_walk
            out_by_path = not rule.is_exception if fits else out_by_path
            by_walk.append(walks)
            by_path.append(fits)
        return _Standing(tuple(by_walk), tuple(by_path), out_by_walk and out_by_path)


@dataclass(frozen=True)
class Repo2dockerIgnoreRules:
    """The rules as repo2docker reads them: the last one that fits a name, or its beginning, decides."""

    rules: tuple[IgnoreRule, ...] = ()

    @classmethod
    def parsed(cls, text: str) -> "Repo2dockerIgnoreRules":
        """Return the rules that a file's text has."""
        lines = [line.strip() for line in text.splitlines()]
        lines = [line for line in lines if line and not line.startswith("#")]
        return cls(
            tuple(_rule(line, escapes=False) for line in (*lines, *(f"!{name}" for name in _ALWAYS_IN)))
        )

    def excludes(self, name: str) -> bool:
        """Say whether a file or folder is kept out; its name is relative to the context."""
        excluded = False
        for rule in self.rules:
            if rule.is_exception == excluded and self._fits(rule, name):
                excluded = not excluded
        return excluded and "\n" not in name

    def looks_into(self, folder: str) -> bool:
        """Say whether something in a folder that is kept out may be taken in again."""
        exceptions = (rule for rule in self.rules if rule.is_exception)
        return any(
            rule.parts is None or rule.pattern.lower().startswith(folder.lower()) for rule in exceptions
        )

    def _fits(self, rule: IgnoreRule, name: str) -> bool:
        if rule.parts is None:
            return rule.is_exception
        # It takes small letters for capitals; that counts only where it takes something in.
        parts = (name.lower() if rule.is_exception else name).split("/")
        begin = parts[: len(rule.pattern.split("/"))]
        return _fit(rule.parts, parts) or (len(begin) < len(parts) and _fit(rule.parts, begin))


def read_text(files: Iterable[Path]) -> str:
    """Return the lines of the files that are there, one file after the other."""
    texts = (file.read_bytes().decode(errors="surrogateescape") for file in files if file.is_file())
    return "\n".join(texts)


def _rule(line: str, *, escapes: bool) -> IgnoreRule:
    pattern = line.strip()
    is_exception = pattern.startswith("!")
    pattern = posixpath.normpath(pattern.removeprefix("!").strip() or ".")
    # Unlike Go's, Python's way to clean a path keeps two slashes in front.
    pattern = pattern.lstrip("/") or "."
    is_clear = not _DOUBTFUL.search(line) and (escapes or not pattern.startswith(".."))
    # repo2docker takes small letters for capitals, which only counts where it takes something in.
    compared = pattern.lower() if is_exception and not escapes else pattern
    return IgnoreRule(pattern, is_exception, _parts(compared, escapes=escapes) if is_clear else None)


def _parts(pattern: str, *, escapes: bool) -> _Pattern | None:
    """Return what a pattern wants of each part of a name; None where it is not understood."""
    if not _WILDCARD.search(pattern):
        return tuple(map(_same, pattern.split("/")))
    parts: list[_Fits | None] = []
    names = pattern.split("/")
    for name in names:
        part = None if name == "**" else _part(name, escapes=escapes)
        if part is None and name != "**":
            return None
        parts.append(part)
    if names[-1] == "**" and len(names) > 1:
        # All that is in a folder, but not the folder itself.
        parts.insert(-1, _anything)
    return tuple(parts)


def _part(text: str, *, escapes: bool) -> _Fits | None:
    """Return what says whether one part of a name fits; None where the pattern is not understood."""
    pieces = list(_PIECE.finditer(text))
    if "".join(piece[0] for piece in pieces) != text or "**" in text or ("\\" in text and not escapes):
        return None
    try:
        characters = [None if piece[0] == "*" else _character(piece) for piece in pieces]
    except re.error:
        return None
    return lambda part: _fit(characters, part)


def _character(piece: re.Match[str]) -> _Fits:
    if piece["set"]:
        expression = re.compile(piece["set"])
        return lambda character: bool(expression.fullmatch(character))
    return _anything if piece["any"] else _same(piece["escaped"] or piece["plain"])


def _same(wanted: str) -> _Fits:
    return wanted.__eq__


def _anything(_: str) -> bool:
    return True


def _fit(wanted: _Pattern, parts: Sequence[str]) -> bool:
    """Say whether each part is as wanted, in time that is linear in both."""
    at = position = 0
    last, resumed = -1, 0
    while position < len(parts):
        want = wanted[at] if at < len(wanted) else None
        if at < len(wanted) and want is None:
            last, resumed, at = at, position, at + 1
        elif want is not None and want(parts[position]):
            at, position = at + 1, position + 1
        elif last >= 0:
            # Only the last `*` needs another try: what those before it took can stay.
            resumed += 1
            at, position = last + 1, resumed
        else:
            return False
    return all(want is None for want in wanted[at:])
