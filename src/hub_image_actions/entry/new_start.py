"""A second start of an action's process, in an environment that holds no input.

What a process was started with can be read in `/proc/<pid>/environ` for as long as it lives, by every process
of the same user: that a variable is deleted does not change it. So the inputs, secrets among them, go through
a file without a name into a start without them. The process keeps its number, and gets the runner's signals.

Nothing but what Python has loaded anyway is imported here, since this comes before each action's real start.
It also says so when the job is canceled before the action's own handling is there, see `interruption.py`.
"""

import os
import signal
import sys
from collections.abc import Mapping, MutableMapping

PREFIX = "INPUT_"
CANCELLED, AGAIN = "The job was canceled.", "Run it again if that was not meant."
# Which file the inputs are in, for the second start.
_HANDED_OVER = "HUB_IMAGE_ACTIONS_INPUTS"
_BLOCK = 1 << 16


def begin_without_inputs(environ: MutableMapping[str, str] = os.environ) -> dict[str, str]:
    """Return the inputs of the environment, in a process that was started without them.

    The first time, this does not return: the same Python is executed anew, and comes here again. Where there
    are no inputs, as on a laptop, there is no need to.

    Args:
        environ: the environment, which loses the inputs.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end_at_once)
    handed_over = environ.pop(_HANDED_OVER, "")
    inputs = {name: environ.pop(name) for name in [name for name in environ if name.startswith(PREFIX)]}
    if handed_over:
        return _received(int(handed_over))
    if inputs and sys.executable:
        _start_again(inputs, environ)
    return inputs


def _end_at_once(number: int, frame: object) -> None:
    """End before anything was begun: there is nothing to be cleaned up."""
    del frame
    # Not `print`, which the signal may have interrupted.
    if os.environ.get("GITHUB_ACTIONS") == "true":
        os.write(1, f"\n::error::{CANCELLED} {AGAIN}\n".encode())
    else:
        os.write(2, f"error: {CANCELLED} {AGAIN}\n".encode())
    os._exit(128 + number)


def _start_again(inputs: Mapping[str, str], environ: Mapping[str, str]) -> None:
    content = b"".join(b"%s=%s\0" % (os.fsencode(name), os.fsencode(text)) for name, text in inputs.items())
    file = _unnamed_file()
    while content:
        content = content[os.write(file, content) :]
    os.lseek(file, 0, os.SEEK_SET)
    os.set_inheritable(file, True)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os.execve(sys.executable, sys.orig_argv, {**environ, _HANDED_OVER: str(file)})  # noqa: S606  # no shell


def _unnamed_file() -> int:
    """Return a file that is in no folder: in memory, where the system has such files."""
    try:
        return os.memfd_create("inputs")
    except (AttributeError, OSError):
        # As on macOS, or where a sandbox knows fewer calls than its system.
        pass
    import tempfile

    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _received(file: int) -> dict[str, str]:
    content = bytearray()
    while block := os.read(file, _BLOCK):
        content += block
    os.close(file)
    pairs = (pair.partition(b"=") for pair in bytes(content).split(b"\0") if pair)
    return {os.fsdecode(name): os.fsdecode(text) for name, _, text in pairs}
