"""The terminal that the story is told on."""

import re
import textwrap
import time
from collections.abc import Iterable, Mapping

from demo.terminal import BLUE, BOLD, DIM, GREEN, RED, MarkdownView, Painter
from demo.world import Ended

INDENT = "   "
_MARKS = {"success": "✓", "failure": "✗"}


class Screen:
    """Writes the story: numbered steps, and what belongs to each indented below it.

    Args:
        painter: puts colours in.
        width: the longest line, in characters.
    """

    def __init__(self, painter: Painter, width: int) -> None:
        self.paint = painter.paint
        self.painter = painter
        self.width = width
        self._step = 0
        self._begin = time.monotonic()

    def step(self, title: str) -> None:
        """Begin a step, and say how long the one before it took."""
        self.end_step()
        self._step += 1
        print(f"\n{self.paint(f'{self._step}. {title}', BOLD)}", flush=True)

    def end_step(self) -> None:
        """Say how long the step took that ends now, if it is worth a word."""
        now = time.monotonic()
        if self._step and (seconds := round(now - self._begin)):
            self.say(f"({seconds} s)", DIM)
        self._begin = now

    def say(self, text: str = "", style: str = "") -> None:
        """Write a line, or lines."""
        for line in text.splitlines() or [""]:
            print(f"{INDENT}{self.paint(line, style)}".rstrip(), flush=True)

    def prose(self, text: str, style: str = "", indent: str = "") -> None:
        """Write sentences, wrapped."""
        width = self.width - len(INDENT) - len(indent)
        lines = textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)
        self.say("\n".join(indent + line for line in lines), style)

    def markdown(self, text: str, unfolded: Iterable[str] = ()) -> None:
        """Write Markdown as its reader sees it, in a frame.

        Args:
            text: the Markdown.
            unfolded: how the titles of that begin which the reader clicks to see what is folded away.
        """
        border = "─" * (self.width - len(INDENT) - 1)
        self.say(f"╭{border}", DIM)
        for line in MarkdownView(self.painter, self.width - len(INDENT) - 2).show(_folded(text, unfolded)):
            print(f"{INDENT}{self.paint('│', DIM)} {line}".rstrip())
        self.say(f"╰{border}", DIM)

    def pairs(self, values: Mapping[str, str]) -> None:
        """Write names and values, below each other; of a long list only how it begins."""
        longest = max(map(len, values))
        for name, value in values.items():
            text = ", ".join(value.splitlines())
            # One long word, as a digest is, says nothing when it is cut.
            room = self.width - longest - 8
            shown = textwrap.shorten(text, room, placeholder=" …") if " " in text else text
            self.say(f"{self.paint(f'{name:<{longest}}', DIM)}  {shown or '(empty)'}")

    def run(self, ended: Ended) -> None:
        """Write how a run of a workflow ended, with its jobs and their steps."""
        attempt = f", attempt {ended.attempt}" if ended.attempt > 1 else ""
        self.say(
            f"{ended.workflow}  on {ended.event}, run {ended.number}{attempt}, {ended.seconds:.0f} s", BLUE
        )
        for job, steps in ended.jobs.items():
            self.say(f"{_mark(result for _, result, _ in steps)} {job}", BOLD)
            for name, result, seconds in steps:
                mark = self.paint(_MARKS.get(result, "◦"), GREEN if result == "success" else DIM)
                self.say(f"  {mark} {name:<48} {self.paint(f'{seconds:5.1f} s', DIM)}")

    def diff(self, text: str) -> None:
        """Write what git says of a change: names of files, and the lines that go and come."""
        for line in text.splitlines():
            if line.startswith("+++"):
                self.say(line.removeprefix("+++ b/"), BOLD)
            elif line.startswith(("-", "+")) and not line.startswith("---"):
                self.say(line, GREEN if line[0] == "+" else RED)


def _folded(markdown: str, unfolded: Iterable[str]) -> str:
    """Return Markdown without what its reader sees only after a click."""
    kept = "".join(f"(?!{re.escape(title)})" for title in unfolded)
    folded = rf"<details><summary>{kept}(.*?)</summary>.*?</details>"
    return re.sub(folded, r"▸ \1", markdown, flags=re.DOTALL)


def _mark(results: Iterable[str]) -> str:
    return _MARKS["failure"] if "failure" in results else _MARKS["success"]
