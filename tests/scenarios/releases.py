"""A small repository of actions on a local GitHub, and runs of scripts/release on a clone of it."""

import base64
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil

from local_github import LocalGitHub
from local_github.calls import Call
from local_github.repository import Content

ROOT = Path(__file__).resolve().parents[2]
PYTHON = Path(sys.executable).resolve()
NAME = "berkeley-dsep-infra/hub-image-actions"
ACTION = """\
name: Greet
inputs:
  word:
    description: The word.
    required: true
  loud:
    description: Whether it is loud.
    default: 'false'
outputs:
  heard:
    description: Who heard it.
"""
CHANGELOG = """\
# Changelog

## [Unreleased]

### Added

- Action `greet`: says a word, to
  everybody.
"""
WORKFLOW = """\
jobs:
  smoke:
    steps:
      - uses: {name}@v0.0.0
      - uses: {name}/greet@v0.0.0
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
"""
CHECK = """\
#!/bin/sh
[ "$1" = --check ] || exit 2
grep -q fresh {made} && exit
echo "{made} is stale" >&2
exit 1
"""
FILES: Mapping[str, Content] = {
    "CHANGELOG.md": CHANGELOG,
    "CITATION.cff": "cff-version: 1.2.0\nversion: 0.0.0.dev0\n",
    "pyproject.toml": '[project]\nname = "x"\nversion = "0.0.0.dev0"\ntarget-version = "py310"\n',
    "src/hub_image_actions/__init__.py": '"""Greetings."""\n\n__version__ = "0.0.0.dev0"\n',
    ".github/workflows/release.yaml": WORKFLOW.format(name=NAME),
    "action.yml": ACTION,
    "actions/greet/action.yml": ACTION,
    "greet": ("120000", b"actions/greet"),
    "dependencies.zip": "fresh\n",
    "template/.github/workflows/test.yaml": "on: pull_request\n",
    "src/hub_image_actions/fleet/workflows/template_history.yaml": "# By release.\n\nreleases: {}\n",
    "README.md": "fresh\n",
    "scripts/vendor": ("100755", CHECK.format(made="dependencies.zip").encode()),
    "scripts/docs": ("100755", CHECK.format(made="README.md").encode()),
}

RELEASED: Mapping[str, Content] = {
    path: re.sub(r"0\.0\.0(\.dev0)?", "1.0.0", content) if isinstance(content, str) else content
    for path, content in FILES.items()
} | {"CHANGELOG.md": CHANGELOG.replace("[Unreleased]\n", "[Unreleased]\n\n## [1.0.0] - 2026-10-01\n")}


def unreleased(text: str) -> str:
    """Return a changelog with something that is not released."""
    return text.replace("[Unreleased]\n", "[Unreleased]\n\n### Added\n\n- A wave.\n", 1)


@dataclass(frozen=True)
class Result:
    """How a run ended."""

    status: int
    stdout: str
    stderr: str

    @property
    def reasons(self) -> list[str]:
        """What a refused release is refused for."""
        assert self.status == 1, self
        assert "Traceback" not in self.stderr
        return [line.removeprefix("  - ") for line in self.stderr.splitlines() if line.startswith("  - ")]


