"""References in a text that is not YAML: a cookiecutter or jinja template, searched line by line.

Only an exact reference that is a whole value, as far as its line shows, can be moved.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from hub_image_actions.deployments.sightings import (
    MASK,
    TAG_AND_DIGEST,
    Obstacle,
    Sighting,
    kind_of_text,
    mentions,
)
from hub_image_actions.references import ImageName

_PINNED = re.compile(f":{TAG_AND_DIGEST.pattern}")
# A value is what follows `key:`, `-`, `=` or a bracket; a comment holds none.
_BEFORE_VALUE = re.compile(r"""[^#]*(?:(?P<comma>,)\s+|[:{]\s+|\[\s*|-\s+|=\s*|^\s*)(?P<quote>["']?)""")
_AFTER_VALUE = re.compile(r"""["']?\s*(?:$|\s\#|\{%)""")
# Jinja, cookiecutter and Go templates; what spans more than some lines is no expression.
_STATEMENT = re.compile(r"\{%.{0,2000}?%\}|\{#.{0,2000}?#\}|\{\{-?\s*/\*.{0,2000}?\*/\s*-?\}\}", re.DOTALL)
_LINE_OF_EXPRESSIONS = re.compile(r"(?m)^[ \t]*(?:\{\{[^\n]{0,2000}?\}\}[ \t]*)+\r?$")
_EXPRESSION = re.compile(r"\{\{.{0,2000}?\}\}", re.DOTALL)
_IS_JSON = re.compile(r"[\ufeff\s]*(?:\[|\{(?![{%#]))|[\ufeff\s]*/[/*]")
_JSON_COMMENT = re.compile(r'(?P<text>"(?:[^"\\\n]|\\.)*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_AFTER_ITEM = re.compile(r"""["']?\s*[,\]}]""")


def masked(text: str) -> str:
    """Return a text with what is not YAML in it out of the way, every other character in its place.

    Statements and comments of a template become space, as do lines that hold nothing but an expression, since
    those stand for lines that nobody knows; expressions become characters that no name has. In JSON, comments
    become space.
    """
    if text.lstrip("\ufeff \t\r\n")[:1] in {"{", "["} and not text.lstrip("\ufeff \t\r\n").startswith(
        ("{{", "{%", "{#")
    ):
        return _JSON_COMMENT.sub(lambda match: match[0] if match["text"] else _blank(match[0]), text)
    without = _STATEMENT.sub(lambda match: _blank(match[0]), text)
    without = _LINE_OF_EXPRESSIONS.sub(lambda match: _blank(match[0]), without)
    return _EXPRESSION.sub(lambda match: re.sub(r"[^\n]", MASK, match[0]), without)


def _blank(text: str) -> str:
    return re.sub(r"[^\r\n]", " ", text)


def sightings_in_template(text: str, image: ImageName) -> Iterator[tuple[int, Sighting]]:
    """Yield every place of `text` that names `image`, in order, each with the first character of the name."""
    encrypted = "ENC[AES256_GCM," in text
    offset = 0
    for number, line in enumerate(text.split("\n"), start=1):
        for match in mentions(line, image):
            sighting = _sighting(line, match, number, offset)
            place = offset + match.start()
            yield place, replace(sighting, obstacle=Obstacle.ENCRYPTED) if encrypted else sighting
        offset += len(line) + 1


def _sighting(line: str, mention: re.Match[str], number: int, offset: int) -> Sighting:
    sighting = Sighting(number, "reference token", mention[0], own_lines=(number,))
    pinned = _PINNED.match(line, mention.end())
    end = pinned.end() if pinned else mention.end()
    if not _is_whole_value(line, mention.start(), end):
        return replace(sighting, obstacle=kind_of_text(line, mention))
    if not pinned:
        return replace(sighting, obstacle=Obstacle.TAG_ELSEWHERE)
    return replace(
        sighting,
        tag=pinned["tag"],
        digest=pinned["digest"] or "",
        start=offset + mention.end() + 1,
        end=offset + end,
    )


def _is_whole_value(line: str, start: int, end: int) -> bool:
    before = _BEFORE_VALUE.fullmatch(line[:start])
    # Between words a comma is punctuation; it is a separator within brackets, or behind a quote.
    in_brackets = {"[", "{"} & set(line[:start])
    if not before or (before["comma"] and not in_brackets):
        return False
    in_list = before["quote"] or in_brackets
    return bool(_AFTER_VALUE.match(line, end) or (in_list and _AFTER_ITEM.match(line, end)))
