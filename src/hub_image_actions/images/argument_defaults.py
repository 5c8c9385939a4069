"""The defaults of build arguments: a stage may give again what is given before the first `FROM`.

Within a stage an argument has the default that the stage gives it, whatever the one before is.
Source: https://docs.docker.com/reference/dockerfile/#understand-how-arg-and-from-interact.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from hub_image_actions.images.dockerfile_instructions import (
    Instruction,
    Traced,
    UnknownSyntax,
    Variables,
    instructions,
)

_BEFORE_ALL = -1


@dataclass(frozen=True)
class ArgumentDefault:
    """A default of a build argument.

    Args:
        name: the argument.
        value: the default, and where it stands.
        stage: the number of the stage that gives it; -1 before the first `FROM`.
    """

    name: str
    value: Traced = field(repr=False)
    stage: int = _BEFORE_ALL


def argument_defaults(text: str) -> Iterator[ArgumentDefault]:
    """Yield the defaults that a Dockerfile gives, in its order; those that cannot be told are left out."""
    stage, variables = _BEFORE_ALL, Variables()
    for instruction in instructions(text):
        if instruction.keyword == "FROM":
            stage += 1
        elif instruction.keyword == "ARG":
            for name, value in declared(instruction, variables):
                yield ArgumentDefault(name, value, stage)


def declared(instruction: Instruction, variables: Variables) -> Iterator[tuple[str, Traced]]:
    """Yield the defaults of an `ARG`, and take note of them.

    Args:
        instruction: the `ARG`.
        variables: the arguments so far, which get those of this one.
    """
    for word in instruction.quoted_words():
        name, equals, _ = word.text.partition("=")
        if equals:
            try:
                value = variables.expanded(word[len(name) + 1 :], instruction.escape)
            except UnknownSyntax:
                variables.values.pop(name, None)
            else:
                variables.values[name] = value
                yield name, value


def repetitions(
    defaults: Iterable[ArgumentDefault], part: Traced
) -> Iterator[tuple[ArgumentDefault, Traced | None]]:
    """Yield the defaults of stages that repeat the one in which a part stands, with the same part of theirs.

    Args:
        defaults: all defaults of the Dockerfile.
        part: a tag or digest that a `FROM` takes from an argument.

    Yields:
        The default, and the part of it; None for the part where the stage gives another default.
    """
    if not part.text or not part.is_one_piece:
        return
    known = list(defaults)
    places = set(part.places)
    source = next(
        (one for one in known if one.stage == _BEFORE_ALL and places <= set(one.value.places)), None
    )
    if source is None:
        return
    at = list(source.value.places).index(part.start)
    for one in known:
        if one.stage != _BEFORE_ALL and one.name == source.name:
            same = one.value.text == source.value.text and one.value.is_one_piece
            yield one, one.value[at : at + len(part.text)] if same else None