class Releases:
    """The repository, its clone, and what is done with both."""

    def __init__(self, folder: Path, *, begun: bool = False) -> None:
        """Describe it; entering the context makes it.

        Args:
            folder: where it is kept.
            begun: whether 1.0.0 is released, and something after it is not.
        """
        self.folder = folder
        self.begun = begun
        self.clone = folder / "clone"
        self.github = LocalGitHub(folder / "github")
        self.running: subprocess.Popen[str] | None = None
        self.hooks: dict[int, Callable[[Call], object]] = {}
        self.number = 0

    def __enter__(self) -> "Releases":
        """Make the repository and its clone, and serve."""
        self.github.__enter__()
        self.repository = self.github.create_repository(NAME, RELEASED if self.begun else FILES)
        if self.begun:
            self.repository.update_ref("refs/tags/v1.0.0", self.repository.branches()["main"])
            self.repository.commit({"CHANGELOG.md": unreleased(self.read("CHANGELOG.md"))}, "Change")
        self.token = self.github.create_token(login="alice", kind="personal")
        self.git("clone", "--quiet", f"{self.github.server_url}/{NAME}.git", str(self.clone), cwd=self.folder)
        self.github.on_call(self._on_call)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop serving; nothing may have been asked of GitHub that it does not know."""
        self.github.close()
        if error is None:
            assert self.github.problems == []

    # ---- doing

    def release(self, *arguments: str, **environ: str) -> Result:
        """Run scripts/release on the clone."""
        command = [str(PYTHON), str(ROOT / "scripts/release"), "--folder", str(self.clone), *arguments]
        environment = self.environment | environ
        with subprocess.Popen(
            command,
            cwd=self.folder,
            env=environment,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            self.running = process
            try:
                streams = process.communicate(timeout=60)
            finally:
                self.kill()
        return Result(process.returncode, *streams)

    def released(self, *versions: str) -> None:
        """Release versions one after the other, each with something in the changelog."""
        for version in versions:
            if "[Unreleased]\n\n## [" in self.read("CHANGELOG.md"):
                self.change({"CHANGELOG.md": unreleased(self.read("CHANGELOG.md"))})
            result = self.release(version, "--apply")
            assert result.status == 0, result.stderr

    def on_github(self, step: str, version: str, **environ: str) -> Result:
        """Do what the workflow of a release does in a checkout of its tag."""
        self.git("fetch", "--quiet", "origin", f"refs/tags/v{version}")
        self.git("checkout", "--quiet", "FETCH_HEAD")
        result = self.release(step, f"v{version}", **{**self.job, **environ})
        self.git("checkout", "--quiet", "main")
        return result

    def change(self, files: Mapping[str, Content]) -> None:
        """Commit files to the remote repository, and bring the clone to it."""
        self.repository.commit(files, "Change")
        self.git("pull", "--quiet", "--ff-only", "origin", "main")

    def git(self, *arguments: str, cwd: Path | None = None) -> str:
        """Run git in the clone."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=cwd or self.clone,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    # ---- what a run sees

    @property
    def job(self) -> dict[str, str]:
        """The variables of a workflow's job."""
        return {
            "GITHUB_TOKEN": self.token,
            "GITHUB_REPOSITORY": NAME,
            "GITHUB_API_URL": self.github.api_url,
            "GITHUB_SERVER_URL": self.github.server_url,
        }

    @property
    def environment(self) -> dict[str, str]:
        """The variables of a shell, and a git that is configured with name and token."""
        login = base64.b64encode(f"x-access-token:{self.token}".encode()).decode()
        settings = {
            "user.name": "Alice",
            "user.email": "alice@example.org",
            f"http.{self.github.server_url}/.extraHeader": f"Authorization: Basic {login}",
        }
        numbered = {
            f"GIT_CONFIG_{what}_{index}": text
            for index, pair in enumerate(settings.items())
            for what, text in zip(("KEY", "VALUE"), pair, strict=True)
        }
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_COUNT": str(len(settings)),
            **numbered,
        }

    # ---- disturbing

    def at_call(self, number: int, hook: Callable[[Call], object]) -> None:
        """Have something done at a call to GitHub, counted from the next one."""
        self.hooks[self.number + number] = hook

    def kill(self, _call: Call | None = None) -> None:
        """End the run that goes on, and every git of it."""
        if self.running is None or self.running.poll() is not None:
            return
        process = psutil.Process(self.running.pid)
        for each in (process, *process.children(recursive=True)):
            each.kill()

    def _on_call(self, call: Call) -> None:
        self.number += 1
        if hook := self.hooks.pop(self.number, None):
            hook(call)

    # ---- looking

    def tags(self) -> dict[str, str]:
        """Return the tags on GitHub and the commits that they lead to."""
        names = (name.removeprefix("refs/tags/") for name in self.repository.refs("refs/tags/"))
        return {name: self.repository.commit_sha(name) or "" for name in names}

    def read(self, path: str) -> str:
        """Return a file of main on GitHub."""
        return self.repository.read("main", path).decode()

    def state(self) -> tuple[Any, ...]:
        """Return what a run may change."""
        return (
            self.repository.refs("refs/"),
            self.git("for-each-ref", "refs/heads", "refs/tags"),
            self.git("status", "--porcelain"),
        )
