"""What a Dockerfile may hide from our parser: where builders, or their versions, may read it in another way.

What takes an image in such a place is not looked for: it is enough to know that an image may come from there.
"""

import re
from collections.abc import Iterator

from hub_image_actions.images.dockerfile_instructions import Instruction, directives, instructions
from hub_image_actions.text_lines import TextLines

# Whitespace for one parser and none for another; a carriage return belongs before the end of a line only.
_ODD = re.compile(r"[^\S \t\r\n]|[\x00-\x08\x0e-\x1f\x7f]|\r(?!\n)")
_LINE = re.compile(r"[^\n]+")
_COMMENT = re.compile(r"[ \t]*#")
# The first line of an instruction that takes an image; Python's `from x import y` is none.
_TAKES = re.compile(
    r"\ufeff?\s*(?:FROM\s+(?P<base>(?:--\S+\s+)*\S+(?:\s+AS\s+\S+)?)\s*"
    r"|(?:COPY|ADD|RUN|ONBUILD)\s+(?P<rest>.*(?:from=|\\[ \t\r]*$).*))",
    re.IGNORECASE,
)
# Between a keyword and what it is given, if that is in another line.
_GOES_ON = re.compile(r"(?:\\[ \t]*\r?\n(?:[ \t]*(?:#[^\n]*)?\r?\n)*[ \t]*)+")
_HEREDOC = re.compile(r"""\d*<<-?(?P<quote>["']?)\w+(?P=quote)""", re.ASCII)
_WITH_HEREDOCS = {"RUN", "COPY", "ADD", "ONBUILD"}
# Within them or behind them, `<<` can be something else.
_UNCLEAR = re.compile(r"^\[|[\\`]|\$\{")


def line_in_doubt(text: str) -> int:
    """Return the first line of a Dockerfile that may take an image without being seen; 0 if there is none.

    Args:
        text: the Dockerfile.
    """
    places = [odd.start() for odd in _ODD.finditer(text)]
    if directives(text).get("escape", "\\") != "\\":
        places.append(0)
    places += [
        max(instruction.rest.start, 0)
        for instruction in instructions(text)
        if _has_unclear_heredoc(instruction)
    ]
    places += _hidden(text)
    return TextLines(text).number(min(places)) if places else 0


def _has_unclear_heredoc(instruction: Instruction) -> bool:
    text = instruction.rest.text
    begins = text.count("<<")
    if not begins or instruction.keyword not in _WITH_HEREDOCS:
        return False
    heredocs = [word for word in instruction.words() if _HEREDOC.fullmatch(word.text)]
    return len(heredocs) != begins or bool(_UNCLEAR.search(text))


def _hidden(text: str) -> Iterator[int]:
    """Yield the places of lines that look as if they took an image, and where we read no instruction.

    So may an engine that knows no heredocs, as those before Docker 23, read them.
    """
    read = {instruction.rest.start for instruction in instructions(text)}
    for line in _LINE.finditer(text):
        takes = _TAKES.fullmatch(text, *line.span())
        if takes is None or _COMMENT.match(text, *line.span()):
            continue
        begin = takes.start("base" if takes["base"] else "rest")
        goes_on = _GOES_ON.match(text, begin)
        if (goes_on.end() if goes_on else begin) not in read:
            yield line.start()
