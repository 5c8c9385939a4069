"""The runner that an action runs on: what it says to the runner, and through it to people.

Outside a runner, on a laptop, the same things are said in plain words. Source: "Workflow commands for
GitHub Actions" in GitHub's documentation.
"""

import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from actions_toolkit import core

from hub_image_actions.entry.new_start import PREFIX
from hub_image_actions.errors import ActionError, InvalidInputs
from hub_image_actions.redaction import secret_lines

# Source: ECMA-48, sections 5.4 (control sequences, of which those that end in `m` are colours) and 5.6.
_ORDERS = re.compile(
    "\x1b\\[[0-?]*[ -/]*[@-ln-~]|\x1b[\\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\\\)?|\x1b(?!\\[[0-?]*m)[ -/]*[0-~]?"
)
# GitHub shows ten annotations of a kind for each step, and drops the rest in silence:
# https://docs.github.com/en/rest/checks/runs and https://github.com/orgs/community/discussions/26680.
_MOST_ANNOTATIONS = 10
# One is kept for what sums up the rest, and among errors one for the error that ends the run.
_ROOM = {"error": _MOST_ANNOTATIONS - 2, "warning": _MOST_ANNOTATIONS - 1, "notice": _MOST_ANNOTATIONS - 1}
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f]")


class Runner:
    """The runner's protocol.

    Args:
        environ: the environment of the step.
        inputs: the inputs as the runner gives them, by the names of their variables.
        arguments: inputs given on the command line, which go before those of the runner.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        inputs: Mapping[str, str] | None = None,
        arguments: Mapping[str, str] | None = None,
    ) -> None:
        self._inputs = dict(inputs or {})
        self._arguments = dict(arguments or {})
        self._on_runner = environ.get("GITHUB_ACTIONS") == "true"
        self._annotations: Counter[str] = Counter()
        self._left_in_log: Counter[str] = Counter()
        self._outputs = environ.get("GITHUB_OUTPUT", "")
        self._summary = environ.get("GITHUB_STEP_SUMMARY", "")

    def input(self, name: str) -> str:
        """Return the text of an input; empty where it is not set."""
        return self._arguments.get(name) or self._inputs.get(variable(name), "")

    def mask(self, secret: str) -> None:
        """Have the runner hide a secret in everything that is logged, each of its lines by itself."""
        if self._on_runner and secret:
            for text in dict.fromkeys((secret, *secret_lines(secret))):
                core.set_secret(text)
            sys.stdout.flush()

    def info(self, text: str) -> None:
        """Write to the log. A line that looks like a command to the runner is none."""
        for raw in text.splitlines() or [""]:
            # First: what is left of a line when it has lost its controls may be a command.
            line = _tame(raw)
            inert = line.replace("::", ":\u200b:") if line.lstrip().startswith("::") else line
            print(_writable(inert.replace("##[", "##\u200b[")), flush=True)

    def __enter__(self) -> "Runner":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for annotation in ("warning", "notice"):
            self._sum_up(annotation)

    def notice(self, message: str) -> None:
        """Write a notice, which GitHub shows above the log."""
        self._annotate("notice", message)

    def warning(self, message: str) -> None:
        """Write a warning, which GitHub shows above the log."""
        self._annotate("warning", message)

    def failure(self, error: ActionError) -> None:
        """Write one of several errors that a run goes on after, as that of one test."""
        self._annotate("error", str(error), _place(error))

    def error(self, error: ActionError) -> None:
        """Write the error that ends the run, which GitHub shows above the log and at the file and line."""
        self._sum_up("error")
        errors = error.errors if isinstance(error, InvalidInputs) else (error,)
        room = max(0, _MOST_ANNOTATIONS - 1 - self._annotations["error"])
        for each in errors[:room]:
            self._issue("error", str(each), _place(each))
        if rest := errors[room:]:
            self._issue("error", " ".join(map(str, rest)), _place(rest[0]) if len(rest) == 1 else {})

    @contextmanager
    def group(self, title: str) -> Iterator[None]:
        """Fold what is logged inside under a title."""
        if not self._on_runner:
            print(f"== {title}", flush=True)
            yield
            return
        core.start_group(title)
        try:
            yield
        finally:
            core.end_group()
            sys.stdout.flush()

    def outputs(self, values: Mapping[str, str]) -> None:
        """Set the action's outputs; on a laptop, print them.

        Raises:
            ActionError: the runner's file cannot be written, so that later steps would go on without them.
        """
        for name, value in values.items():
            if self._outputs:
                self._set(name, _writable(value))
            elif value:
                print(_writable(f"{name}: {', '.join(value.splitlines())}"), flush=True)

    def summary(self, markdown: str) -> None:
        """Add to the page that GitHub shows for the job; that it cannot be written undoes nothing."""
        if not self._summary:
            return
        try:
            with Path(self._summary).open("a", encoding="utf-8") as file:
                file.write(f"{_writable(markdown.rstrip())}\n\n")
        except OSError as error:
            self.warning(f"The job's summary cannot be written: {self._summary}: {error.strerror}.")

    def _set(self, name: str, value: str) -> None:
        try:
            core.set_output(name, value)
        except OSError as error:
            raise ActionError(
                f"The output {name!r} cannot be set: {self._outputs}: {error.strerror}.",
                "Look at the runner's disk and at the rights of its temporary folder.",
            ) from error

    def _annotate(self, kind: str, message: str, place: Mapping[str, str] | None = None) -> None:
        """Write an annotation; those that GitHub would drop are lines of the log."""
        if not self._on_runner or self._annotations[kind] < _ROOM[kind]:
            self._issue(kind, message, place or {})
        else:
            self._left_in_log[kind] += 1
            self.info(f"{kind}: {message}")

    def _sum_up(self, kind: str) -> None:
        if count := self._left_in_log.pop(kind, 0):
            one_or_many = f"{kind} is" if count == 1 else f"{kind}s are"
            self._issue(kind, f"{count} more {one_or_many} in the log.", {})

    def _issue(self, kind: str, message: str, place: Mapping[str, str]) -> None:
        self._annotations[kind] += 1
        if self._on_runner:
            written = {name: _writable(text) for name, text in place.items()}
            core.issue_command(kind, written, _writable(message))
            sys.stdout.flush()
        else:
            print(_writable(_tame(f"{kind}: {message}")), file=sys.stderr, flush=True)


def _place(error: ActionError) -> dict[str, str]:
    return {"file": error.file, "line": str(error.line)} if error.file else {}


def variable(name: str) -> str:
    """Return the name of the variable by which an action gets an input."""
    return f"{PREFIX}{name.replace('-', '_').upper()}"


def _tame(text: str) -> str:
    """Return `text` without what moves a terminal's cursor or gives it orders; colours stay."""
    return _CONTROLS.sub("", _ORDERS.sub("", text))


def _writable(text: str) -> str:
    # JSON, and names of files, can hold halves of characters, which no UTF-8 has.
    return text.encode(errors="replace").decode()
