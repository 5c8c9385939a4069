"""The log of a build: what the step that failed said, without what builders wrap it in.

BuildKit stamps each line of a step and repeats the last ones, the classic builder counts steps, and
repo2docker ends with a traceback of its own. None of it says why a build failed, and the commands that
they quote name failures that never happened.

Sources: `util/progress/progressui` of https://github.com/moby/buildkit for plain progress,
`builder/dockerfile` of https://github.com/moby/moby for the classic builder, and `repo2docker/utils.py` and
`repo2docker/app.py` of https://github.com/jupyterhub/repo2docker.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from hub_image_actions.terminal_text import as_shown
from hub_image_actions.untrusted_json import InvalidJson, parse_json

_LONGEST_COMMAND = 80
# Expressions take longer the longer a line is, and a step that goes on and on says why it failed at its end.
_LONGEST_END, _MOST_LINES = 400, 5000
_TRACEBACK = "Traceback (most recent call last):"
_REPO2DOCKERS = re.compile(r'^ *File ".*[/\\]repo2docker[/\\][\w/\\]+\.py"')
# What repo2docker raises for any build that fails.
_ONLY_FAILED = re.compile(r"^(?:\w+\.)*(?:BuildError|CalledProcessError)\b")
_STAMPED = re.compile(r"^#(?P<step>\d+) \d+\.\d+(?: (?P<text>.*))?$")
_STEP_ERROR = re.compile(r"^#(?P<step>\d+) ERROR: (?P<text>.*)")
_REPEATED = re.compile(r"^\d+\.\d+ (?P<text>.*)")
_ERROR = re.compile(r"^ERROR: |^failed to (?:solve|receive status)\b")
_SOLVING = re.compile(
    r"^(?:ERROR: )?"
    r"(?:failed to build: |failed to solve(?: with frontend \S+)?: |rpc error: code = \w+ desc = )*"
)
# The steps that are about a base image: older versions do not name it in their errors.
_STEP_BASE = re.compile(r"^#(?P<step>\d+) \[[^\]]*\] (?:load metadata for|FROM) (?P<base>[^\s@]+)")
_CANCELED = re.compile(r"(?i)\bcontext cancel+ed\b|^cancel+ed\b")
_CLASSIC_STEP = re.compile(r"^Step \d+(?:/\d+)? : (?:FROM (?:--\S+ )*(?P<base>\S+))?", re.IGNORECASE)
# What the classic builder says of a registry, without the image that it wanted of it.
_CLASSIC_PULL = re.compile(
    r"^(?:Get|Head) \"?https?://|^error pulling |^received unexpected HTTP status|^toomanyrequests"
)
_CLASSIC_ERROR = re.compile(r"^The command '.*' returned a non-zero code: \d+")
# The command of a step that failed: BuildKit's words, its older ones, and the classic builder's.
_COMMAND = re.compile(
    r"(?P<before>\bprocess \"|executor failed running \[|^The command ')(?P<command>.*)"
    r"(?P<after>\" did not complete successfully|\]: exit code|' returned a non-zero code)"
)
# What builders say that no step did: steps, layers, and the Dockerfile's lines around the failure.
_WRAPPING = re.compile(
    r"^#\d+ |^#\d+$|^-{6,}$|^ > \[|^ *\d+ \| |^ ---> |^Removing intermediate container |"
    r"^Step \d+(?:/\d+)? : |^Sending build context to Docker daemon|^[0-9a-f]{12}: |^ \d+ warnings? found|"
    r"^ - \w+: .* \(line \d+\)$|^(?:During handling of the above|The above) exception |^View build details: |"
    # repo2docker's own, where it writes JSON.
    r"^Error during build: Command '\["
)
_PLACE = re.compile(r"^\S+:\d+$")
_RULE = re.compile(r"^-{20}$")


class Speaker(Enum):
    """Who wrote a line."""

    STEP = auto()
    BUILDER = auto()
    OTHER = auto()


@dataclass(frozen=True)
class LogLine:
    """A line of a log, freed of what it was wrapped in.

    Args:
        text: what it says.
        speaker: who says it.
        step: the step's number; empty where it is of none.
        judged: what of it can say why a build failed: all but a command that is quoted.
    """

    text: str
    speaker: Speaker
    step: str
    judged: str

    @property
    def is_of_a_step(self) -> bool:
        """Whether it only tells that a step failed, by its command."""
        return self.judged != self.text or bool(_COMMAND.search(self.text))


@dataclass(frozen=True)
class BuildLog:
    """What a log says of the failure.

    Args:
        lines: what the step that failed, the builder and others said; all steps where it is not known which
            one failed.
        words: those of them that the step that failed said, then the builder's errors where it said nothing.
    """

    lines: tuple[LogLine, ...]
    words: tuple[LogLine, ...]


def read_build_log(log: Sequence[str]) -> BuildLog:
    """Return what a build's log says of the failure."""
    lines = tuple(_once(_spoken(list(_without_tracebacks(list(_plain(log)))))))
    failed = {line.step for line in lines if line.speaker is Speaker.BUILDER and line.step}
    if not failed:
        errors = tuple(line for line in lines if line.speaker is Speaker.BUILDER)
        own = tuple(line for line in errors if not line.is_of_a_step)
        return BuildLog(lines[-_MOST_LINES:], own or _words(lines) or errors or lines)
    kept = tuple(line for line in lines if not line.step or line.step in failed)[-_MOST_LINES:]
    return BuildLog(kept, _words(kept) or tuple(line for line in kept if line.speaker is Speaker.BUILDER))


