"""References in programs and settings that are not YAML: texts in quotes that are a reference as a whole.

A text in quotes can be changed without knowing more of the language. What stands in comments or in longer
texts, or is put together by the program, is left and told.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from hub_image_actions.deployments.sightings import SCHEME, Obstacle, Sighting, kind_of_text, mentions
from hub_image_actions.references import ImageName, find_reference
from hub_image_actions.text_lines import TextLines

_STRING = (
    r"""(?P<prefix>\b[A-Za-z]{1,2})?(?P<quote>"|')(?P<text>(?:[^"'\\\n]|\\.|(?!(?P=quote))["'])*)(?P=quote)"""
)
_LONG_STRING = r'"""[\s\S]*?"""|\'\'\'[\s\S]*?\'\'\''
_ASSIGNED = r"(?:(?<=^)|(?<=[\s;]))(?:export[ \t]+)?\w+=(?P<bare>[^\s\"'$`;&|<>()]+)(?=\s|;|$)"
_HASH = r"#[^\n]*"
# What comes first in a text decides: a quote in a comment begins no text, and a hash in a text no comment.
_LANGUAGES = {
    "Python": re.compile(f"(?P<other>{_LONG_STRING}|{_HASH})|{_STRING}"),
    "TOML": re.compile(f"(?P<other>{_LONG_STRING}|{_HASH})|{_STRING}"),
    "Terraform": re.compile(rf"(?P<other>{_HASH}|//[^\n]*|/\*[\s\S]*?\*/)|{_STRING}"),
    "shell": re.compile(rf"(?P<other>(?:(?<=\s)|(?<=^))#[^\n]*)|{_ASSIGNED}|{_STRING}", re.MULTILINE),
}


def literal_sightings(text: str, image: ImageName, language: str) -> list[Sighting]:
    """Return every place of a file that names an image.

    Args:
        text: the file's text.
        image: the image to look for.
        language: the file's language, one of `Python`, `TOML`, `Terraform` and `shell`.
    """
    lines = TextLines(text)
    whole = list(_whole_texts(text, image, language, lines))
    taken = [(sighting.start, sighting) for sighting in whole]
    told = {place for place, _ in taken}
    for match in mentions(text, image):
        if match.start() not in told:
            line = text[text.rfind("\n", 0, match.start()) + 1 : _end_of_line(text, match.end())]
            offset = match.start() - (text.rfind("\n", 0, match.start()) + 1)
            mention = next(found for found in mentions(line, image) if found.start() >= offset)
            number = lines.number(match.start())
            left = Sighting(
                number, "text", match[0], obstacle=kind_of_text(line, mention), own_lines=(number,)
            )
            taken.append((match.start(), left))
    return [_placed(place, sighting) for place, sighting in sorted(taken, key=lambda entry: entry[0])]


def _whole_texts(text: str, image: ImageName, language: str, lines: TextLines) -> Iterator[Sighting]:
    """Yield the texts in quotes that are references; `start` is that of the name for now."""
    for match in _LANGUAGES[language].finditer(text):
        groups = match.groupdict()
        part = "text" if groups.get("text") is not None else "bare" if groups.get("bare") else ""
        if not part or "f" in (groups.get("prefix") or "").lower():
            continue
        written, start = match[part], match.start(part)
        scheme = SCHEME.match(written)
        begin = scheme.end() if scheme else 0
        reference = find_reference(written[begin:])
        if reference is None or not image.covers(reference.name):
            continue
        number = lines.number(start)
        name = str(reference.name)
        sighting = Sighting(number, language, name, own_lines=(number,), start=start + begin)
        if reference.tag:
            pinned = replace(sighting, tag=reference.tag, digest=reference.digest)
            yield replace(pinned, end=start + len(written))
        else:
            obstacle = Obstacle.DIGEST_ONLY if reference.digest else Obstacle.TAG_ELSEWHERE
            yield replace(sighting, digest=reference.digest, obstacle=obstacle)


def _placed(start: int, sighting: Sighting) -> Sighting:
    """Return a sighting whose place is that of its tag, as everywhere."""
    if sighting.obstacle:
        return replace(sighting, start=0, end=0)
    return replace(sighting, start=start + len(sighting.image) + 1)


def _end_of_line(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end
