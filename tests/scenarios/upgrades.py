"""Image repositories of every kind on a local GitHub, with the actions and their releases."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from hub_image_actions.fleet.upgrade.pull_request import BRANCH
from hub_image_actions.fleet.workflows.pins import OURS, Style, Target, pin_as
from hub_image_actions.github.client import GitHub
from hub_image_actions.http import Http
from local_github import LocalGitHub
from local_github.git import git
from local_github.pulls import Pull
from local_github.repository import Content, Repository
from local_github.runs import Run, Status
from scenarios.action import ROOT
from unit.fleet_variants import BUILDERS, WORKFLOWS, image_files

OWNER = "berkeley-dsep-infra"
TAG, NEXT = "v1.4.0", "v1.5.0"
BUILD = f"{WORKFLOWS}build-push-open-pr.yaml"
SECONDS = 60


def template() -> dict[str, bytes]:
    """Return the template's files."""
    top = ROOT / "template"
    files = [path for path in top.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return {path.relative_to(top).as_posix(): path.read_bytes() for path in files}


def pinned(style: Style, version: str = "1.3.2") -> dict[str, bytes]:
    """Return a repository that came from the template and pins a release in a style."""
    target = Target(version, "e" * 40)
    return {
        **image_files(),
        **{
            path: pin_as(content, style, target) if path.startswith(WORKFLOWS) else content
            for path, content in template().items()
            if path.startswith(".github/") and path.endswith((".yaml", ".yml"))
        },
    }


class Upgrades:
    """The world of `scripts/upgrade-image-repos`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.github = LocalGitHub(folder / "github")

    def __enter__(self) -> "Upgrades":
        self.github.__enter__()
        self.token = self.github.create_token("alice", "personal")
        files: dict[str, Content] = {f"template/{path}": content for path, content in template().items()}
        self.actions = self.github.create_repository(OURS, files=files)
        self.tag(TAG)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.github.__exit__(kind, error, trace)
        if error is None:
            assert not self.github.problems, self.github.problems

    def tag(self, name: str, files: Mapping[str, Content] | None = None) -> str:
        """Release what the actions have, after a change, and return its commit."""
        commit = self.actions.commit(files, name) if files else self.actions.branches()["main"]
        git(self.actions.git_dir, "tag", name, commit)
        return commit

    def add(self, name: str, files: Mapping[str, bytes]) -> Repository:
        """Make an image repository."""
        return self.github.create_repository(name if "/" in name else f"{OWNER}/{name}", files=dict(files))

    def add_every_kind(self) -> dict[str, Repository]:
        """Make one repository of each kind that is to be migrated."""
        made = {}
        for number, (kind, build) in enumerate(BUILDERS.items()):
            owner, _, name = build().repository.partition("/")
            name = name if name.startswith("base-") else f"{name}-{number}"
            made[kind] = self.add(f"{owner}/{name}", build().files)
        return made

    def add_kind(self, kind: str) -> Repository:
        """Make a repository of one kind, with its variables."""
        made = self.add(BUILDERS[kind]().repository, BUILDERS[kind]().files)
        made.variables |= {"IMAGE": "p/i", "HUB": "h"}
        return made

    def add_pinned(self, count: int) -> list[Repository]:
        """Make repositories that pin an earlier release."""
        return [self.add(f"image-{number}", pinned(Style.RELEASE)) for number in range(count)]

    def environment(self) -> dict[str, str]:
        """Return the environment of the command."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "GITHUB_TOKEN": self.token,
            "GITHUB_API_URL": self.github.api_url,
            "GITHUB_SERVER_URL": self.github.server_url,
        }

    def start(self, *arguments: str, to: str = TAG) -> "subprocess.Popen[bytes]":
        """Start the command and return its process."""
        command = [sys.executable, str(ROOT / "scripts" / "upgrade-image-repos"), "--to", to, *arguments]
        with tempfile.TemporaryFile() as nowhere:
            return subprocess.Popen(command, env=self.environment(), stdout=nowhere, stderr=nowhere)

    def run(self, *arguments: str, to: str = TAG) -> "subprocess.CompletedProcess[str]":
        """Run the command and return what it said."""
        self.github.calls.clear()
        done = subprocess.run(
            [sys.executable, str(ROOT / "scripts" / "upgrade-image-repos"), "--to", to, *arguments],
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def result(self, *arguments: str, to: str = TAG, status: int = 0) -> Any:
        """Run the command with ``--json`` and return its result."""
        done = self.run(*arguments, "--json", to=to)
        assert done.returncode == status, done.stderr
        return json.loads(done.stdout)

    def statuses(self, *arguments: str, to: str = TAG, status: int = 0) -> dict[str, str]:
        """Run the command and return what it says of each repository, by its name without the owner."""
        result = self.result(*arguments, to=to, status=status)
        return {one["repository"].partition("/")[2]: one["status"] for one in result["repositories"]}

    def merge(self, repository: Repository) -> Pull:
        """Merge a repository's open pull request, as a person does."""
        pull = next(pull for pull in repository.pulls if pull.state == "open")
        with Http() as http:
            github = GitHub(http, self.github.api_url, self.github.server_url, self.token)
            github.send("PUT", f"/repos/{repository.full_name}/pulls/{pull.number}/merge", {})
        return pull

    def built(self, repository: Repository, conclusion: str | None = "success") -> Run:
        """Have the default branch be built; without a conclusion, the build still runs."""
        status: Status = "completed" if conclusion else "in_progress"
        return repository.add_run(BUILD, "push", status=status, conclusion=conclusion)

    def calls_of(self, repository: Repository) -> list[str]:
        """Return the calls of the API about a repository, as ``METHOD /template``."""
        start = f"/repos/{repository.full_name}"
        return [
            f"{call.method} {call.template}"
            for call in self.github.calls
            if call.path == start or call.path.startswith(f"{start}/")
        ]

    def written(self) -> list[str]:
        """Return the writing calls, as ``METHOD /template``."""
        return [f"{call.method} {call.template}" for call in self.github.calls if call.method != "GET"]

    def proposed(self, repository: Repository, path: str) -> str:
        """Return a file as the pull request has it."""
        return repository.read(BRANCH, path).decode()
