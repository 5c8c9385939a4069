"""What a person at a terminal, a log, and a program that reads JSON each see of a command."""

import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TextIO, TypeVar

T = TypeVar("T")
_ERASE_LINE = "\r\x1b[K"
# Names and titles are other people's: what would steer the terminal is shown as a question mark.
_CONTROLS = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0), *range(0xD800, 0xE000)), "?") | {
    ord("\t"): " ",
    ord("\n"): " ",
}


class Console:
    """Progress is one line that is drawn anew on a terminal, and plain lines elsewhere; results go to `out`.

    Args:
        out: standard output.
        err: standard error: progress and warnings.
        as_json: whether `out` is for a program: then it gets nothing but the result.
    """

    def __init__(self, out: TextIO, err: TextIO, *, as_json: bool = False) -> None:
        self._out = out
        self._err = err
        self._as_json = as_json
        self._terminal = err.isatty()
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
        self._print(self._err, f"warning: {_lines(text)}")

    def table(self, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Print columns of text to `out`; nothing where `out` is a program's, or where there is no row."""
        cells = [tuple(map(plain, row)) for row in (header, *rows)]
        if self._as_json or len(cells) == 1:
            return
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in cells)
        self._print(self._out, "\n".join(lines))

    def result(self, value: object) -> None:
        """Print the result as JSON to `out`; nothing where `out` is a person's."""
        if self._as_json:
            self._print(self._out, json.dumps(value, indent=2))

    def _draw(self, text: str) -> None:
        if not self._terminal:
            self._print(self._err, text)
            return
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


def plain(text: str) -> str:
    """Return a text as one line that does nothing to a terminal but show itself."""
    return text.translate(_CONTROLS)


def _lines(text: str) -> str:
    return "\n".join(map(plain, text.splitlines()))
