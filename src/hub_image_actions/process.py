"""Other programs: the one place from which they are started."""

import os
import selectors
import shlex
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from hub_image_actions.errors import CommandError
from hub_image_actions.redaction import redact
from hub_image_actions.terminal_text import last_state

_MOST_LINES = 20_000
_SECONDS_TO_END = 3.0
# How long what a program left behind may stay silent once the program itself has ended.
_SECONDS_OF_SILENCE = 1.0
_BLOCK = 1 << 16
_LONGEST_LINE = 1 << 20
_running: "set[subprocess.Popen[bytes]]" = set()


@dataclass(frozen=True)
class Completed:
    """What a program that ended well wrote to its two streams."""

    stdout: str
    stderr: str


def run(
    command: Sequence[str],
    *,
    stdin: str = "",
    timeout: float,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    secrets: Sequence[str] = (),
    umask: int = -1,
) -> Completed:
    """Run a program without a shell and return what it wrote.

    Args:
        command: the program and its arguments.
        stdin: what it reads.
        timeout: seconds after which it is ended.
        env: its environment; ours where not given.
        cwd: the folder it runs in.
        secrets: texts that must not appear in logs and errors.
        umask: which rights the files that it makes do not get; as ours where not given.

    Raises:
        CommandError: it is not there, takes too long or ends with another status than 0.
    """
    line = redact(shlex.join(command), secrets)
    with _started(
        command, line, env, cwd, stdin=subprocess.PIPE, stderr=subprocess.PIPE, umask=umask
    ) as program:
        try:
            written = program.communicate(stdin.encode(), timeout=timeout)
        except subprocess.TimeoutExpired:
            raise CommandError(line, -1, "", f"no answer within {timeout:g} seconds") from None
    stdout, stderr = (text.decode(errors="replace") for text in written)
    if program.returncode:
        raise CommandError(line, program.returncode, redact(stdout, secrets), redact(stderr, secrets))
    return Completed(stdout, stderr)


def end_running() -> None:
    """End every program that was started here and still runs, with all that it started.

    They are asked to at once, and made to in a moment; this does not wait for either.
    """
    running = tuple(_running)
    for program in running:
        _signal_group(program, signal.SIGTERM)

    def force() -> None:
        for program in running:
            _signal_group(program, signal.SIGKILL)

    forcing = threading.Timer(_SECONDS_TO_END, force)
    forcing.daemon = True
    forcing.start()


def stream(
    command: Sequence[str],
    *,
    tell: Callable[[str], None],
    timeout: float,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    secrets: Sequence[str] = (),
    end: Callable[[], None] | None = None,
) -> list[str]:
    """Run a program without a shell, pass on each line of both its streams, and return the lines.

    When this process is interrupted or the time is over, the program and all that it started are ended.

    Args:
        command: the program and its arguments.
        tell: called with the command line, then with each line, secrets redacted.
        timeout: seconds after which it is ended.
        env: its environment; ours where not given.
        cwd: the folder it runs in.
        secrets: texts that must not appear in logs and errors.
        end: ends what runs as another user, which this process may not signal.

    Raises:
        CommandError: it is not there, is too slow or ends with another status; `stdout` has its last lines.
    """
    line = redact(shlex.join(command), secrets)
    tell(f"$ {line}")
    kept: deque[str] = deque(maxlen=_MOST_LINES)
    with _started(command, line, env, cwd, end=end) as program:
        try:
            for written in _lines(program, time.monotonic() + timeout):
                shown = redact(written, secrets)
                kept.append(shown)
                tell(shown)
        except subprocess.TimeoutExpired:
            raise CommandError(line, -1, "\n".join(kept), f"not done within {timeout:g} seconds") from None
    if program.returncode:
        raise CommandError(line, program.returncode, "\n".join(kept), "")
    return list(kept)


@contextmanager
def _started(
    command: Sequence[str],
    line: str,
    env: Mapping[str, str] | None,
    cwd: Path | None,
    *,
    stdin: int = subprocess.DEVNULL,
    stderr: int = subprocess.STDOUT,
    umask: int = -1,
    end: Callable[[], None] | None = None,
) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a program in a process group of its own, which does not outlive the block."""
    try:
        program = subprocess.Popen(  # noqa: S603  # no shell: arguments reach the program as they are
            command,
            env=env,
            cwd=cwd,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=stderr,
            start_new_session=True,
            umask=umask,
        )
    except FileNotFoundError as error:
        raise CommandError(line, -1, "", f"there is no {error.filename}", "Install it.") from None
    except OSError as error:
        reason = f"{error.filename or command[0]} cannot be run: {error.strerror}"
        raise CommandError(line, -1, "", reason, "Look at its rights and its first line.") from None
    with supervised(program, end):
        yield program


@contextmanager
def supervised(
    program: "subprocess.Popen[bytes]", end_others: Callable[[], None] | None = None
) -> Iterator[None]:
    """Have a program that leads a process group not outlive the block, nor a canceled job.

    Args:
        program: a program that was started in a session of its own.
        end_others: ends what runs as another user, which this process may not signal.
    """
    _running.add(program)
    try:
        with program:
            try:
                yield
            except BaseException:
                if end_others:
                    end_others()
                end_program(program)
                raise
    finally:
        _running.discard(program)


def _lines(program: "subprocess.Popen[bytes]", until: float) -> Iterator[str]:
    """Yield the lines that a program writes, until it has ended.

    Raises:
        TimeoutExpired: it writes or runs beyond a moment of the monotonic clock.
    """
    rest = b""
    for block in _blocks(program, until):
        *whole, rest = (rest + block).split(b"\n")
        yield from map(_shown, whole)
        # A line without end would fill the memory.
        rest = rest[:_LONGEST_LINE]
    if rest:
        yield _shown(rest)
    program.wait(timeout=max(0.0, until - time.monotonic()))


def _blocks(program: "subprocess.Popen[bytes]", until: float) -> Iterator[bytes]:
    with selectors.DefaultSelector() as selector:
        stream = cast("IO[bytes]", program.stdout)
        selector.register(stream, selectors.EVENT_READ)
        while (left := until - time.monotonic()) > 0:
            if selector.select(min(left, _SECONDS_OF_SILENCE)):
                if not (block := os.read(stream.fileno(), _BLOCK)):
                    return
                yield block
            elif program.poll() is not None:
                # What it left running may hold the stream open for ever.
                return
    raise subprocess.TimeoutExpired(program.args, left)


def _shown(line: bytes) -> str:
    # Of a progress bar, which overwrites its line, the last state is enough.
    return last_state(line.decode(errors="replace"))


def end_program(program: "subprocess.Popen[bytes]") -> None:
    """End a program that leads a process group, and all of the group: first asked to, then made to."""
    for sent in (signal.SIGTERM, signal.SIGKILL):
        _signal_group(program, sent)
        with suppress(subprocess.TimeoutExpired):
            program.wait(timeout=_SECONDS_TO_END)


def _signal_group(program: "subprocess.Popen[bytes]", sent: signal.Signals) -> None:
    # The group may outlive the program that leads it, and may be gone; or it is root's, by `sudo`.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(program.pid, sent)
