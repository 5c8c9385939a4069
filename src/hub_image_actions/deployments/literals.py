"""References in programs and settings that are not YAML: texts in quotes that are a reference as a whole.

A text in quotes can be changed without knowing more of the language. What stands in comments or in longer
texts, or is put together by the program, is left and told.
"""

import re
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass, replace

from hub_image_actions.deployments.sightings import SCHEME, Obstacle, Sighting, kind_of_text, mentions
from hub_image_actions.references import ImageName, find_reference
from hub_image_actions.text_lines import TextLines

_STRING = (
    r"""(?P<prefix>\b[A-Za-z]{1,2})?(?P<quote>"|')(?P<text>(?:[^"'\\\n]|\\.|(?!(?P=quote))["'])*)(?P=quote)"""
)
_LONG_STRING = r'"""[\s\S]*?"""|\'\'\'[\s\S]*?\'\'\''
_ASSIGNED = r"(?:(?<=^)|(?<=[\s;]))(?:export[ \t]+)?\w+=(?P<bare>[^\s\"'$`;&|<>()]+)(?=\s|;|$)"
_HASH = r"#[^\n]*"
# What makes a text in quotes a part of a longer one: behind it, and in front of it.
_GOES_ON = {
    "Python": re.compile(r"\+|%|\.\w|\[|[a-zA-Z]{0,2}[\"']"),
    "shell": re.compile(r"[\w$\"'`/@.+{-]|\\(?!\r?\n)"),
}
_BEGAN_BEFORE = {
    "Python": re.compile(r"\+\s*(?:\\\r?\n\s*)?\Z"),
    "shell": re.compile(r"(?:[\w$\"'`}).+@-]|(?<!/)/)\Z"),
}
# Within brackets Python reads on over the ends of lines.
_SPACE, _SPACE_IN_BRACKETS = re.compile(r"(?:[ \t]|\\\r?\n)*"), re.compile(r"(?:\s|\\\r?\n|#[^\n]*\n)*")
_FAR = 200
_DIGEST = re.compile(r"(?:sha256:)?[0-9a-f]{64}")
_DIGEST_KEY = re.compile(r"(?i)(?<![a-z0-9])(?:digest|sha)[\"']?\s*(?:=>?|:)\s*[\"']?\Z")
_BRACKET = re.compile(r"[(\[{]|[)\]}]")
# In TOML, a table ends a paragraph as well.
_PARAGRAPH_ENDS = re.compile(r"\n[ \t\r]*\n|\n[ \t]*(?=\[)")
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
    tokens = list(_tokens(text, language))
    scopes = _Scopes(text)
    with_digest = {scopes.of(token) for token in tokens if _is_digest(text, token)}
    for token in tokens:
        match, part = token.match, token.part
        if not part or "f" in (match.groupdict().get("prefix") or "").lower():
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
        if token.is_joined:
            yield replace(sighting, obstacle=Obstacle.PUT_TOGETHER)
        elif reference.tag:
            pinned = replace(sighting, tag=reference.tag, digest=reference.digest)
            beside = Obstacle.DIGEST_BESIDE if scopes.of(token) in with_digest else None
            yield replace(pinned, end=start + len(written), obstacle=beside)
        else:
            obstacle = Obstacle.DIGEST_ONLY if reference.digest else Obstacle.TAG_ELSEWHERE
            yield replace(sighting, digest=reference.digest, obstacle=obstacle)


@dataclass(frozen=True)
class _Token:
    """A text or a comment of a program.

    Args:
        match: where it stands.
        opening: where the innermost bracket around it opens; -1 where it is in none.
        is_joined: whether it is a part of a longer text.
    """

    match: re.Match[str]
    opening: int
    is_joined: bool

    @property
    def part(self) -> str:
        """The group of the match that is the text; empty for a comment."""
        groups = self.match.groupdict()
        return "text" if groups.get("text") is not None else "bare" if groups.get("bare") else ""


def _tokens(text: str, language: str) -> Iterator[_Token]:
    openings: list[int] = []
    end, is_text = 0, False
    for match in _LANGUAGES[language].finditer(text):
        for bracket in _BRACKET.finditer(text, end, match.start()):
            if bracket[0] in "([{":
                openings.append(bracket.start())
            elif openings:
                openings.pop()
        space = _SPACE_IN_BRACKETS if openings else _SPACE
        between = text[end : match.start()]
        follows_text = language == "Python" and is_text and bool(space.fullmatch(between))
        is_joined = follows_text or _is_joined(text, match, language, space)
        yield _Token(match, openings[-1] if openings else -1, is_joined)
        is_comment = match["other"] is not None
        end, is_text = match.end(), is_text if is_comment and not between.strip() else not is_comment


def _is_joined(text: str, match: re.Match[str], language: str, space: re.Pattern[str]) -> bool:
    """Say whether a text is joined with what is right in front of it or behind it."""
    if language not in _GOES_ON or match["quote"] is None:
        return False
    behind = match.end()
    if language == "Python" and (gap := space.match(text, behind)):
        behind = gap.end()
    before = text[max(0, match.start() - _FAR) : match.start()]
    return bool(_GOES_ON[language].match(text, behind) or _BEGAN_BEFORE[language].search(before))


def _is_digest(text: str, token: _Token) -> bool:
    """Say whether a text is a digest, and its key says so."""
    start = token.match.start(token.part) if token.part else 0
    before = text[max(0, start - _FAR) : start]
    return bool(token.part and _DIGEST.fullmatch(token.match[token.part]) and _DIGEST_KEY.search(before))


class _Scopes:
    """What stands together: within the same brackets or, outside of any, in the same paragraph."""

    def __init__(self, text: str) -> None:
        self._ends = [match.start() for match in _PARAGRAPH_ENDS.finditer(text)]

    def of(self, token: _Token) -> tuple[int, int]:
        """Return what stands for the scope of a token."""
        paragraph = 0 if token.opening >= 0 else bisect(self._ends, token.match.start())
        return token.opening, paragraph


def _placed(start: int, sighting: Sighting) -> Sighting:
    """Return a sighting whose place is that of its tag, as everywhere."""
    if sighting.obstacle:
        return replace(sighting, start=0, end=0)
    return replace(sighting, start=start + len(sighting.image) + 1)


def _end_of_line(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end
