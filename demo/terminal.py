"""Text for a terminal: colours, wrapped lines, and GitHub's Markdown as its readers see it."""

import html.parser
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from local_github.markdown import render

BOLD, DIM, RED, GREEN, BLUE = "1", "2", "31", "32", "34"
_STYLES = {
    "strong": BOLD,
    "b": BOLD,
    "th": BOLD,
    "h1": BOLD,
    "h2": BOLD,
    "h3": BOLD,
    "code": GREEN,
    "a": BLUE,
}
_BLOCKS = frozenset(("p", "h1", "h2", "h3", "ul", "ol", "pre", "blockquote", "details", "div"))
_NARROWEST = 6
_GAP = 2


@dataclass(frozen=True)
class Piece:
    """Some characters in one style: the parameters of an SGR sequence, and the address of a link."""

    text: str
    style: str = ""
    link: str = ""


Words = list[list[Piece]]


@dataclass(frozen=True)
class Painter:
    """Puts styles into text, or leaves them out where the output is no terminal."""

    coloured: bool

    def paint(self, text: str, style: str = "", link: str = "") -> str:
        """Return the text in a style (ECMA-48 SGR) and as a link (OSC 8), where there are such."""
        if not self.coloured or not text:
            return text
        styled = f"\033[{style}m{text}\033[0m" if style else text
        return f"\033]8;;{link}\033\\{styled}\033]8;;\033\\" if link else styled

    def line(self, words: Words) -> str:
        """Return words as a line."""
        return " ".join(
            "".join(self.paint(piece.text, piece.style, piece.link) for piece in word) for word in words
        )


@dataclass
class _Table:
    rows: list[list[list[Piece]]] = field(default_factory=list)


class MarkdownView(html.parser.HTMLParser):
    """Lays out Markdown in lines of a width.

    Args:
        painter: puts the styles in.
        width: the longest line, in characters.
    """

    def __init__(self, painter: Painter, width: int) -> None:
        super().__init__(convert_charrefs=True)
        self.painter = painter
        self.width = width
        self.lines: list[str] = []
        self._pieces: list[Piece] = []
        self._styles: list[tuple[str, str]] = []
        self._links: list[str] = []
        self._table: _Table | None = None
        self._bullet = ""

    def show(self, markdown: str) -> list[str]:
        """Return the lines of a text."""
        self.feed(render(markdown))
        self.close()
        self._end_block()
        while self.lines and not self.lines[-1]:
            self.lines.pop()
        return self.lines

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a style or a block."""
        if tag in _STYLES:
            self._styles.append((tag, _STYLES[tag]))
        if tag == "a":
            self._links.append(dict(attrs).get("href") or "")
        elif tag in {"table", "tr"}:
            self._begin_table(tag)
        elif tag == "br" and self._table:
            self._pieces.append(Piece(" "))
        elif tag in {"br", "li"}:
            self._end_lines()
        elif tag in _BLOCKS:
            self._end_block()
        self._bullet = {"li": "• ", "summary": "▾ "}.get(tag, self._bullet)

    def handle_endtag(self, tag: str) -> None:
        """End a style or a block."""
        if self._styles and self._styles[-1][0] == tag:
            self._styles.pop()
        if tag == "a" and self._links:
            self._links.pop()
        elif tag in {"td", "th"} and self._table:
            self._table.rows[-1].append(self._taken())
        elif tag == "table" and self._table:
            self.lines += [*_laid_out(self._table.rows, self.width, self.painter), ""]
            self._table = None
        elif tag == "li":
            self._end_lines()
        elif tag in _BLOCKS or tag == "summary":
            self._end_block()

    def handle_data(self, data: str) -> None:
        """Take text in the styles of the moment."""
        if data.strip() or self._pieces:
            style = ";".join(dict.fromkeys(style for _, style in self._styles))
            self._pieces.append(Piece(data, style, self._links[-1] if self._links else ""))

    def _begin_table(self, tag: str) -> None:
        if self._table and tag == "tr":
            self._table.rows.append([])
        elif tag == "table":
            self._end_block()
            self._table = _Table()

    def _taken(self) -> list[Piece]:
        pieces, self._pieces = self._pieces, []
        return pieces

    def _end_lines(self) -> None:
        words = list(_words(self._taken()))
        bullet, self._bullet = self._bullet, ""
        for line in _wrapped(words, self.width - len(bullet)):
            self.lines.append(bullet + self.painter.line(line))
            bullet = " " * len(bullet)

    def _end_block(self) -> None:
        self._end_lines()
        if self.lines and self.lines[-1]:
            self.lines.append("")


def _words(pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
    """Yield the words of a text; a word can change its style on the way."""
    word: list[Piece] = []
    for piece in pieces:
        for part in re.findall(r"\s+|\S+", piece.text):
            if not part.isspace():
                word.append(Piece(part, piece.style, piece.link))
            elif word:
                yield word
                word = []
    if word:
        yield word


def _length(word: Sequence[Piece]) -> int:
    return sum(len(piece.text) for piece in word)


def _wrapped(words: Words, width: int) -> Iterator[Words]:
    line: Words = []
    used = 0
    for word in words:
        for part in _broken(word, width):
            needed = _length(part) + bool(line)
            if line and used + needed > width:
                yield line
                line, used = [], 0
            used += _length(part) + bool(line)
            line.append(part)
    if line:
        yield line


def _broken(word: list[Piece], width: int) -> Iterator[list[Piece]]:
    """Yield the parts of a word that is wider than a line, broken behind a slash where there is one."""
    while _length(word) > width:
        text = "".join(piece.text for piece in word)
        cut = text.rfind("/", 1, width) + 1 or width
        head, tail = [], []
        for piece in word:
            head += [Piece(piece.text[:cut], piece.style, piece.link)] if cut > 0 else []
            tail += [Piece(piece.text[max(cut, 0) :], piece.style, piece.link)]
            cut -= len(piece.text)
        yield head
        word = [piece for piece in tail if piece.text]
    yield word


def _laid_out(rows: list[list[list[Piece]]], width: int, painter: Painter) -> list[str]:
    """Return a table's lines: its columns as wide as they need, the widest ones narrowed until all fit."""
    cells = [[list(_words(cell)) for cell in row] for row in rows]
    columns = [
        max(sum(map(_length, cell)) + max(len(cell) - 1, 0) for cell in column)
        for column in zip(*cells, strict=True)
    ]
    while sum(columns) + _GAP * (len(columns) - 1) > width and max(columns) > _NARROWEST:
        columns[columns.index(max(columns))] -= 1
    lines = []
    # GitHub wants a head even where there is nothing to say in it.
    headless = not any(cells[0])
    for number, row in enumerate(cells[headless:], headless):
        wrapped = [list(_wrapped(cell, column)) for cell, column in zip(row, columns, strict=True)]
        for index in range(max(map(len, wrapped))):
            parts = [lines_of[index] if index < len(lines_of) else [] for lines_of in wrapped]
            lines.append(_row(parts, columns, painter))
        if not number:
            lines.append((" " * _GAP).join("─" * column for column in columns))
    return lines


def _row(parts: list[Words], columns: list[int], painter: Painter) -> str:
    padded = []
    for words, column in zip(parts, columns, strict=True):
        used = sum(map(_length, words)) + max(len(words) - 1, 0)
        padded.append(painter.line(words) + " " * (column - used))
    return (" " * _GAP).join(padded).rstrip()
