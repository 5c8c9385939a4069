"""The images that a build of a Dockerfile takes something from, whichever way it names them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from hub_image_actions.errors import ActionError
from hub_image_actions.images.dockerfile_doubts import line_in_doubt
from hub_image_actions.images.dockerfile_instructions import (
    UNSET,
    Instruction,
    Traced,
    UnknownSyntax,
    Variables,
    directives,
    instructions,
)
from hub_image_actions.references import ImageReference, find_reference

# Source: https://docs.docker.com/reference/dockerfile/#buildkit-built-in-build-args
_FRONTEND_ARGUMENT = "BUILDKIT_SYNTAX"
# Ways to name the frontend which BuildKit knows besides the one that is documented: `DetectSyntax` in its
# frontend/dockerfile/parser/directives.go.
_OTHER_DIRECTIVES = ("#!", "//", "{")
_TAKES_FLAGS = {"COPY", "ADD", "RUN"}
_SCRATCH = "scratch"


class UnknownImage(ActionError):
    """The Dockerfile alone does not tell which image is taken."""


def image_sources(content: bytes, arguments: Mapping[str, str]) -> tuple[ImageReference, ...]:
    """Return the images that are built on, copied from or mounted, and the one that reads the Dockerfile.

    Args:
        content: the Dockerfile.
        arguments: the build arguments, which go before the defaults.

    Raises:
        UnknownImage: it cannot be told which images they are.
    """
    text = content.decode(errors="surrogateescape")
    sources = _Sources(arguments)
    references = [*_frontend(text, arguments)]
    references += [reference for instruction in instructions(text) for reference in sources.of(instruction)]
    if line := line_in_doubt(text):
        raise UnknownImage(
            f"Builders may read line {line} of the Dockerfile in different ways, and take an image there.",
            "Write it without unusual whitespace, and without heredocs that hold instructions.",
        )
    return tuple(dict.fromkeys(references))


def _frontend(text: str, arguments: Mapping[str, str]) -> Iterator[ImageReference]:
    """Yield the image that reads the Dockerfile; it can make anything of it."""
    if text.removeprefix("\ufeff").lstrip().startswith(_OTHER_DIRECTIVES):
        raise _unknown(text.strip().splitlines()[0])
    if named := arguments.get(_FRONTEND_ARGUMENT) or directives(text).get("syntax", ""):
        yield _reference(named.split(" ")[0])


def _unknown(written: str) -> UnknownImage:
    shown = written.strip().encode(errors="replace").decode()
    return UnknownImage(
        f"The Dockerfile alone does not tell which image {shown!r} is.",
        "Give its `ARG` a default or a value in `build-args`.",
    )


def _reference(text: str) -> ImageReference:
    reference = find_reference(text)
    if reference is None:
        raise _unknown(text)
    return reference


@dataclass
class _Sources:
    """What the instructions so far say of images.

    Args:
        arguments: the build arguments.
        variables: what is known of the arguments before the first stage.
        stages: the names of the stages so far, in small letters; empty for those without.
    """

    arguments: Mapping[str, str]
    variables: Variables = field(default_factory=Variables)
    stages: list[str] = field(default_factory=list)

    def of(self, instruction: Instruction) -> Iterator[ImageReference]:
        """Yield the images that an instruction takes something from."""
        keyword, words = instruction.keyword, instruction.words()
        if keyword == "ONBUILD" and words:
            keyword, words = words[0].text.upper(), words[1:]
        if keyword == "ARG" and not self.stages:
            self._declare(instruction)
        elif keyword == "FROM":
            yield from self._base(instruction, words)
        elif keyword in _TAKES_FLAGS:
            for name in _named(words):
                if name.lower() not in self.stages and not name.isdecimal():
                    yield _reference(name)

    def _declare(self, instruction: Instruction) -> None:
        for word in instruction.quoted_words():
            name, equals, _ = word.text.partition("=")
            self.variables.values.pop(name, None)
            if name in self.arguments:
                self.variables.values[name] = _placed_nowhere(self.arguments[name])
            elif equals:
                try:
                    value = self.variables.expanded(word[len(name) + 1 :], instruction.escape)
                except UnknownSyntax:
                    continue
                self.variables.values[name] = value

    def _base(self, instruction: Instruction, words: list[Traced]) -> Iterator[ImageReference]:
        words = [word for word in words if not word.text.startswith("--")]
        if not words:
            return
        try:
            name = self.variables.expanded(words[0], instruction.escape).text
        except UnknownSyntax as error:
            raise _unknown(words[0].text) from error
        alias = next((word.text.lower() for word in words[2:] if words[1].text.upper() == "AS"), "")
        known = name == _SCRATCH or (name and name.lower() in self.stages)
        self.stages.append(alias)
        if UNSET in name:
            raise _unknown(words[0].text)
        if not known:
            yield _reference(name)


def _placed_nowhere(text: str) -> Traced:
    return Traced(text, (-1,) * len(text))


def _named(words: list[Traced]) -> Iterator[str]:
    """Yield the images and stages that flags name.

    Raises:
        UnknownImage: a flag is written in a way of which nobody can be sure.
    """
    for word in (word.text for word in words):
        # Flags come first: what follows is the command, or what is copied.
        if not word.startswith("--"):
            return
        # The builder takes quotes and escapes out of a flag before it reads it: they could hide a `from`.
        if re.search(r"[\"'\\`]", word) or ("$" in word and "from" in word.lower()):
            raise _unknown(word)
        flag, _, value = word.partition("=")
        if flag == "--from":
            yield value
        elif flag == "--mount":
            options = (option.partition("=") for option in value.split(","))
            yield from (text for option, _, text in options if option.strip().lower() == "from")
