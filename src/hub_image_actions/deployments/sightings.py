"""Sightings: the places of one text that name an image, and how a new tag is spelled there."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from hub_image_actions.references import DIGEST, TAG, ImageName, find_reference

# Stands in the place of a template's expressions while the rest is read: no name and no tag has it.
MASK = "\ue000"
TAG_AND_DIGEST = re.compile(rf"(?P<tag>{TAG.pattern})(?:@(?P<digest>{DIGEST.pattern}))?")
# What tools write in front of a reference: skopeo, BuildKit's contexts, Apptainer, ORAS, Helm.
_SCHEMES = ("docker://", "docker-image://", "oras://", "oci://", "registry://")
SCHEME = re.compile("|".join(_SCHEMES))
# Which registry it is, an expression in front says.
_EXPRESSIONS_END = ("}/", f"{MASK}/")
_BEHIND_AN_EXPRESSION = rf"(?<=[}}{MASK}]/)"
_NAME_ENDS = r"(?![\w/-]|\.\w)"
# Six digits are what a floating point number and Helm's way to print it give back unchanged.
_NUMBER = re.compile(r"(?:0|[1-9][0-9]{0,5})(?:\.[0-9]{0,5}[1-9])?")
# Whatever some YAML parser in use resolves to a number, truth value, null or date.
_NOT_TEXT = re.compile(
    r"""(?: null | y(?:es)? | no? | on | off | true | false
        | 0b[01_]+ | 0o?[0-7_]+ | 0x[0-9a-f_]+
        | [0-9][0-9_]* (?:\.[0-9_]*)? (?:e-?[0-9_]+)?
        | [0-9]{4}-[0-9]{1,2}-[0-9]{1,2}
        )""",
    re.VERBOSE | re.IGNORECASE,
)


class Obstacle(Enum):
    """Why a reference cannot be moved, whatever the tag."""

    UNTAGGED = "untagged"
    DIGEST_ONLY = "untagged: pinned by digest"
    FORMAT_STRING = "format string"
    PART_OF_A_TEXT = "part of a text"
    ENCRYPTED = "encrypted"
    SHARED_TAG = "its tag is an anchor that another image uses as well"
    SPELLED_OUT = "written with escapes or over several lines"
    SEVERAL_NAMES = "other keys beside it name another image"
    SUFFIX = "`tagSuffix` is put behind the tag"
    OTHER_DIGEST = "its digest is not one of sha256"
    PUT_TOGETHER = "the program makes another text of it"
    DIGEST_BESIDE = "a digest beside it may outrank the tag, and the file is not YAML"
    TAG_ELSEWHERE = "no tag beside it, and the file is not YAML: a tag in another place is not looked for"


@dataclass(frozen=True)
class Span:
    """A part of a text that moves with a tag, in another key.

    Args:
        start: its first character.
        end: the character behind it.
        holds: `tag`, `digest`, or `digits` for a digest without its algorithm.
        alone: whether it is an unquoted scalar of its own.
    """

    start: int
    end: int
    holds: str
    alone: bool = False

    def spelling(self, tag: str, digest: str, *, quoted: bool) -> str:
        """Return what stands there after the move; see :meth:`Sighting.spelling`."""
        text = {"tag": tag, "digest": digest, "digits": digest.partition(":")[2]}[self.holds]
        return f'"{text}"' if self.alone and (quoted or _NOT_TEXT.fullmatch(text)) else text


@dataclass(frozen=True)
class Sighting:
    """One place in a text that names the image.

    Args:
        line: the line of the reference, counted from 1; of its tag, where that stands alone.
        shape: the form in which deployments write it, such as ``image_name``.
        image: the image's name as written.
        profile: the display names around it, outermost first, joined by `` / ``.
        tag: the tag now; empty where there is none.
        digest: the digest now; empty where there is none.
        start: the first character of tag and digest in the text; 0 where there is an obstacle.
        end: the character behind them; 0 where there is an obstacle.
        alone: whether the tag is an unquoted scalar of its own, which YAML gives a type.
        obstacle: why it cannot be moved, if so.
        own_lines: the lines that belong to this reference; a hold stands on one or above it.
        others: further places that move with it: a digest in a key of its own, a tag that stands twice.
        digest_key: the key that the digest stands in, where it is one of its own: it outranks the tag.
        repeats: a note on a key beside the tag that is left.
    """

    line: int
    shape: str
    image: str
    profile: str = ""
    tag: str = ""
    digest: str = ""
    start: int = 0
    end: int = 0
    alone: bool = False
    obstacle: Obstacle | None = None
    own_lines: tuple[int, ...] = ()
    others: tuple[Span, ...] = ()
    digest_key: str = ""
    repeats: str = ""

    def spelling(self, tag: str, digest: str, *, quoted: bool = False) -> str:
        """Return how the new tag and digest are written in this place.

        A tag that stands alone and would be read as a number, a date or a truth value is quoted. Where the
        file's author writes plain numbers and the new tag is one that survives being read as such, it
        stays plain like the old one.

        Args:
            tag: the new tag.
            digest: the new digest; empty where none stands behind the tag.
            quoted: whether the file's language has no texts without quotes, as JSON.
        """
        pinned = f"{tag}@{digest}" if digest else tag
        if not self.alone or not (quoted or _NOT_TEXT.fullmatch(pinned)):
            return pinned
        stays_plain = _NUMBER.fullmatch(self.tag) and _NUMBER.fullmatch(tag)
        return pinned if stays_plain else f'"{pinned}"'


def may_name(text: str, image: ImageName) -> bool:
    """Say whether a text can name the image: whether its name stands there, not only a longer one.

    The parts of a name may stand in several keys: then each part is there by itself.
    """
    if re.search(rf"{re.escape(image.core)}{_NAME_ENDS}", text):
        return True
    folder, slash, short = image.core.rpartition("/")
    in_parts = slash and folder in text and re.search(rf"(?<![\w./-]){re.escape(short)}{_NAME_ENDS}", text)
    return bool(in_parts)


def mentions(text: str, image: ImageName) -> Iterator[re.Match[str]]:
    """Yield where the image's name stands in a text, but no longer name that ends or begins with it."""
    if image.core not in text:
        return
    # A shell's default follows `:-`.
    begins = rf"(?<![\w./:@-])|(?<=:-)|{_BEHIND_AN_EXPRESSION}|" + "|".join(
        rf"(?<=(?<!\w){scheme})" for scheme in _SCHEMES
    )
    names = rf"(?:{begins})(?:[\w.-]+(?::[0-9]+)?/)*{re.escape(image.core)}{_NAME_ENDS}"
    for match in re.finditer(names, text):
        reference = find_reference(match[0])
        if reference is None:
            continue
        is_of_a_registry = text.endswith(_EXPRESSIONS_END, 0, match.start())
        if reference.name.path == image.path if is_of_a_registry else image.covers(reference.name):
            yield match


def kind_of_text(text: str, mention: re.Match[str]) -> Obstacle:
    """Return what a text is that holds a mention among other things."""
    behind = text[mention.end() :].split(maxsplit=1)[:1]
    is_filled_in = bool(behind and set(f"{{$%{MASK}") & set(behind[0]))
    is_filled_in |= text.endswith(_EXPRESSIONS_END, 0, mention.start())
    return Obstacle.FORMAT_STRING if is_filled_in else Obstacle.PART_OF_A_TEXT
