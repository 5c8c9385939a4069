"""The runner that an action runs on: what it says to the runner, and through it to people.

Outside a runner, on a laptop, the same things are said in plain words. Source: "Workflow commands for
GitHub Actions" in GitHub's documentation.
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from actions_toolkit import core

from hub_image_actions.entry.annotations import Annotations, place, place_of, writable
from hub_image_actions.entry.new_start import PREFIX
from hub_image_actions.errors import ActionError, InvalidInputs
from hub_image_actions.redaction import secret_lines
from hub_image_actions.terminal_text import tame


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
        self._annotations = Annotations(self._on_runner, self.info)
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
            line = tame(raw)
            inert = line.replace("::", ":\u200b:") if line.lstrip().startswith("::") else line
            print(writable(inert.replace("##[", "##\u200b[")), flush=True)

    def __enter__(self) -> "Runner":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._annotations.close()

    def notice(self, message: str) -> None:
        """Write a notice, which GitHub shows above the log."""
        self._annotations.add("notice", message)

    def warning(self, message: str, file: str = "", line: int = 0) -> None:
        """Write a warning, which GitHub shows above the log, and at the file and line if it is about one."""
        self._annotations.add("warning", message, place(file, line))

    def failure(self, error: ActionError) -> None:
        """Write one of several errors that a run goes on after, as that of one test."""
        self._annotations.add("error", str(error), place_of(error))

    def error(self, error: ActionError) -> None:
        """Write the error that ends the run, which GitHub shows above the log and at the file and line."""
        self._annotations.end_with(error.errors if isinstance(error, InvalidInputs) else (error,))

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
                self._set(name, writable(value))
            elif value:
                print(writable(f"{name}: {', '.join(value.splitlines())}"), flush=True)

    def summary(self, markdown: str) -> None:
        """Add to the page that GitHub shows for the job; that it cannot be written undoes nothing."""
        if not self._summary:
            return
        try:
            with Path(self._summary).open("a", encoding="utf-8") as file:
                file.write(f"{writable(markdown.rstrip())}\n\n")
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


def variable(name: str) -> str:
    """Return the name of the variable by which an action gets an input."""
    return f"{PREFIX}{name.replace('-', '_').upper()}"
