"""The images that a Dockerfile builds on, found by parsing, and moved without touching anything else.

Parsing only finds where tag and digest stand, be it in a `FROM` or in the `ARG` that it takes them from; the
new ones are spliced into the original bytes.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from hub_image_actions.images.argument_defaults import (
    ArgumentDefault,
    argument_defaults,
    declared,
    repetitions,
)
from hub_image_actions.images.dockerfile_instructions import (
    UNSET,
    Instruction,
    Traced,
    UnknownSyntax,
    Variables,
    instructions,
)
from hub_image_actions.references import ImageName, ImageReference, find_reference
from hub_image_actions.text_lines import TextLines

ALREADY = "already there"
SCRATCH = "the empty image"
STAGE = "a stage of the same Dockerfile"
COPIED = "only files are copied from it"
UNTAGGED = "without a tag"
MALFORMED = "not written as an image reference"
IN_PIECES = "its tag is put together from several places"
SHARED = "its tag stands where another image takes its own from"
REPEATED = "the stage gives the argument another default"
UNPINNED = "pinned by digest, and the new digest is not known"
# Docker's own name, the usual ways to have several of them in a folder, and Podman's name.
_NAMES = re.compile(r"(?:Dockerfile|Containerfile)(?:\.(?!dockerignore$).+)?|.+\.dockerfile", re.IGNORECASE)
# By instruction: the flag that names where files come from, and the option within it.
_FLAGS_WITH_SOURCES = {"COPY": ("--from=", ""), "RUN": ("--mount=", "from=")}
_NOTHING = Traced()


@dataclass(frozen=True)
class Base:
    """What one `FROM` names, or an instruction that copies from an image.

    Args:
        line: the line on which the tag stands; without one, that of the name.
        stage: the name of the stage that begins here; without one its number, counted from 0.
        name: the image's name; None where it is no image, or cannot be told from the file alone.
        tag: the tag, and where it stands.
        digest: the digest, and where it stands.
        written: the reference as it is in the instruction, variables and all.
        filled: the reference with its variables filled in, and where each character stands.
        obstacle: why it is no image, or why its tag cannot be moved; empty where it can.
        known: whether the file alone tells which image is pulled to build on it.
    """

    line: int
    stage: str
    written: str
    name: ImageName | None = None
    tag: Traced = _NOTHING
    digest: Traced = _NOTHING
    filled: Traced = _NOTHING
    obstacle: str = ""
    known: bool = False

    @property
    def reference(self) -> ImageReference | None:
        """The image that is pulled to build on it; None where the file alone does not tell, or it is none."""
        return (
            ImageReference(self.name, self.tag.text, self.digest.text) if self.name and self.known else None
        )

    @property
    def pin(self) -> str:
        """The tag and digest, as they stand behind the image's name."""
        return f"{self.tag.text}@{self.digest.text}" if self.digest.text else self.tag.text

    def may_be(self, image: ImageName) -> bool:
        """Say whether this is the image, or might be when the arguments of a build are known."""
        return image.covers(self.name) if self.name else not self.known and image.short in self.written


@dataclass(frozen=True)
class BaseTarget:
    """What the references to an image are to become.

    Args:
        image: the image; without a host it stands for any registry.
        tag: the new tag.
        digest: its digest, for references that are pinned by one; empty where it is not known.
    """

    image: ImageName
    tag: str
    digest: str = ""


@dataclass(frozen=True)
class BaseOutcome:
    """One reference to the image, and what became of it.

    Args:
        line: the line of its tag.
        stage: the stage that builds on it.
        old: the tag and digest before.
        new: those after; empty where it was left.
        reason: why it was left; empty where it moved.
    """

    line: int
    stage: str
    old: str
    new: str = ""
    reason: str = ""


def is_dockerfile(path: str) -> bool:
    """Say whether a file of that name is a Dockerfile, as far as its name tells."""
    return bool(_NAMES.fullmatch(PurePosixPath(path).name))


def bases(content: bytes) -> tuple[Base, ...]:
    """Return what a Dockerfile builds on and copies from, in its order; stages and `scratch` among them."""
    return tuple(_bases(_text(content)))


