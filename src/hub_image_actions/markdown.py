"""Markdown for GitHub, from texts that may hold anything.

Source: the GitHub Flavored Markdown specification, https://github.github.com/gfm/.
"""

import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from hub_image_actions.terminal_text import plain

# GitHub takes 65,536 characters for a comment or the text of a pull request; some are left for a marker.
MOST_CHARACTERS = 60_000
_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!|~<>&:/$])")
# GitHub makes a link of `#12` and of `GH-12`, the hyphen escaped or not. Source: "Autolinked references and
# URLs" in GitHub's documentation.
_ISSUE = re.compile(r"#(?=\d)|(?<![^\W_])GH(?=\\?-\d)", re.IGNORECASE)
_BARE_BAR = re.compile(r"(?<!\\)\|")
_IN_ADDRESSES = "%/:=&?~#+!$,;'@*[]"
_BACKTICKS = re.compile(r"`+")


def escape(text: str) -> str:
    """Return `text` so that it shows as it is, in one line: no markup, no link, nobody notified."""
    line = _line(text)
    # What GitHub makes of people and numbers, it makes of the text that is shown: a comment keeps them apart.
    return _ISSUE.sub(r"\g<0><!-- -->", _SPECIAL.sub(r"\\\1", line)).replace("@", "@<!-- -->")


def prose(text: str) -> str:
    """Return a text of our own, in which backticks mean code, and of which all else is shown as it is."""
    parts = text.split("`")
    return "".join(code(part) if index % 2 else escape_inline(part) for index, part in enumerate(parts))


def escape_inline(text: str) -> str:
    """Return `text` escaped like :func:`escape`, the spaces at its ends kept."""
    inner = escape(text)
    lead = " " if text.startswith(" ") else ""
    trail = " " if text.endswith(" ") else ""
    return f"{lead}{inner}{trail}" if inner else (" " if text else "")


def html(text: str) -> str:
    """Return `text` for a place where GitHub takes HTML and no Markdown."""
    line = _line(text)
    inert = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("@", "@<!-- -->")
    return _ISSUE.sub(r"\g<0><!-- -->", inert)


def block(lines: Iterable[str]) -> str:
    """Return lines as a block of code, whatever backticks they hold."""
    body = _writable("\n".join(lines))
    fence = "`" * max(3, *(len(run) + 1 for run in _BACKTICKS.findall(body)), 3)
    return f"{fence}text\n{body}\n{fence}"


def code(text: str) -> str:
    """Return `text` as inline code, whatever backticks it holds."""
    line = _line(text)
    if not line:
        return ""
    fence = "`" * (max(map(len, _BACKTICKS.findall(line)), default=0) + 1)
    pad = " " if "`" in line else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def link(label: str, url: str) -> str:
    """Return a link; `label` is Markdown already."""
    # What ends an address, or a cell, or is HTML, is written as an address has it.
    return f"[{label}]({quote(url, safe=_IN_ADDRESSES, errors='replace')})"


def file_url(folder_url: str, file: str, line: int) -> str:
    """Return the address of a file's line below the address of a folder."""
    return f"{folder_url}/{quote(file)}#L{line}"


def marker(kind: str) -> str:
    """Return the hidden text at the end of what we write on GitHub, by which it is found again."""
    return f"<!-- hub-image-actions {kind} -->"


def marker_pattern(kind: str) -> re.Pattern[str]:
    """Return the pattern by which markers are read; `kind` is a pattern, with a group for what is read."""
    # No character of what stands around the kind means anything in a pattern.
    return re.compile(marker(kind))


def first_that_fits(texts: Iterable[str], most: int = MOST_CHARACTERS) -> str:
    """Return the first text that has no more than `most` characters; where none has, the last, cut off.

    Args:
        texts: ways to say the same, from the longest to the shortest.
        most: how many characters there may be.
    """
    text = ""
    for text in texts:
        if len(text) <= most:
            return text
    return text[:most]


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of cells that are Markdown already; columns that are empty throughout are left out."""
    all_rows = [tuple(row) for row in rows]
    shown = [index for index in range(len(header)) if any(row[index] for row in all_rows)]
    lines = [[header[index] for index in shown], ["---"] * len(shown)]
    # A bar ends a cell, in code as well.
    lines += [[_BARE_BAR.sub(r"\|", row[index]) for index in shown] for row in all_rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def details(summary: str, body: str) -> str:
    """Return a part that is folded away under a line of plain text."""
    return f"<details><summary>{summary}</summary>\n\n{body}\n\n</details>"


def _line(text: str) -> str:
    return " ".join(_writable(text).split())


def _writable(text: str) -> str:
    # JSON can hold halves of characters, which no UTF-8 has and GitHub does not take.
    # What a terminal takes for orders, GitHub shows.
    return plain(text).encode(errors="replace").decode()
