"""The lines of a text, found by the place of a character: a file of others may hold any number of them."""

from bisect import bisect_right
from functools import cached_property


class TextLines:
    """Where the lines of a text begin; counted once, however often it is asked.

    Args:
        text: the text; its lines end with a line feed.
    """

    def __init__(self, text: str) -> None:
        self._text = text

    def number(self, index: int) -> int:
        """Return the line, counted from 1, of a character, counted from 0."""
        return bisect_right(self._starts, index)

    @cached_property
    def _starts(self) -> list[int]:
        starts, end = [0], self._text.find("\n")
        while end >= 0:
            starts.append(end + 1)
            end = self._text.find("\n", end + 1)
        return starts
