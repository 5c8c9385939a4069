"""Why a build failed: known failures in its log, named, with what to do about them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import dropwhile, takewhile
from pathlib import Path

from hub_image_actions.checks.build_log import read_build_log

CATALOGUE = Path(__file__).with_name("build_failures.yaml")
_BEFORE, _AFTER, _LONGEST_TREE = 8, 6, 30
_LAST = 20
_MOST_NAMED = 4
# What only shows that time passes, and what each tool says below any error at all.
_NOISE = re.compile(
    r"^[\s|━─=>#.\d%/()\[\]{}+-]*$|^\$ |"
    r"^time: [\d.]+$|^(?:real|user|sys)\s+\d+m[\d.,]+s$|^[\d.]+user [\d.]+system [\d:.]+elapsed|"
    r"^\d+inputs\+\d+outputs|^Command exited with non-zero status|"
    r"^warning +libmamba Retrying in|^\s*If you (?:see this message|run into this error) repeatedly|"
    r"^\s*(?:in which case|Please try) running `(?:micro)?mamba clean|^\s*on {1,2}mamba's issue tracker|"
    r"^\s*If you (?:still are having issues|continue to meet this problem)|^\s*https://github.com/mamba-org/mamba/|"
    r"^return code: \d+$|^Confirm changes: \[Y/n\]|^ *% Total +% Received|^ *Dload +Upload|--:--:-- +[\d:-]+ "
)
# What only says that something has failed, or where, after what says why.
_AFTERWARD = re.compile(
    r"(?i)subprocess-exited-with-error|note: this (?:error|is an issue)|see above for|^ *Execution halted|"
    r"^(?:make|gmake)(?:\[\d+\])?: \*\*\*|log of this run can be found|The downloaded source packages are in|"
    r"CalledProcessError\b|^\[notice\]|^WARNING: (?:Running pip as|You are using pip)|^ninja: build stopped|"
    r"^critical libmamba pip failed|CondaEnvException: Pip failed|^E: Sub-process \S+ returned an error code|"
    r"^Errors were encountered while processing|\[end of output\]|^(?:Stacktrace|Backtrace|Calls):|"
    # Where it happened: Julia, Node.js and Java tell it below the error, R too.
    r"^\s*\[\d+\] \S+\(|^\s*@ |^in expression starting at |^\s+at \S.*[:(]|^Node\.js v\d|^ *\d+\. [└├│]|"
    r"^note: run with `RUST_BACKTRACE|^hub-check: "
)
# R tells its warnings below the error.
_ASIDE = re.compile(r"^In addition: Warning message")
_WARNING = re.compile(
    r"^\s*(?:warning\b|WARNING\b|W: |Warning\b|(?:error|critical) +libmamba Failed to download)"
)
# What builders say of a step, and not the step.
_SILENT = re.compile(r"(?:did not complete successfully|\]|returned a non-zero code): (?:exit code: )?\d+$")
_SILENCE = (
    "A step failed and said nothing",
    "Let its script begin with `set -x`, and take out what hides its errors, such as `2> /dev/null`.",
)
_DIGITS = re.compile(r"0x[0-9a-f]+|\d+")
# The branches of what solvers draw.
_TREE = re.compile(r"^[\s│]*[│├└]|^\s+- ")
_ROOT = re.compile(r"^\s*[├└]|^\s+- package ")
_BRANCH = re.compile(r"^[\s│├└─]*(?:- )?")
_LONGEST_DRAWN = 300


@dataclass(frozen=True)
class KnownFailure:
    """An entry of a catalogue: how a failure shows, what it is, and what to do about it.

    Args:
        name: what it is; `{what}` stands for a group of the pattern that took part.
        pattern: what the line that tells it fits.
        remedy: what to do about it.
        example: an excerpt of a log.
        exception: what lines that it is not told by fit; None where all count.
        beside: what another line of the log must fit; None where one line is enough.
        names: what finds `{what}` in the lines below, one or several; None where the pattern does.
        files: the configuration files of a repository that name it.
        has_last_words: whether what was said last before the line shows it, with the line.
    """

    name: str
    pattern: "re.Pattern[str]"
    remedy: str
    example: str
    exception: "re.Pattern[str] | None" = None
    beside: "re.Pattern[str] | None" = None
    names: "re.Pattern[str] | None" = None
    files: tuple[str, ...] = ()
    has_last_words: bool = False

    def search(self, line: str) -> "re.Match[str] | None":
        """Return where a line tells this failure; None where it does not."""
        match = self.pattern.search(line)
        return None if match and self.exception and self.exception.search(line) else match

    def is_borne_out(self, lines: Sequence[str]) -> bool:
        """Return whether the log has what must stand beside the line."""
        return not self.beside or any(map(self.beside.search, lines))

    def what(self, match: "re.Match[str]", below: Sequence[str]) -> str:
        """Return what the failure is about; empty where nothing says so.

        Args:
            match: where the line tells the failure.
            below: that line and those below it.
        """
        named = next(filter(None, match.groups()), "")
        if named or not self.names:
            return named
        named_in = filter(None, map(self.names.search, below))
        places = [(_column(place), place[place.lastindex or 0]) for place in named_in]
        # What stands further right are the reasons.
        first = min((column for column, _ in places), default=0)
        names = list(dict.fromkeys(name for column, name in places if column == first))
        return " and ".join(names if len(names) <= _MOST_NAMED else [*names[:_MOST_NAMED], "others"])


def _column(match: "re.Match[str]") -> int:
    return match.start() + len(match[0]) - len(match[0].lstrip())


@dataclass(frozen=True)
class Diagnosis:
    """Why a build failed.

    Args:
        name: what happened, in a few words.
        remedy: what to do about it; empty where the failure is not known.
        line: the line of the log that proves it.
        excerpt: that line and those around it; the last ones that mean something where it is not known.
        what: what it is about, such as a package; empty where that is not known.
        files: the configuration files of a repository that may name it.
        is_known: whether a catalogue has it.
    """

    name: str
    remedy: str
    line: str
    excerpt: tuple[str, ...]
    what: str = ""
    files: tuple[str, ...] = ()
    is_known: bool = True


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
        matches = ((index, failure.search(line)) for index, line in enumerate(judged))
        told = [(index, match) for index, match in matches if match]
        if not told or not failure.is_borne_out(judged):
            continue
        # What was only warned of may have passed.
        warned = _warned(judged)
        sure = [each for each in told if not warned[each[0]]] or told
        index, match = next((each for each in sure if any(each[1].groups())), sure[0])
        what = failure.what(match, judged[index : index + _LONGEST_TREE])
        return Diagnosis(
            " ".join(failure.name.format(what=what).split()).rstrip(": "),
            failure.remedy,
            _shown_of(failure, shown, index),
            _around(shown, index),
            what,
            failure.files,
        )
    return None


def _shown_of(failure: KnownFailure, lines: Sequence[str], index: int) -> str:
    """Return what shows a failure that a line tells: mostly that line."""
    own = lines[index].strip()
    if failure.has_last_words and (last := _last_words(_telling(lines[:index]))):
        return f"{last} ({own})"
    return (_drawn(lines[index:]) if failure.names else "") or own


def _drawn(lines: Sequence[str]) -> str:
    """Return in one line what a solver drew at a line or below; empty where it drew nothing."""
    tree = dropwhile(lambda line: not _ROOT.search(line), lines[:_LONGEST_TREE])
    text = " ".join(_BRANCH.sub("", line) for line in takewhile(_TREE.search, tree))
    return text if len(text) <= _LONGEST_DRAWN else f"{text[:_LONGEST_DRAWN]}…"


def _around(lines: Sequence[str], index: int) -> tuple[str, ...]:
    """Return a line with those before and after it that mean something, and all of what a solver drew."""
    before = _telling(lines[:index])[-_BEFORE:]
    after = _telling(lines[index + 1 :])[:_LONGEST_TREE]
    root = next((number for number, line in enumerate(after[:_AFTER]) if _TREE.search(line)), 0)
    tree = list(takewhile(_TREE.search, after[root:]))
    return (*before, lines[index], *after[: max(root + len(tree), _AFTER)])


def _unknown(words: Sequence[str], shown: Sequence[str]) -> Diagnosis:
    excerpt = tuple(_telling(shown)[-_LAST:])
    if all(_SILENT.search(line) for line in _telling(words)) and excerpt:
        return Diagnosis(*_SILENCE, excerpt[-1].strip(), excerpt, is_known=False)
    return Diagnosis("The build failed", "", _last_words(_telling(words)), excerpt, is_known=False)


def _last_words(telling: Sequence[str]) -> str:
    """Return the last of the lines that says why; empty where there are none."""
    said = list(takewhile(lambda line: not _ASIDE.search(line), telling)) or telling
    last = [line for line in said if not _AFTERWARD.search(line)] or said
    return last[-1].strip() if last else ""


def _telling(lines: Sequence[str]) -> list[str]:
    """Return the lines that say something, a warning that comes again and again only as it came last."""
    warned = _warned(lines)
    last = {_gist(line): index for index, line in enumerate(lines) if warned[index]}
    return [
        line
        for index, line in enumerate(lines)
        if not (_NOISE.search(line) or (warned[index] and last[_gist(line)] != index))
    ]


def _warned(lines: Sequence[str]) -> list[bool]:
    """Return for each line whether it is a warning, or an indented one below it that belongs to it."""
    warned, is_warning = [], False
    for line in lines:
        is_warning = bool(_WARNING.search(line)) or (is_warning and line.startswith("    "))
        warned.append(is_warning)
    return warned


def _gist(line: str) -> str:
    return _DIGITS.sub("", line)


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
            _optional(entry.get("except")),
            _optional(entry.get("with")),
            _optional(entry.get("names")),
            tuple(entry.get("files", ())),
            bool(entry.get("last")),
        )
        for entry in entries
    )


def _optional(given: str | list[str] | None) -> "re.Pattern[str] | None":
    return _pattern(given) if given else None


def _pattern(given: str | list[str]) -> "re.Pattern[str]":
    """Return the expression that fits what any of those given does."""
    return re.compile(given if isinstance(given, str) else "|".join(given))
