"""Entries of steps that one of our actions takes the place of: what becomes of each."""

import re
from collections.abc import Collection, Iterator

from hub_image_actions.fleet.migration import steps
from hub_image_actions.fleet.migration.configuration import Reading
from hub_image_actions.fleet.migration.steps import Kind, Place

_TEXTS = ("name", "id", "uses", "run", "shell")
_BUILDING = {Kind.BUILD, Kind.NATIVE}
# Steps that may be missing, or fail, without a change of what is built, pushed or moved.
_HARMLESS = {Kind.TIDYING, Kind.SETUP, Kind.MESSAGE, Kind.CHANGES, Kind.HEAD, Kind.CHECKOUT}
# All that they are told is about how they do what ours do.
_OWN_INPUTS = {
    *_HARMLESS - {Kind.CHANGES, Kind.CHECKOUT},
    *(Kind.DEPLOYMENTS, Kind.APP, Kind.KEYLESS),
}
_REASONS = {
    Kind.BUILD: "`build` and `build-test` do it.",
    Kind.NATIVE: "`build` and `build-test` do it.",
    Kind.LOGIN: "`build` logs in by itself; a test pushes nothing.",
    Kind.KEYLESS: "The template's step for Google does it.",
    Kind.APP: "The template's step gets a token for the deployments alone.",
}
_CONJUNCTION = re.compile(r"&&|\|\|")
_REASON_OF_CONDITION = (
    "It asked whether there is an image, or a change: the new workflow runs where there is one."
)


def settle(reading: Reading, place: Place, own: Collection[str], purpose: str) -> None:
    """Say what becomes of each entry of a step that is not carried over.

    Args:
        reading: what was read so far.
        place: the step.
        own: the ids of the steps that are carried over.
        purpose: whether the job pushes or tests.
    """
    reason = _REASONS.get(place.kind) or steps.INSTEAD[place.kind]
    for way in _replaced(place):
        reading.account.settle(place.file.path, (*place.way, *way), "replaced", reason)
    if place.kind is Kind.LOGIN and purpose == "test":
        reading.account.settle(place.file.path, (*place.way, "with"), "replaced", "A test pushes nothing.")
    condition = place.step.values.get("if")
    if condition and (place.kind in _HARMLESS or asks_nothing_more(condition.value, place.kind, own)):
        reading.account.settle(place.file.path, (*place.way, "if"), "replaced", _REASON_OF_CONDITION)
    elif condition and place.kind in _BUILDING:
        reading.refuse(
            place.origin, "the condition of its build", f"It is built only if `{condition.value}`."
        )


def asks_nothing_more(condition: str, kind: Kind, own: Collection[str]) -> bool:
    """Say whether a condition asks only for what the new workflows ask for by themselves."""
    text = condition.replace("${{", " ").replace("}}", " ")
    return all(_is_asked_by_itself(part.strip(" !()"), kind, own) for part in _CONJUNCTION.split(text))


def _is_asked_by_itself(part: str, kind: Kind, own: Collection[str]) -> bool:
    named = re.match(r"steps\.([\w-]+)\.", part)
    if named:
        return named[1] not in own
    if kind not in _BUILDING and part.startswith("github.event_name"):
        # Logins and pushes, which a test has no use for.
        return "'pull_request'" in part and kind in {Kind.LOGIN, Kind.KEYLESS, Kind.RETAG}
    if kind is Kind.RETAG and part.startswith(("github.ref_type", "startsWith(github.ref")):
        return True
    # The name of the repository chose between two ways to build.
    by_name = "'base-'" in part or "'-image'" in part
    return by_name or part.startswith(("env.IMAGE_TAG", "needs.", "always", "success"))


def _replaced(place: Place) -> Iterator[tuple[str, ...]]:
    yield from ((key,) for key in _TEXTS)
    if place.kind not in _BUILDING:
        yield from (("continue-on-error",), ("timeout-minutes",))
    if not place.step.action:
        # What only the script read that is no more.
        yield from (("env",), ("working-directory",))
    if place.kind in _OWN_INPUTS:
        yield from (("with",), ("env",))
    if place.kind is Kind.CHECKOUT:
        yield ("with", "persist-credentials")
