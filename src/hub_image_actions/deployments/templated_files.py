"""References in a text that is no YAML: a cookiecutter or jinja template, searched line by line.

Only an exact reference that is a whole value, as far as its line shows, can be moved.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from hub_image_actions.deployments.sightings import TAG_AND_DIGEST, Obstacle, Sighting, kind_of_text, mentions
from hub_image_actions.references import ImageName

_PINNED = re.compile(f":{TAG_AND_DIGEST.pattern}")
# A value is what follows `key:`, `-`, `=` or a bracket; a comment holds none.
_BEFORE_VALUE = re.compile(r"""[^#]*(?:(?P<comma>,)\s+|[:{]\s+|\[\s*|-\s+|=\s*|^\s*)(?P<quote>["']?)""")
_AFTER_VALUE = re.compile(r"""["']?\s*(?:$|\s\#|\{%)""")
_AFTER_ITEM = re.compile(r"""["']?\s*[,\]}]""")


def sightings_in_template(text: str, image: ImageName) -> Iterator[Sighting]:
    """Yield every place of `text` that names `image`, in order."""
    encrypted = "ENC[AES256_GCM," in text
    offset = 0
    for number, line in enumerate(text.split("\n"), start=1):
        for match in mentions(line, image):
            sighting = _sighting(line, match, number, offset)
            yield replace(sighting, obstacle=Obstacle.ENCRYPTED) if encrypted else sighting
        offset += len(line) + 1


def _sighting(line: str, mention: re.Match[str], number: int, offset: int) -> Sighting:
    sighting = Sighting(number, "reference token", mention[0], own_lines=(number,))
    pinned = _PINNED.match(line, mention.end())
    end = pinned.end() if pinned else mention.end()
    if not _is_whole_value(line, mention.start(), end):
        return replace(sighting, obstacle=kind_of_text(line, mention))
    if not pinned:
        return replace(sighting, obstacle=Obstacle.UNTAGGED)
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
