"""Waves: which repositories are upgraded first, and when the next ones may follow.

A wave is done when each of its repositories has merged its pull request and its next build on the default
branch is green. A red build stops everything after it, and so does an upgrade that somebody undid. Nothing
here asks GitHub.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hub_image_actions.errors import ActionError
from hub_image_actions.names import parse_full_name

State = Literal[
    "waiting", "open", "building", "unbuilt", "green", "red", "undone", "current", "declined", "failed"
]
WaveState = Literal["waiting", "open", "done", "stopped"]
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,29}")
_MOST_NAMED = 5
STOPPING: frozenset[State] = frozenset({"red", "undone"})
_FINISHED = {"green", "current", "declined"}
# A run that was cancelled or skipped says nothing about the image.
_RED = {"failure", "timed_out", "startup_failure"}
_WORST_FIRST: Sequence[State] = ("red", "building", "green")
_IN_WORDS: Mapping[State, str] = {
    "waiting": "without a pull request",
    "open": "with a pull request to be merged",
    "building": "whose build runs",
    "unbuilt": "merged and not built since",
    "failed": "that could not be examined",
}


@dataclass(frozen=True)
class Wave:
    """A wave as it is asked for.

    Args:
        name: what it is called.
        count: how many of the repositories that are left it takes; None for all of them.
        members: the repositories that it is for; then `count` does not matter.
    """

    name: str
    count: int | None = None
    members: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """What a wave has come to, and why."""

    state: WaveState
    reason: str


def parse_waves(text: str) -> tuple[Wave, ...]:
    """Return the waves of an option, as ``canary=2,rest``.

    Raises:
        ActionError: it is written in another way.
    """
    return _checked([_wave(part) for part in text.split(",")])


def read_waves(path: Path) -> tuple[Wave, ...]:
    """Return the waves of a YAML file: name → list of repositories, how many, or nothing for the others.

    Raises:
        ActionError: the file cannot be read, or holds something else.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        held = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise ActionError(f"The waves in {path} cannot be read: {error}.", "Check --waves.") from error
    if not isinstance(held, dict):
        raise ActionError(f"{path} holds no waves.", "Write `canary: [owner/name]`, and `rest:` at the end.")
    return _checked([_listed(str(name), value, path) for name, value in held.items()])


def assign(
    waves: Sequence[Wave], names: Sequence[str], recorded: Mapping[str, Sequence[str]]
) -> dict[str, tuple[str, ...]]:
    """Return the members of each wave; a repository stays in the wave in which it was before.

    Args:
        waves: the waves that are asked for.
        names: the repositories, in the order in which counted waves take them.
        recorded: the members of counted waves when the rollout began.

    Raises:
        ActionError: a repository is in no wave, or a wave names one that was not chosen.
    """
    left = {name.lower(): name for name in names}
    for wave in waves:
        if strange := [name for name in wave.members if name.lower() not in left]:
            remedy = "Choose it as well, or take it out of the wave."
            raise ActionError(f"{strange[0]} is in the wave {wave.name!r} and was not chosen.", remedy)
    found: dict[str, tuple[str, ...]] = {}
    kept = {wave.name: _take(left, (*wave.members, *_past(wave, recorded))) for wave in waves}
    for wave in waves:
        missing = len(left) if wave.count is None else wave.count - len(_past(wave, recorded))
        more = () if wave.members else _take(left, list(left)[: max(missing, 0)])
        found[wave.name] = (*kept[wave.name], *more)
    if left:
        rest = _named(list(left.values()))
        raise ActionError(
            f"In no wave: {rest}.", "End the waves with one for all others, as in `canary=2,rest`."
        )
    return found


def record_of(waves: Sequence[Wave], assigned: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return what has to be kept so that a later run finds the same waves: who was counted into which."""
    return {wave.name: list(assigned[wave.name]) for wave in waves if wave.count is not None}


def build_state(conclusions: Iterable[str | None]) -> State:
    """Return what the builds since a merge say: one that is green is enough.

    Args:
        conclusions: how each of them ended; None for one that has not.
    """
    seen = set(conclusions)
    if "success" in seen:
        return "green"
    if None in seen:
        return "building"
    return "red" if seen & _RED else "unbuilt"


def state_of_builds(states: Iterable[State]) -> State:
    """Return what the states of several workflows come to; one that was not run does not count."""
    seen = set(states)
    return next((state for state in _WORST_FIRST if state in seen), "unbuilt")


def judge(states: Mapping[str, State]) -> Verdict:
    """Return what a wave has come to.

    Args:
        states: its repositories and what each has come to.
    """
    if red := [name for name, state in states.items() if state == "red"]:
        return Verdict("stopped", f"the build on the default branch is red: {_named(red)}")
    if undone := [name for name, state in states.items() if state == "undone"]:
        return Verdict("stopped", f"the upgrade was undone: {_named(undone)}")
    if open_ones := [state for state in states.values() if state not in _FINISHED]:
        counts = Counter(open_ones)
        told = (f"{counts[state]} {words}" for state, words in _IN_WORDS.items() if counts[state])
        return Verdict("open", ", ".join(told))
    declined = [name for name, state in states.items() if state == "declined"]
    # Nobody has tried the version then: going on would make the next wave the first.
    if declined and len(declined) == len(states):
        return Verdict("stopped", f"every pull request was declined: {_named(declined)}")
    return Verdict("done", _done(Counter(states.values())))


def _done(counts: Mapping[State, int]) -> str:
    words = (
        ("green", "merged and built"),
        ("current", "with nothing to do"),
        ("declined", "declined"),
    )
    told = [f"{counts[state]} {said}" for state, said in words if counts[state]]  # type: ignore[index]  # literals
    return ", ".join(told) or "no repository"


def _wave(text: str) -> Wave:
    name, equals, count = map(str.strip, text.partition("="))
    if equals and not (count.isascii() and count.isdigit() and int(count)):
        raise ActionError(f"--waves: {text.strip()!r} has no number.", "Write it as in `canary=2,rest`.")
    return Wave(name, int(count) if equals else None)


def _listed(name: str, value: object, path: Path) -> Wave:
    if value is None:
        return Wave(name)
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return Wave(name, value)
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        return Wave(name, None, tuple(map(parse_full_name, value)))
    raise ActionError(
        f"{path}: the wave {name!r} is no list of repositories.",
        "Write `[owner/name]`, a number, or nothing for all others.",
    )


def _checked(waves: Sequence[Wave]) -> tuple[Wave, ...]:
    for wave in waves:
        if not _NAME.fullmatch(wave.name):
            raise ActionError(
                f"{wave.name!r} is no name for a wave.", "Use letters, digits and hyphens, 30 at most."
            )
    if len({wave.name.lower() for wave in waves}) < len(waves):
        raise ActionError("Two waves have the same name.", "Give each another.")
    members = Counter(name.lower() for wave in waves for name in wave.members)
    if twice := [name for name, count in members.items() if count > 1]:
        raise ActionError(f"{twice[0]} is in two waves.", "Leave it in one.")
    if any(wave.count is None and not wave.members for wave in waves[:-1]):
        raise ActionError("Only the last wave can take all others.", "Write it as in `canary=2,rest`.")
    return tuple(waves)


def _past(wave: Wave, recorded: Mapping[str, Sequence[str]]) -> Sequence[str]:
    return () if wave.count is None else recorded.get(wave.name, ())


def _take(left: dict[str, str], names: Iterable[str]) -> tuple[str, ...]:
    return tuple(left.pop(name.lower()) for name in names if name.lower() in left)


def _named(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
