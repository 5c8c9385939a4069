"""Annotations: what GitHub shows above a job's log, of which it takes ten of a kind from a step.

Source: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands.
"""

import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from actions_toolkit import core

from hub_image_actions.errors import ActionError
from hub_image_actions.terminal_text import plain, tame

# GitHub shows ten annotations of a kind for each step, and drops the rest in silence:
# https://docs.github.com/en/rest/checks/runs and https://github.com/orgs/community/discussions/26680.
_MOST_ANNOTATIONS = 10
# One is kept for what sums up the rest, and among errors one for the error that ends the run.
_ROOM = {"error": _MOST_ANNOTATIONS - 2, "warning": _MOST_ANNOTATIONS - 1, "notice": _MOST_ANNOTATIONS - 1}


class Annotations:
    """The annotations of one step; those that GitHub would drop become lines of the log, and are counted.

    Args:
        on_runner: whether there is a runner; on a laptop each is a line of the standard error.
        info: writes a line of the log.
    """

    def __init__(self, on_runner: bool, info: Callable[[str], None]) -> None:
        self._on_runner = on_runner
        self._info = info
        self._issued: Counter[str] = Counter()
        self._left_in_log: Counter[str] = Counter()

    def add(self, kind: str, message: str, place: Mapping[str, str] | None = None) -> None:
        """Write an annotation, or a line of the log where too many went before.

        Args:
            kind: ``error``, ``warning`` or ``notice``.
            message: what it says.
            place: the file and line that it is about.
        """
        if not self._on_runner or self._issued[kind] < _ROOM[kind]:
            self._issue(kind, message, place or {})
        else:
            self._left_in_log[kind] += 1
            self._info(f"{kind}: {message}")

    def end_with(self, errors: Sequence[ActionError]) -> None:
        """Write the errors that end the run: none of them is left out."""
        self._sum_up("error")
        room = max(0, _MOST_ANNOTATIONS - 1 - self._issued["error"]) if self._on_runner else len(errors)
        for error in errors[:room]:
            self._issue("error", str(error), place_of(error))
        if rest := errors[room:]:
            self._issue("error", "\n".join(map(str, rest)), place_of(rest[0]) if len(rest) == 1 else {})

    def close(self) -> None:
        """Say how many warnings and notices are in the log alone."""
        for kind in ("warning", "notice"):
            self._sum_up(kind)

    def _sum_up(self, kind: str) -> None:
        if count := self._left_in_log.pop(kind, 0):
            one_or_many = f"{kind} is" if count == 1 else f"{kind}s are"
            self._issue(kind, f"{count} more {one_or_many} in the log.", {})

    def _issue(self, kind: str, message: str, place: Mapping[str, str]) -> None:
        self._issued[kind] += 1
        if self._on_runner:
            # GitHub shows annotations without colors, and the orders as they are written.
            written = {name: writable(plain(text)) for name, text in place.items()}
            core.issue_command(kind, written, writable(plain(message)))
            sys.stdout.flush()
        else:
            print(writable(tame(f"{kind}: {message}")), file=sys.stderr, flush=True)


def place_of(error: ActionError) -> dict[str, str]:
    """Return the file and line that an error is about, as an annotation gives them."""
    return place(error.file, error.line)


def place(file: str, line: int) -> dict[str, str]:
    """Return a file and a line as an annotation gives them; line 0 is none in particular."""
    whole_file = {"file": file} if file else {}
    return {**whole_file, "line": str(line)} if file and line else whole_file


def writable(text: str) -> str:
    """Return `text` as UTF-8 can say it."""
    # JSON, and names of files, can hold halves of characters, which no UTF-8 has.
    return text.encode(errors="replace").decode()
