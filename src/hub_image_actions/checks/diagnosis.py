"""Why a build failed: known failures in its log, named, with what to do about them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from hub_image_actions.checks.build_log import read_build_log

CATALOGUE = Path(__file__).with_name("build_failures.yaml")
_BEFORE, _AFTER = 8, 4
_LAST = 20
# What only shows that time passes.
_NOISE = re.compile(r"^[\s|━─=>#.\d%/-]*$|^\$ ")
# What only says that something has failed, after what says why.
_AFTERWARD = re.compile(
    r"(?i)subprocess-exited-with-error|note: this (?:error|is an issue)|see above for|^ *Execution halted|"
    r"^make(?:\[\d+\])?: \*\*\*|log of this run can be found|The downloaded source packages are in|"
    r"CalledProcessError\b|^\[notice\]|^WARNING: Running pip as"
)


@dataclass(frozen=True)
class KnownFailure:
    """An entry of a catalogue: how a failure shows, what it is, and what to do about it.

    Args:
        name: what it is; `{what}` stands for a group of the pattern that took part.
        pattern: what the line that tells it fits.
        remedy: what to do about it.
        example: an excerpt of a log.
        exception: what lines that it is not told by fit; None where all count.
    """

    name: str
    pattern: "re.Pattern[str]"
    remedy: str
    example: str
    exception: "re.Pattern[str] | None" = None

    def search(self, line: str) -> "re.Match[str] | None":
        """Return where a line tells this failure; None where it does not."""
        match = self.pattern.search(line)
        return None if match and self.exception and self.exception.search(line) else match


@dataclass(frozen=True)
class Diagnosis:
    """Why a build failed.

    Args:
        name: what happened, in a few words.
        remedy: what to do about it; empty where the failure is not known.
        line: the line of the log that proves it.
        excerpt: that line and those around it; the last ones that mean something where it is not known.
    """

    name: str
    remedy: str
    line: str
    excerpt: tuple[str, ...]


def diagnose(log: Sequence[str], known: Sequence[KnownFailure]) -> Diagnosis:
    """Return what went wrong: the first failure of a catalogue that a log shows, else its last words.

    The catalogue's order decides, not the log's: a cause comes before what follows from it.

    Args:
        log: the lines.
        known: the catalogue.
    """
    return _known(log, log, known) or _unknown(log, log)


def diagnose_build(log: Sequence[str]) -> Diagnosis:
    """Return why a build failed, judged by what the step that failed and the builder say.

    Args:
        log: the lines of the builder, as it wrote them.
    """
    said = read_build_log(log)
    shown = [line.text for line in said.lines]
    judged = [line.judged for line in said.lines]
    return _known(judged, shown, catalogue()) or _unknown([line.text for line in said.words], shown)


def _known(judged: Sequence[str], shown: Sequence[str], known: Sequence[KnownFailure]) -> Diagnosis | None:
    for failure in known:
        for index, line in enumerate(judged):
            if match := failure.search(line):
                what = next(filter(None, match.groups()), "")
                return Diagnosis(
                    " ".join(failure.name.format(what=what).split()),
                    failure.remedy,
                    shown[index].strip(),
                    tuple(shown[max(0, index - _BEFORE) : index + _AFTER + 1]),
                )
    return None


def _unknown(words: Sequence[str], shown: Sequence[str]) -> Diagnosis:
    telling = [line for line in words if not _NOISE.search(line)]
    last = [line for line in telling if not _AFTERWARD.search(line)] or telling
    excerpt = [line for line in shown if not _NOISE.search(line)]
    return Diagnosis("The build failed", "", last[-1].strip() if last else "", tuple(excerpt[-_LAST:]))


@cache
def catalogue(path: Path = CATALOGUE) -> tuple[KnownFailure, ...]:
    """Return the known failures that a file lists, causes before consequences."""
    from ruamel.yaml import YAML

    entries = YAML(typ="safe", pure=True).load(path)
    return tuple(
        KnownFailure(
            entry["name"],
            _pattern(entry["pattern"]),
            " ".join(entry["remedy"].split()),
            entry["example"],
            _pattern(entry["except"]) if "except" in entry else None,
        )
        for entry in entries
    )


def _pattern(given: str | list[str]) -> "re.Pattern[str]":
    """Return the expression that fits what any of those given does."""
    return re.compile(given if isinstance(given, str) else "|".join(given))
