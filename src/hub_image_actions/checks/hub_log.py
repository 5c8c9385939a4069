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
# What interpreters and programs say of an argument that is no file and no option of theirs.
_TAKEN = (
    r"(?i)no such file or directory: '?/\S*/{word}\b",
    r"(?i)can(?:no|')t open (?:file )?'?(?:/\S*/)?{word}\b",
    r"Cannot find module '/\S*/{word}'",
    r"\b(?:ba|z|k)?sh: {word}: (?:No such file|cannot execute)",
    r"/{word}: (?:{word}: )?line \d+: (?:\w+: command not found|syntax error)",
    r"(?i)unrecognized arguments?: .*\b{word}\b",
    r"(?i)unexpected extra arguments? \(.*\b{word}\b",
    r"(?i)(?:no such command|invalid choice:) '{word}'",
    r"(?i)command [`']\w+-{word}[`'] not found",
)
# What starts a server for a hub, by whatever name: `jupyter labhub`, `python3 -m jupyterhub.singleuser`.
_OF_HUBS = ("jupyterhub", "labhub")
# What starts others, and has the hub's command among its own arguments.
_STARTER = re.compile(r"(?:\S*/)?(?:(?:ba|da|z|k)?sh|tini|dumb-init|catatonit)\b|.*/repo2docker-entrypoint\b")
_SCRIPT_OPTION = re.compile(r"-[a-z]*c")
_ZEROTH = re.compile(r"\$(?:0|\{0)")
_ENDED = re.compile(r"hub-check: the server (?:was killed|ended with status [1-9])")
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


def entrypoint_faults(
    entrypoint: Sequence[str], command: str, log: Sequence[str], found: Sequence[str]
) -> Iterator[str]:
    """Yield what an image's ENTRYPOINT makes of the hub's command, where it does not run it.

    Args:
        entrypoint: its words; none where the image has none.
        command: the first word of what the hub starts.
        log: the server's log.
        found: what the check found out besides.
    """
    told = " ".join(" ".join(entrypoint).split())
    if not entrypoint:
        return
    if any(_takes(line, command) for line in log):
        yield f"hub-check: the ENTRYPOINT takes {command} as its argument: {told}"
    elif _drops(entrypoint, command) and _without_error(found) and not _mentions_hub(log, command):
        yield f"hub-check: the ENTRYPOINT in shell form drops {command}: {told}"


def another_server(processes: Sequence[str], command: str) -> str:
    """Return what runs instead of the hub's command; nothing where that runs, or what cannot be told apart.

    Args:
        processes: the command lines of all processes of the server.
        command: the first word of what the hub starts.
    """
    started = [line for line in processes if line and not _STARTER.match(line)]
    names = (command.rpartition("/")[2], *_OF_HUBS)
    if any(name in line for name in names for line in started):
        return ""
    return next(reversed(started), "")


def _takes(line: str, command: str) -> bool:
    """Return whether a program says that it cannot use the hub's command, which it was given."""
    # A path may rightly be missing itself, whoever runs it.
    if "/" in command:
        return False
    word = re.escape(command)
    return any(re.search(expression.format(word=word), line) for expression in _TAKEN)


def _drops(entrypoint: Sequence[str], command: str) -> bool:
    """Return whether an ENTRYPOINT is in shell form, where the command's first word is only `$0`.

    Source: https://docs.docker.com/reference/dockerfile/#shell-form-entrypoint-example
    """
    *_, option, script = ("", *entrypoint)
    return bool(_SCRIPT_OPTION.fullmatch(option)) and not _ZEROTH.search(script) and command not in script


def _without_error(found: Sequence[str]) -> bool:
    """Return whether the server runs, or ended as if all were well."""
    return not any(_ENDED.search(line) for line in found)


def _mentions_hub(log: Sequence[str], command: str) -> bool:
    return any("jupyterhub" in line.lower() or command in line for line in log)


def missing(line: str) -> list[str]:
    """Return the files, commands and modules that a line of a log says are not there."""
    names = [module[1] for module in _MODULE.finditer(line)]
    if _MISSING.search(line):
        names += _PATH.findall(line)
        names += [next(filter(None, found.groups())) for found in _COMMAND.finditer(line)]
    return names
