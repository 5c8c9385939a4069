"""Runs an action as a runner does: the step of its action.yml in bash, the inputs in its environment."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import unquote

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
# An environment of the tests' own libraries must not be what makes an action work.
PYTHON = Path(sys.executable).resolve()
SECONDS = 110
COMMAND = re.compile(r"\s*::(?P<name>[A-Za-z-]+)(?: (?P<properties>[^:]*))?::(?P<message>.*)")
KNOWN_COMMANDS = {"add-mask", "group", "endgroup", "notice", "warning", "error"}
EXPRESSION = re.compile(r"\$\{\{\s*(?P<context>inputs|github)\.(?P<name>[\w-]+)\s*\}\}")


@dataclass(frozen=True)
class Command:
    """What a line of a step's output tells the runner."""

    name: str
    message: str
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """How a step ended."""

    status: int
    stdout: str
    stderr: str
    outputs: Mapping[str, str]
    raw_outputs: str
    summary: str
    left_behind: tuple[str, ...]
    seconds: float

    @property
    def commands(self) -> tuple[Command, ...]:
        """What the output tells the runner, on either stream."""
        lines = (*self.stdout.splitlines(), *self.stderr.splitlines())
        return tuple(command for command in map(parse_command, lines) if command)

    @property
    def log(self) -> str:
        """What people see of the output."""
        return "\n".join(line for line in self.stdout.splitlines() if not line.startswith("::add-mask::"))

    def said(self, kind: str) -> list[str]:
        """Return the messages of one kind of annotation."""
        return [command.message for command in self.commands if command.name == kind]

    @property
    def error(self) -> str:
        """The one error of a step that failed as it should: one annotation, status 1, no traceback."""
        (message,) = self.said("error")
        assert self.status == 1
        assert "Traceback" not in self.stdout + self.stderr
        return message

    @property
    def notice(self) -> str:
        """The one notice of a step that ended well."""
        assert self.status == 0, self.stdout + self.stderr
        assert not self.said("error")
        (message,) = self.said("notice")
        return message


def parse_command(line: str) -> Command | None:
    """Return what a line tells the runner, in either of the two ways that it understands."""
    older = re.search(r"##\[(?P<name>[\w-]+)(?: [^\]]*)?\](?P<message>.*)", line)
    found = COMMAND.match(line) or older
    if not found:
        return None
    pairs = (found.groupdict().get("properties") or "").split(",")
    properties = dict(pair.partition("=")[::2] for pair in pairs if pair)
    return Command(found["name"], unquote(found["message"]), properties)


def parse_outputs(text: str) -> dict[str, str]:
    """Return what a GITHUB_OUTPUT file sets, as the runner reads it."""
    values: dict[str, str] = {}
    lines = iter(text.split("\n")[:-1])
    for line in lines:
        name, _, delimiter = line.partition("<<")
        assert delimiter, f"not the beginning of an output: {line!r}"
        value: list[str] = []
        while (line := next(lines)) != delimiter:
            value.append(line)
        values[name] = "\n".join(value)
    return values


@dataclass(frozen=True)
class Declaration:
    """What the runner needs of an action.yml: the defaults, and the one step."""

    defaults: Mapping[str, str]
    run: str
    env: Mapping[str, str]

    def environment(self, given: Mapping[str, str], github: Mapping[str, str]) -> dict[str, str]:
        """Return the environment of the step for the inputs given."""
        unknown = given.keys() - self.defaults.keys()
        assert not unknown, f"no such inputs: {unknown}"
        contexts = {"github": github, "inputs": {**self.defaults, **given}}

        def filled(text: str) -> str:
            return EXPRESSION.sub(lambda found: contexts[found["context"]][found["name"]], text)

        contexts["inputs"] = {
            **{name: filled(text) for name, text in self.defaults.items()},
            **given,
        }
        return {name: filled(text) for name, text in self.env.items()}


@cache
def declaration(action: Path) -> Declaration:
    """Return the declaration in an action's folder."""
    read = YAML(typ="safe", pure=True).load(action / "action.yml")
    (step,) = read["runs"]["steps"]
    assert step["shell"] == "bash"
    defaults = {name: str(entry.get("default", "")) for name, entry in read["inputs"].items()}
    return Declaration(defaults, step["run"], {name: str(text) for name, text in step["env"].items()})


def run_action(
    action: Path,
    inputs: Mapping[str, str],
    *,
    folder: Path,
    environ: Mapping[str, str] | None = None,
    python: Path = PYTHON,
    cwd: Path | None = None,
    started: Callable[[subprocess.Popen[str]], object] | None = None,
    seconds: float = SECONDS,
) -> Result:
    """Run an action and return how it ended.

    Args:
        action: the folder of its action.yml.
        inputs: what the workflow gives.
        folder: where the run keeps its files, each run in a folder of its own.
        environ: variables of the job; ``GITHUB_API_URL`` and ``GITHUB_SERVER_URL`` are inputs' defaults.
        python: what `python3` is.
        cwd: the workspace; an empty folder by default.
        started: told of the process that leads the process group.
        seconds: the time limit.
    """
    home = Path(tempfile.mkdtemp(dir=folder))
    environment = _job(home, python, environ or {}) | {"GITHUB_ACTION_PATH": str(action)}
    declared = declaration(action)
    environment |= declared.environment(inputs, _github_context(environment))
    (home / "step.sh").write_text(declared.run)
    begin = time.monotonic()
    with subprocess.Popen(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(home / "step.sh")],
        env=environment,
        cwd=cwd or home / "workspace",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    ) as process:
        if started:
            started(process)
        try:
            streams = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            kill(process)
            raise
    return _result(home, process.returncode, streams, time.monotonic() - begin)


def _github_context(environment: Mapping[str, str]) -> dict[str, str]:
    return {
        "api_url": environment.get("GITHUB_API_URL", ""),
        "server_url": environment.get("GITHUB_SERVER_URL", ""),
        "token": environment.get("GITHUB_TOKEN", ""),
    }


def _result(home: Path, status: int, streams: tuple[str, str], seconds: float) -> Result:
    outputs = (home / "outputs").read_text(errors="replace")
    left_behind = (str(path) for name in ("temporary", "workspace") for path in (home / name).rglob("*"))
    return Result(
        status,
        *streams,
        outputs=parse_outputs(outputs),
        raw_outputs=outputs,
        summary=(home / "summary.md").read_text(errors="replace"),
        left_behind=tuple(left_behind),
        seconds=seconds,
    )


def kill(process: subprocess.Popen[str]) -> None:
    """End a step and everything that it started, at once."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


def _job(home: Path, python: Path, environ: Mapping[str, str]) -> dict[str, str]:
    for name in ("temporary", "workspace", "bin"):
        (home / name).mkdir()
    (home / "bin" / "python3").symlink_to(python)
    for name in ("outputs", "summary.md"):
        (home / name).touch()
    return {
        "PATH": f"{home / 'bin'}:{os.environ['PATH']}",
        "HOME": str(home),
        "TMPDIR": str(home / "temporary"),
        "LANG": "C.UTF-8",
        "GITHUB_ACTIONS": "true",
        "GITHUB_OUTPUT": str(home / "outputs"),
        "GITHUB_STEP_SUMMARY": str(home / "summary.md"),
        **environ,
    }
