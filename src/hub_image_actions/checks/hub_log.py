"""The log of a server that did not start: what it says, and which of its lines prove it."""

import re
from collections.abc import Iterator, Sequence

_KILLED = 137
# By these statuses shells say that they may not run a command, or that there is none.
NOT_RUN, NOT_FOUND = 126, 127
_MISSING = re.compile(r"(?i)no such file|not found|can(?:no|')t (?:open|find)|FileNotFoundError")
_PATH = re.compile(r"/[\w.+@/-]*[\w+@-]")
_COMMAND = re.compile(
    r"exec: \"?([\w.+-]+)\"?: |(?:^|: )([\w.+-]+): (?:command )?not found|env: '?([\w.+-]+)'?: No"
)
_MODULE = re.compile(r"No module named '([\w.]+)'")
_DENIED = re.compile(r"(?i)['\"]?(/?[\w.+@/-]*[\w+@-])['\"]?: permission denied|permission denied: '([^']+)'")
_EXTENSION = re.compile(
    r"\] (\S+) \| (?:extension failed loading|error (?:adding|linking)).*?(?:message: (.*))?$"
)
_RAISED = re.compile(r" *((?:\w+\.)*\w+(?:Error|Exception): .*)")
_RESTARTED = "KernelRestarter: restarting kernel"
_SETTINGS = re.compile(r"Exception while loading config file (\S+)")


def ending(status: int, *, killed: bool) -> str:
    """Return how a server ended, as a line of the log."""
    if killed or status == _KILLED:
        return f"hub-check: the server was killed (status {status})"
    return f"hub-check: the server ended with status {status}"


def proof(log: Sequence[str]) -> str:
    """Return what a log says last of an error, to go with what became of it."""
    restarted = "; it died and was started again" if any(_RESTARTED in line for line in log) else ""
    raised = next(filter(None, map(_RAISED.match, reversed(log))), None)
    return f"{restarted}; the log has: {raised[1]}" if raised else restarted


def passed_over(log: Sequence[str]) -> Iterator[str]:
    """Yield what failed without ending the server, since Jupyter passes over it."""
    for line in log:
        if failed := _EXTENSION.search(line):
            yield f"The server extension {failed[1]} could not be loaded: {failed[2] or 'see the log'}"
        elif failed := _SETTINGS.search(line):
            yield f"The settings in {failed[1]} could not be read and are not used: see the log."


def explanations(log: Sequence[str], found: Sequence[str]) -> Iterator[str]:
    """Yield what the exit statuses of shells mean, by which entry points often end."""
    if any(line.endswith(f"status {NOT_RUN}") for line in found):
        for match in filter(None, map(_DENIED.search, reversed(log))):
            yield f"hub-check: {next(filter(None, match.groups()))} may not be run"
            return
    if any(line.endswith(f"status {NOT_FOUND}") for line in found):
        for match in filter(None, map(_COMMAND.search, reversed(log))):
            yield f"hub-check: there is no command {next(filter(None, match.groups()))}"
            return


def missing(line: str) -> list[str]:
    """Return the files, commands and modules that a line of a log says are not there."""
    names = [module[1] for module in _MODULE.finditer(line)]
    if _MISSING.search(line):
        names += _PATH.findall(line)
        names += [next(filter(None, found.groups())) for found in _COMMAND.finditer(line)]
    return names
