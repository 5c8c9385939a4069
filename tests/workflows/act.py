"""Runs workflows with act, as a runner on this machine would, and reads what it tells."""

import json
import os
import shutil
import signal
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
OURS = "berkeley-dsep-infra/hub-image-actions"
STAND_INS = {
    "actions/create-github-app-token@1b10c78c7865c340bc4f6099eb2f838309f1e8c3": "create-github-app-token",
    "actions/upload-artifact@bbbca2ddaa5d8feaa63e36b76fdaad77386f024f": "upload-artifact",
    "docker/login-action@4907a6ddec9925e35a0a9e82d7399ccc52663121": "login-action",
}
PUBLISHED = {"action.yml", "actions", "dependencies.zip", "requirements", "src"}
SECONDS = 900
Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Run:
    """A run of one workflow that has ended.

    Args:
        status: act's exit status.
        output: all that it wrote, secrets unhidden.
        entries: the same, line by line.
        artifacts: the archives that it left, by name.
    """

    status: int
    output: str
    entries: tuple[Entry, ...] = field(repr=False)
    artifacts: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    @property
    def jobs(self) -> dict[str, str]:
        """How each job that was begun ended."""
        return {entry["jobID"]: entry["jobResult"] for entry in self.entries if "jobResult" in entry}

    @property
    def steps(self) -> dict[str, str]:
        """How each step of a workflow ended, by its name; steps within actions are not told."""
        ended = [entry for entry in self.entries if "stepResult" in entry and entry.get("stage") == "Main"]
        return {entry["step"]: entry["stepResult"] for entry in ended if len(entry["stepID"]) == 1}

    @property
    def log_lines(self) -> tuple[str, ...]:
        """What people see of the log: what programs write, their annotations and summaries."""
        # An output goes into a file, and act alone shows it; what is said to be hidden is.
        told = (entry for entry in self.entries if entry.get("command") not in {"add-mask", "set-output"})
        return tuple(str(entry.get("msg", "")) for entry in told)

    @property
    def log(self) -> str:
        """The log as one text."""
        return "\n".join(self.log_lines)

    @property
    def summary(self) -> str:
        """What the jobs wrote into their summaries."""
        return "\n".join(entry["content"] for entry in self.entries if entry.get("command") == "summary")

    def outputs(self, job: str) -> dict[str, str]:
        """Return the outputs that the steps of a job set."""
        found = [e for e in self.entries if e.get("command") == "set-output" and e.get("jobID") == job]
        return {entry["name"]: entry["arg"] for entry in found}


@dataclass(frozen=True)
class Act:
    """act, with this project's actions and stand-ins for everybody else's, and no network of its own.

    Args:
        folder: for what act keeps; it goes with the test.
        actions: a copy of what this project publishes.
        environment: variables of every step.
        kept: in place of each job's own folder for what is installed, as on a machine of one's own.
        version: the tag under which workflows use this project's actions.
        stand_ins: other people's actions as workflows name them, and what stands for each.
        programs: a folder with programs that stand for other people's.
    """

    folder: Path
    actions: Path
    environment: Mapping[str, str]
    kept: Path | None = None
    version: str = "v1"
    stand_ins: Mapping[str, str] = field(default_factory=lambda: STAND_INS)
    programs: Path | None = None

    def run(
        self,
        event: str,
        workflow: str,
        *,
        checkout: Path,
        payload: Entry,
        variables: Mapping[str, str],
        secrets: Mapping[str, str],
        actor: str = "alice",
    ) -> Run:
        """Run a workflow of a checkout as an event does, and return how it ended.

        Args:
            event: the event's name.
            workflow: the workflow's file name.
            checkout: the repository, at the commit that the event is about.
            payload: the event's payload.
            variables: the repository's variables.
            secrets: the repository's secrets, and the job's token as GITHUB_TOKEN.
            actor: who made the event happen.
        """
        path = self.folder / "event.json"
        path.write_text(json.dumps(payload), encoding="utf-8")
        others = {name: stand_in(folder) for name, folder in self.stand_ins.items()}
        repositories = {f"{OURS}@{self.version}": self.actions, **others}
        # Each run has a storage of its own, which is thrown away with the test.
        artifacts = Path(tempfile.mkdtemp(dir=self.folder))
        environment = {**self.environment, "STAND_IN_ARTIFACTS": str(artifacts)}
        command = [
            *(str(program("act")), event, "--workflows", f".github/workflows/{workflow}"),
            *("--eventpath", str(path), "--actor", actor, "--platform", "ubuntu-latest=-self-hosted"),
            *("--action-cache-path", str(self.folder / "cache")),
            *("--action-offline-mode", "--no-cache-server"),
            # Hidden secrets could not be looked for.
            *("--json", "--insecure-secrets"),
            *_options("--local-repository", repositories),
            *_options("--env", environment),
            *_options("--var", variables),
            *_options("--secret", secrets),
        ]
        status, output = finished(command, checkout, self._process_environment())
        left = {archive.stem: archive.read_bytes() for archive in artifacts.iterdir()}
        return Run(status, output, tuple(entries(output)), left)

    def _process_environment(self) -> dict[str, str]:
        outside = os.pathsep.join(
            part for part in os.environ["PATH"].split(os.pathsep) if part != sysconfig.get_path("scripts")
        )
        # Runners have yamllint; of the tests' own tools nothing else may be found.
        tools = self.folder / "tools"
        if not tools.exists():
            tools.mkdir()
            (tools / "yamllint").symlink_to(program("yamllint"))
            for other in self.programs.iterdir() if self.programs else ():
                (tools / other.name).symlink_to(other)
            if self.kept:
                # act sets RUNNER_TEMP itself, whatever it is told.
                python = shutil.which("python3", path=outside)
                text = f'#!/bin/sh\nRUNNER_TEMP="{self.kept}" exec "{python}" "$@"\n'
                (tools / "python3").write_text(text, encoding="utf-8")
                (tools / "python3").chmod(0o755)
        return {**os.environ, "PATH": os.pathsep.join([str(tools), outside])}


def stand_in(name: str) -> Path:
    """Return the folder of a stand-in."""
    return ROOT / "tests" / "stand_ins" / name


def program(name: str) -> Path:
    """Return the path of a program among the tests' tools."""
    found = shutil.which(name, path=sysconfig.get_path("scripts"))
    assert found, f"there is no {name}"
    return Path(found)


def finished(command: list[str], folder: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    """Run a command and all that it starts to its end; return the status and the output."""
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        try:
            output, _ = process.communicate(timeout=SECONDS)
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
    return process.returncode, output


def entries(output: str) -> Iterator[Entry]:
    """Yield what act tells, one line at a time."""
    for line in output.splitlines():
        yield json.loads(line) if line.startswith("{") else {"msg": line}


def published(folder: Path) -> Path:
    """Copy what this project publishes, with its links, as a runner gets it; return the copy."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    for name in filter(None, listed.split("\0")):
        source, copy = ROOT / name, folder / name
        short_name = source.is_symlink() and len(Path(name).parts) == 1
        if (short_name or Path(name).parts[0] in PUBLISHED) and (source.is_symlink() or source.exists()):
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, copy, follow_symlinks=False)
    return folder


def _options(option: str, values: Mapping[str, object]) -> list[str]:
    """Return an option once for each name and its value."""
    return [word for name, value in values.items() for word in (option, f"{name}={value}")]
