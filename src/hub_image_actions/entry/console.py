"""What a person at a terminal, a log, and a program that reads JSON each see of a command."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TextIO, TypeVar

T = TypeVar("T")
_ERASE_LINE = "\r\x1b[K"
# Source: ECMA-48, section 8.3.117 (select graphic rendition).
_BOLD, _RED, _YELLOW = "1", "31", "33"
# Names and titles are other people's: what would steer the terminal is shown as a question mark.
_CONTROLS = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0)), "?") | {ord("\t"): " ", ord("\n"): " "}
# A name of a file may hold bytes that are no text, which have to tell it from others.
_CONTROLS |= {code: f"\\u{code:04x}" for code in range(0xD800, 0xE000)}


class Console:
    """Progress is one line that is drawn anew on a terminal, and plain lines elsewhere; results go to `out`.

    Args:
        out: standard output.
        err: standard error: progress and warnings.
        as_json: whether `out` is for a program: then it gets nothing but the result.
        environ: the environment, which says what the terminal can show: TERM and NO_COLOR.
    """

    def __init__(
        self,
        out: TextIO,
        err: TextIO,
        *,
        as_json: bool = False,
        environ: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._out = out
        self._err = err
        self._as_json = as_json
        term = environ.get("TERM", "")
        self._terminal = err.isatty() and term != "dumb"
        # https://no-color.org: set, and not empty.
        self._colors = term not in {"", "dumb"} and not environ.get("NO_COLOR")
        self._drawn = ""

    def progress(self, items: Sequence[T], label: Callable[[T], str]) -> Iterator[T]:
        """Yield the items, and tell which one it is that is being worked on.

        Args:
            items: what is worked on, one after the other.
            label: what an item is called.
        """
        width = len(str(len(items)))
        try:
            for number, item in enumerate(items, 1):
                self._draw(f"[{number:{width}}/{len(items)}] {plain(label(item))}")
                yield item
        finally:
            self._erase()
            self._drawn = ""

    def say(self, text: str) -> None:
        """Print a line for people: to `out`, or where `out` is a program's, to `err`."""
        self._print(self._err if self._as_json else self._out, _lines(text))

    def warn(self, text: str) -> None:
        """Print a warning to `err`."""
        self._print(self._err, f"{self._styled(self._err, 'warning:', _YELLOW)} {_lines(text)}")

    def fail(self, program: str, text: str) -> None:
        """Print to `err` in one line why a program ends."""
        self._print(self._err, f"{self._styled(self._err, f'{program}:', _RED)} {plain(text)}")

    def table(self, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Print columns of text to `out`; nothing where `out` is a program's, or where there is no row."""
        first, *others = columns((header, *rows))
        if not self._as_json and others:
            self._print(self._out, "\n".join((self._styled(self._out, first, _BOLD), *others)))

    def result(self, value: object) -> None:
        """Print the result as JSON to `out`; nothing where `out` is a person's."""
        if self._as_json:
            import json

            self._print(self._out, json.dumps(value, indent=2))

    def _styled(self, stream: TextIO, text: str, style: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self._colors and stream.isatty() else text

    def _draw(self, text: str) -> None:
        if not self._terminal:
            self._print(self._err, text)
            return
        import shutil

        self._drawn = text[: shutil.get_terminal_size().columns - 1]
        self._err.write(f"{_ERASE_LINE}{self._drawn}")
        self._err.flush()

    def _erase(self) -> None:
        if self._drawn:
            self._err.write(_ERASE_LINE)
            self._err.flush()

    def _print(self, stream: TextIO, text: str) -> None:
        # The terminal shows both streams: the line of the progress makes room, and comes back below.
        self._erase()
        encoding = getattr(stream, "encoding", None) or "utf-8"
        stream.write(text.encode(encoding, "replace").decode(encoding) + "\n")
        stream.flush()
        if self._drawn:
            self._err.write(self._drawn)
            self._err.flush()


def columns(rows: Iterable[Sequence[str]]) -> list[str]:
    """Return rows of cells as lines, in which the cells of a column stand below each other.

    Args:
        rows: the rows, all of the same number of cells.
    """
    cells = [tuple(map(plain, row)) for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in cells]


def plain(text: str) -> str:
    """Return a text as one line that does nothing to a terminal but show itself."""
    return text.translate(_CONTROLS)


def _lines(text: str) -> str:
    return "\n".join(map(plain, text.splitlines()))