def moved(content: bytes, target: BaseTarget) -> tuple[bytes, tuple[BaseOutcome, ...]]:
    """Return a Dockerfile with the references to an image moved, and what became of each of them."""
    text = _text(content)
    all_bases = list(_bases(text))
    ours = [base for base in all_bases if base.may_be(target.image)]
    # What is left, too: with the argument of another reference, the tag `$TAG-gpu` would become one that
    # nobody may have pushed.
    others = {
        place for base in all_bases if base.obstacle or base not in ours for place in base.filled.places
    }
    outcomes = [_outcome(base, target, others) for base in ours]
    parts = {
        (part.start, part.start + len(part.text)): new
        for base, outcome in zip(ours, outcomes, strict=True)
        if outcome.new
        for part, new in ((base.tag, target.tag), (base.digest, target.digest))
        if part.text
    }
    defaults, lines, told = list(argument_defaults(text)), TextLines(text), set[int]()
    for base, outcome in zip(ours, list(outcomes), strict=True):
        if outcome.new or outcome.reason == ALREADY:
            again = _repeated(lines, base, target, defaults)
            for part, new, repeated in again:
                # Several stages may be built on what one default names.
                if part.start not in told:
                    told.add(part.start)
                    outcomes.append(repeated)
                    parts |= {(part.start, part.start + len(part.text)): new} if new else {}
    return _spliced(text, parts).encode(errors="surrogateescape"), tuple(outcomes)


def _repeated(
    lines: TextLines, base: Base, target: BaseTarget, defaults: list[ArgumentDefault]
) -> list[tuple[Traced, str, BaseOutcome]]:
    """Return the defaults of stages that say again what a `FROM` builds on, with what becomes of each."""
    again = []
    for part, new in ((base.tag, target.tag), (base.digest, target.digest)):
        for default, same in repetitions(defaults, part):
            moves = same is not None and same.text != new != ""
            if same is not None and not moves:
                continue
            value = same or default.value
            outcome = BaseOutcome(_line(lines, value), base.stage, value.text)
            outcome = (
                replace(outcome, new=new) if moves else replace(outcome, reason=f"{REPEATED}: {default.name}")
            )
            again.append((value, new if moves else "", outcome))
    return again


def _text(content: bytes) -> str:
    # Bytes that are no UTF-8, in a comment perhaps, come out as they went in.
    return content.decode(errors="surrogateescape")


def _spliced(text: str, parts: dict[tuple[int, int], str]) -> str:
    pieces, done = [], 0
    for (start, end), new in sorted(parts.items()):
        pieces += [text[done:start], new]
        done = end
    return "".join([*pieces, text[done:]])


def _outcome(base: Base, target: BaseTarget, others: Iterable[int]) -> BaseOutcome:
    """Return what becomes of a reference."""
    tag = target.tag if base.tag.text else ""
    digest = target.digest if base.digest.text else ""
    new = replace(base, tag=Traced(tag), digest=Traced(digest)).pin
    unpinned = base.digest.text and not target.digest
    reason = base.obstacle
    if not reason and (base.pin == new or (unpinned and tag == base.tag.text != "")):
        reason = ALREADY
    elif not reason and unpinned:
        reason = UNPINNED
    elif not reason and not {*base.tag.places, *base.digest.places}.isdisjoint(others):
        reason = SHARED
    return BaseOutcome(
        line=base.line,
        stage=base.stage,
        old=base.pin,
        new="" if reason else new,
        reason=reason,
    )


def _bases(text: str) -> Iterator[Base]:
    variables, stages, lines = Variables(), list[str](), TextLines(text)
    for instruction in instructions(text):
        if instruction.keyword == "ARG" and not stages:
            # Taken note of in the variables.
            list(declared(instruction, variables))
        elif instruction.keyword == "FROM" and (words := _without_flags(instruction)):
            name = next((name.text for name in words[2:] if words[1].text.upper() == "AS"), "")
            stage = name or str(len(stages))
            yield _base(
                lines=lines,
                word=words[0],
                stage=stage,
                stages=stages,
                variables=replace(variables, unset=[]),
                escape=instruction.escape,
            )
            stages.append(name.lower())
        else:
            yield from _copied(lines, instruction, stages)


