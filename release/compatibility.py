"""What a release changes for workflows that use the actions: their inputs, outputs and names.

An input that is not given has its default, so a workflow that gave none sees every change of a default. One
such change is expected of a minor release: a default that is a version of something, and moves forward.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hub_image_actions.errors import ActionError
from release.version import STEPS, Step, Version

_VERSION_NUMBER = re.compile(r"v?(\d+(?:\.\d+)+)")


class IncompatibleRelease(ActionError):
    """A version that promises more compatibility than the release has."""


@dataclass(frozen=True)
class Input:
    """An input as action.yml declares it."""

    required: bool = False
    default: str = ""


@dataclass(frozen=True)
class Declaration:
    """What an action.yml declares to those who use it."""

    inputs: Mapping[str, Input] = field(default_factory=dict)
    outputs: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Change:
    """A difference between two releases, and the step of the version that it needs.

    Args:
        step: the step.
        actions: the paths of the actions that have it.
        what: what it is.
    """

    step: Step
    actions: str
    what: str

    def __str__(self) -> str:
        return f"{self.actions}: {self.what}"


NO_CHANGES: tuple[Change, ...] = ()


def read_declaration(content: str, path: str) -> Declaration:
    """Return what an action.yml declares.

    Raises:
        ActionError: it is no YAML, or no action's.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        loaded = YAML(typ="safe", pure=True).load(content)
        inputs = {str(name): _input(entry or {}) for name, entry in (loaded.get("inputs") or {}).items()}
        return Declaration(inputs, frozenset(map(str, loaded.get("outputs") or {})))
    except (YAMLError, AttributeError) as error:
        raise ActionError(f"{path} cannot be read: {error}", "Mend it, as scripts/check says.") from error


def _input(entry: Mapping[str, Any]) -> Input:
    return Input(_text(entry.get("required")) == "true", _text(entry.get("default")))


def _text(value: object) -> str:
    # GitHub reads `true` and 'true' alike, and no value as an empty text.
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def changes(before: Mapping[str, Declaration], after: Mapping[str, Declaration]) -> tuple[Change, ...]:
    """Return what differs between the actions of two releases, by the paths that workflows name them by."""
    found: dict[tuple[Step, str], list[str]] = {}
    for action in sorted({*before, *after}):
        for step, what in _changes_of(before.get(action), after.get(action)):
            found.setdefault((step, what), []).append(action)
    return tuple(Change(step, ", ".join(actions), what) for (step, what), actions in found.items())


def _changes_of(before: Declaration | None, after: Declaration | None) -> Iterator[tuple[Step, str]]:
    if after is None:
        yield "major", "the action was removed or renamed"
    elif before is None:
        yield "minor", "the action is new"
    else:
        yield from _changes_of_inputs(before.inputs, after.inputs)
        for name in sorted(before.outputs - after.outputs):
            yield "major", f"output `{name}` was removed or renamed"
        for name in sorted(after.outputs - before.outputs):
            yield "minor", f"output `{name}` is new"


def _changes_of_inputs(before: Mapping[str, Input], after: Mapping[str, Input]) -> Iterator[tuple[Step, str]]:
    for name in sorted({*before, *after}):
        step, what = _input_change(before.get(name), after.get(name))
        if step:
            yield step, f"input `{name}` {what}"


def _input_change(before: Input | None, after: Input | None) -> tuple[Step | None, str]:
    if after is None:
        return "major", "was removed or renamed"
    if before is None:
        return ("major", "is new and required") if after.required else ("minor", "is new")
    if after.required and not before.required:
        return "major", "became required"
    if before.required:
        # Whoever uses it gives it.
        return (None, "") if after.required else ("minor", "is no longer required")
    if before.default == after.default:
        return None, ""
    what = f"has the default {after.default!r} in place of {before.default!r}"
    return ("minor" if _moves_forward(before.default, after.default) else "major"), what


def _moves_forward(before: str, after: str) -> bool:
    old, new = (_VERSION_NUMBER.fullmatch(text) for text in (before, after))
    if not old or not new:
        return False
    older, newer = ([int(part) for part in found[1].split(".")] for found in (old, new))
    return older < newer


def check_step(version: Version, last: Version, found: tuple[Change, ...]) -> None:
    """Raise unless the step from the last release is as large as its changes need.

    Raises:
        IncompatibleRelease: it is smaller; every change that is too large for it is named.
    """
    step = version.step_from(last)
    beyond = [change for change in found if STEPS.index(change.step) > STEPS.index(step)]
    if not beyond:
        return
    needed = max((change.step for change in beyond), key=STEPS.index)
    listed = "".join(f"\n    {change}" for change in beyond)
    alternative = " Or take back what breaks workflows." if needed == "major" else ""
    raise IncompatibleRelease(
        f"{version} is a {step} step from {last}, but these changes need a {needed} one:{listed}\n ",
        f"Release {last.following()[STEPS.index(needed)]}.{alternative}",
    )
