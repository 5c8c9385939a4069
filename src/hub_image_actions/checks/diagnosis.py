"""Why a build failed: known failures in its log, named, with what to do about them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CATALOGUE = Path(__file__).with_name("build_failures.yaml")
_BEFORE, _AFTER = 8, 4
_LAST = 20
# What only says that something failed, or that time passes.
_NOISE = re.compile(
    r"^\s*$|^#\d+ (?:DONE|CACHED|sha256|extracting|transferring|CANCELED)|^-+$|^\s*[|━ ]+\s*$|^\$ |"
    r"^#\d+ building with |Removing intermediate container|^ ---> "
)
# What the builders say of any step that fails, after what the step itself said.
_WRAPPING = re.compile(
    r"failed to solve|did not complete successfully|executor failed|returned a non-zero code|^ > \[|"
    r"^\w*Dockerfile\S*:\d+|^ *\d+ \| |^Traceback|^  (?:File|  )|BuildError|CalledProcessError|"
    r"^#\d+ (?:ERROR|\[)"
)
_PREFIX = re.compile(r"^(?:#\d+ )?\d+\.\d+ ")


@dataclass(frozen=True)
class KnownFailure:
    """An entry of the catalogue: how a failure shows, what it is, and what to do about it."""

    name: str
    pattern: "re.Pattern[str]"
    remedy: str
    example: str


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


def diagnose(log: Sequence[str], known: Sequence[KnownFailure] | None = None) -> Diagnosis:
    """Return why a build failed: the first failure of the catalogue that its log shows.

    The catalogue's order decides, not the log's: a cause comes before what follows from it.

    Args:
        log: the lines.
        known: the catalogue; that of builds where none is given.
    """
    for failure in catalogue() if known is None else known:
        for index, line in enumerate(log):
            if match := failure.pattern.search(line):
                what = next(filter(None, match.groups()), "")
                around = log[max(0, index - _BEFORE) : index + _AFTER + 1]
                return Diagnosis(
                    " ".join(failure.name.format(what=what).split()),
                    failure.remedy,
                    line.strip(),
                    tuple(around),
                )
    last = [line for line in log if not _NOISE.search(line)][-_LAST:]
    telling = [line for line in last if not _WRAPPING.search(line)] or last
    return Diagnosis(
        "The build failed", "", _PREFIX.sub("", telling[-1]).strip() if telling else "", tuple(last)
    )


@cache
def catalogue(path: Path = CATALOGUE) -> tuple[KnownFailure, ...]:
    """Return the known failures that a file lists, causes before consequences."""
    from ruamel.yaml import YAML

    entries = YAML(typ="safe", pure=True).load(path)
    return tuple(
        KnownFailure(
            entry["name"], re.compile(entry["pattern"]), " ".join(entry["remedy"].split()), entry["example"]
        )
        for entry in entries
    )