def _once(lines: Iterable[LogLine]) -> Iterator[LogLine]:
    """Yield the lines but for what a builder says again at its end."""
    told: set[str] = set()
    for line in lines:
        if line.speaker is not Speaker.BUILDER or line.text not in told:
            yield line
        told.update([line.text] if line.speaker is Speaker.BUILDER else [])


def _words(lines: Iterable[LogLine]) -> tuple[LogLine, ...]:
    return tuple(line for line in lines if line.speaker is Speaker.STEP and line.text.strip())


def _plain(log: Iterable[str]) -> Iterator[str]:
    """Yield the lines as a terminal shows them, and those that repo2docker wrote as JSON as what they say."""
    for line in log:
        for part in _message(line).rstrip("\n").split("\n"):
            yield bounded(as_shown(part))


def bounded(line: str) -> str:
    """Return a line, or the ends of one that is too long to be judged in reasonable time."""
    return line if len(line) <= 2 * _LONGEST_END else f"{line[:_LONGEST_END]} … {line[-_LONGEST_END:]}"


def _message(line: str) -> str:
    if not line.startswith("{"):
        return line
    try:
        said = parse_json(line)
    except InvalidJson:
        return line
    is_logged = isinstance(said, dict) and "phase" in said and isinstance(said.get("message"), str)
    return str(said["message"]) if is_logged else line


def _without_tracebacks(lines: Sequence[str]) -> Iterator[str]:
    """Yield the lines but for repo2docker's own tracebacks; what was raised stays, if it says anything."""
    index, is_after = 0, False
    while index < len(lines):
        end = _traceback_end(lines, index)
        if any(map(_REPO2DOCKERS.match, lines[index:end])):
            index, is_after = end, True
            continue
        if not (is_after and _ONLY_FAILED.match(lines[index])):
            yield from lines[index : max(end, index + 1)]
            is_after = False
        index = max(end, index + 1)


def _traceback_end(lines: Sequence[str], start: int) -> int:
    """Return where the frames of a traceback end that begins at a line; that line, where none does."""
    if lines[start] != _TRACEBACK:
        return start
    end = start + 1
    while end < len(lines) and lines[end].startswith(" "):
        end += 1
    return end


def _spoken(lines: Sequence[str]) -> Iterator[LogLine]:
    """Yield who said what, without what nobody did."""
    is_stamped = any(map(_STAMPED.match, lines))
    bases = {match["step"]: match["base"] for match in map(_STEP_BASE.match, lines) if match}
    step = ""
    for index, line in enumerate(lines):
        if match := _CLASSIC_STEP.match(line):
            step, bases[line] = line, match["base"] or ""
        elif told := _steps(line) or _builders(line, step, bases):
            yield told
        elif match := _REPEATED.match(line):
            if not is_stamped:
                yield LogLine(match["text"], Speaker.STEP, "", match["text"])
        elif not _is_wrapping(line, "".join(lines[index + 1 : index + 2])):
            yield LogLine(line, Speaker.STEP if step else Speaker.OTHER, step, line)


def _is_wrapping(line: str, following: str) -> bool:
    return bool(_WRAPPING.match(line) or (_PLACE.match(line) and _RULE.match(following)))


def _steps(line: str) -> LogLine | None:
    """Return what BuildKit says that a step said; None where it says no such thing."""
    match = _STAMPED.match(line)
    return LogLine(match["text"] or "", Speaker.STEP, match["step"], match["text"] or "") if match else None


def _builders(line: str, step: str, bases: Mapping[str, str]) -> LogLine | None:
    """Return what a builder says of a failure; None where it says nothing of one.

    Args:
        line: the line.
        step: the classic builder's step; empty where there was none.
        bases: the base images that steps are about.
    """
    if match := _STEP_ERROR.match(line):
        base = bases.get(match["step"], "")
        return None if _CANCELED.search(match["text"]) else _error(match["text"], match["step"], base)
    if bases.get(step) and _CLASSIC_PULL.match(line):
        return _error(line, step, bases[step])
    if _CLASSIC_ERROR.match(line):
        return _error(line, step)
    return _error(_SOLVING.sub("", line), "") if _ERROR.match(line) and not step else None


def _error(text: str, step: str, base: str = "") -> LogLine:
    if base not in text:
        text = f"{base}: {text}"

    def shortened(match: re.Match[str]) -> str:
        command = match["command"]
        shown = command if len(command) <= _LONGEST_COMMAND else f"{command[:_LONGEST_COMMAND]}…"
        return f"{match['before']}{shown}{match['after']}"

    judged = _COMMAND.sub(r"\g<before>…\g<after>", text)
    return LogLine(_COMMAND.sub(shortened, text), Speaker.BUILDER, step, judged)
