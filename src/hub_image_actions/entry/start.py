"""The start of every command in `scripts/`: each script finds this, and nothing else, by itself.

What Python has not loaded anyway is imported once an interruption has a place to go to.
"""

import gc
import os
import sys

_FAILED, _INTERRUPTED = 1, 130


def start(command: str, documentation: str | None) -> None:
    """Run a command, and end the process with its exit status.

    Args:
        command: the command's module in this package, as ``fleet.doctor.command``.
        documentation: the docstring of the script, which is what ``--help`` shows.
    """
    try:
        status = _status(command, documentation)
        sys.stdout.flush()
    except KeyboardInterrupt:
        status = _INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has seen enough.
        status = _FAILED
    if status == _INTERRUPTED:
        # Only here: a line of progress is erased once nothing holds on to what drew it.
        print("Interrupted", file=sys.stderr)
    # The kernel frees at once what Python would take apart module by module, and waits for no thread.
    os._exit(status)


def _status(command: str, documentation: str | None) -> int:
    # What is loaded now stays to the end: there is nothing to collect.
    gc.disable()
    from importlib import import_module
    from pathlib import Path

    from hub_image_actions import dependencies
    from hub_image_actions.certificates import share_certificates

    root = Path(__file__).parents[3]
    dependencies.activate(root)
    share_certificates(os.environ)
    from hub_image_actions.entry.command_line import CommandLine

    module = import_module(f"hub_image_actions.{command}")
    gc.enable()
    return CommandLine(documentation, root).run(module)