def _without_flags(instruction: Instruction) -> list[Traced]:
    return [word for word in instruction.words() if not word.text.startswith("--")]


def _base(
    lines: TextLines, word: Traced, stage: str, stages: list[str], variables: Variables, escape: str
) -> Base:
    """Return what a `FROM` names."""
    base = Base(_line(lines, word), stage, word.text)
    try:
        filled = variables.expanded(word, escape)
    except UnknownSyntax:
        return replace(base, obstacle=MALFORMED)
    base = replace(base, filled=filled)
    if filled.text.lower() in stages:
        return replace(base, obstacle=STAGE, known=True)
    if filled.text == "scratch":
        return replace(base, obstacle=SCRATCH, known=True)
    # In the place of what is not known, something that fits in name, tag and digest.
    reference = find_reference(filled.text.replace(UNSET, "0"))
    if reference is None:
        return replace(base, obstacle=_unset("it", variables) if UNSET in filled.text else MALFORMED)
    return _with_parts(lines, base, reference, variables)


def _with_parts(lines: TextLines, base: Base, reference: ImageReference, variables: Variables) -> Base:
    """Return a base with its name, tag and digest, as far as they are known."""
    filled = base.filled
    end = len(str(reference.name))
    if UNSET in filled.text[:end]:
        return replace(base, obstacle=_unset("its name", variables))
    tag = filled[end + 1 : end + 1 + len(reference.tag)] if reference.tag else _NOTHING
    digest = filled[len(filled.text) - len(reference.digest) :] if reference.digest else _NOTHING
    line = _line(lines, tag if tag.text else digest) or base.line
    base = replace(base, line=line, name=reference.name)
    if UNSET in filled.text:
        part = "its tag" if UNSET in tag.text else "its digest"
        return replace(base, obstacle=_unset(part, variables))
    base = replace(base, tag=tag, digest=digest, known=True)
    if not tag.text and not digest.text:
        return replace(base, obstacle=UNTAGGED)
    in_pieces = any(part.text and not part.is_one_piece for part in (tag, digest))
    return replace(base, obstacle=IN_PIECES) if in_pieces else base


def _unset(what: str, variables: Variables) -> str:
    names = ", ".join(dict.fromkeys(variables.unset)) or "unknown"
    return f"{what} comes from a build argument without default: {names}"


def _copied(lines: TextLines, instruction: Instruction, stages: list[str]) -> Iterator[Base]:
    """Yield the images that an instruction takes files from."""
    for word in _sources(instruction):
        reference = find_reference(word.text)
        if reference and word.text.lower() not in stages and not word.text.isdecimal():
            pin = Traced(reference.tag), Traced(reference.digest)
            stage = "".join(stages[-1:]) or str(max(len(stages) - 1, 0))
            yield Base(_line(lines, word), stage, word.text, reference.name, *pin, obstacle=COPIED)


def _sources(instruction: Instruction) -> Iterator[Traced]:
    """Yield the names of images or stages that an instruction takes files from, as they are written."""
    if instruction.keyword not in _FLAGS_WITH_SOURCES:
        return
    flag, option = _FLAGS_WITH_SOURCES[instruction.keyword]
    for word in instruction.words():
        # Flags come first: what follows is the command, or what is copied.
        if not word.text.startswith("--"):
            return
        if word.text.startswith(flag):
            yield from _values_of(word[len(flag) :], option)


def _values_of(options: Traced, name: str) -> Iterator[Traced]:
    """Yield the value of an option in a list with commas; of a flag without options, the flag's own."""
    at = 0
    for part in options.text.split(","):
        if part.startswith(name) and "$" not in part and len(part) > len(name):
            yield options[at + len(name) : at + len(part)]
        at += len(part) + 1


def _line(lines: TextLines, part: Traced) -> int:
    """Return the line on which something stands, counted from 1; 0 where it stands nowhere."""
    return lines.number(part.start) if part.start >= 0 else 0
