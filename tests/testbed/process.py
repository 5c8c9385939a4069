"""Programs that the test bed runs: commands with a time limit, and daemons that end with their starter."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

TAIL = 30


class ProgramError(RuntimeError):
    """A program of the test bed failed; the message carries the end of its output."""


def tail(text: str, lines: int = TAIL) -> str:
    """Return the last lines of a text."""
    return "\n".join(text.splitlines()[-lines:])


def run(
    command: Sequence[str],
    *,
    seconds: float = 300,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    text: str | None = None,
) -> str:
    """Run a command to its end and return its standard output.

    Args:
        command: the program and its arguments.
        seconds: the time limit.
        environment: variables added to those of this process.
        folder: the working directory.
        text: what the command reads on its standard input; nothing by default.

    Returns:
        Standard output as text.

    Raises:
        ProgramError: the command is missing, failed, or took too long.
    """
    try:
        process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            cwd=folder,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
    except FileNotFoundError as error:
        raise ProgramError(f"{command[0]}: not found") from error
    with process:
        output, errors = _finish(process, command, text or "", seconds)
    if process.returncode != 0:
        said = tail(output + errors)
        raise ProgramError(f"{' '.join(command)}: exit status {process.returncode}\n{said}")
    return output


def _finish(
    process: "subprocess.Popen[str]", command: Sequence[str], text: str, seconds: float
) -> tuple[str, str]:
    try:
        return process.communicate(text, timeout=seconds)
    except subprocess.TimeoutExpired as error:
        raise ProgramError(f"{' '.join(command)}: not done after {seconds:g} s") from error
    finally:
        if process.returncode is None:
            # The whole group: what a command has started does not outlive it.
            os.killpg(process.pid, signal.SIGKILL)


class Daemon:
    """A program in the background that does not outlive the process (and thread) that started it."""

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        *,
        lifetime: int = 3600,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Describe the program; `start` runs it.

        Args:
            command: the program and its arguments.
            log: the file that gets both output streams.
            lifetime: seconds after which the program is ended whatever happens.
            environment: variables added to those of this process.
        """
        self.command = list(command)
        self.log = log
        self.lifetime = lifetime
        self.environment = {**os.environ, **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Run the program.

        Raises:
            ProgramError: the program is not there.
        """
        if shutil.which(self.command[0]) is None:
            raise ProgramError(f"{self.command[0]}: not found")
        # A killed test run cannot clean up after itself: the kernel tells `timeout`, which tells the program.
        bounded = ["setpriv", "--pdeathsig", "TERM", "timeout", "--kill-after=20", str(self.lifetime)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*bounded, *self.command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.environment,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process id of the program's guard, which leads the process group."""
        if self._process is None:
            raise ProgramError(f"{self.command[0]}: not started")
        return self._process.pid

    def logged(self) -> str:
        """Return what the program has written so far."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def wait_until(self, ready: Callable[[], bool], *, seconds: float) -> None:
        """Wait for the program to be of use.

        Args:
            ready: asked again and again.
            seconds: the time limit.

        Raises:
            ProgramError: the program ended or was not ready in time; with the end of its log.
        """
        end = time.monotonic() + seconds
        while not ready():
            ended = self._process is None or self._process.poll() is not None
            if ended or time.monotonic() > end:
                what = "ended" if ended else f"not ready after {seconds:g} s"
                raise ProgramError(f"{self.command[0]}: {what}\n{tail(self.logged())}")
            time.sleep(0.05)

    def stop(self, *, seconds: float = 30) -> None:
        """End the program, gently first; nothing happens if it has ended already."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait(seconds)
        self._process = None

    def __enter__(self) -> "Daemon":
        """Start the program."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the program."""
        self.stop()
