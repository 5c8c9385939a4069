"""What Actions and other checks leave: workflows, their runs, dispatches, checks, statuses."""

import zlib
from dataclasses import dataclass, field
from typing import Any, Literal

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from .repository import Repository, now
from .tokens import User

FOLDER = ".github/workflows"
Status = Literal["queued", "in_progress", "completed"]


@dataclass(frozen=True)
class Workflow:
    """A workflow's file on the default branch."""

    path: str
    content: dict[Any, Any]
    state: str

    @property
    def id(self) -> int:
        """Return the number by which the API knows it."""
        return zlib.crc32(self.path.encode())

    @property
    def name(self) -> str:
        """Return the name that is shown; its path where the file gives none."""
        return str(self.content.get("name") or self.path)

    @property
    def triggers(self) -> dict[str, Any]:
        """Return the events that start it, each with its settings."""
        # YAML 1.1 reads `on` as true.
        given = self.content.get("on", self.content.get(True))
        if isinstance(given, dict):
            return {str(event): settings or {} for event, settings in given.items()}
        return {event: {} for event in ([given] if isinstance(given, str) else given or [])}


@dataclass(eq=False)
class Run:
    """A run of a workflow."""

    id: int
    number: int
    workflow: str
    event: str
    branch: str | None
    sha: str
    status: Status
    conclusion: str | None
    actor: User
    attempt: int = 1
    title: str = ""
    created_at: str = field(default_factory=now)
    updated_at: str = field(default_factory=now)
    started_at: str = field(default_factory=now)
    # The repository of the head; None for a fork that is gone.
    head_repository: Repository | None = None


@dataclass(eq=False)
class Artifact:
    """What a run left: an archive of files, as it was uploaded."""

    id: int
    run: Run
    name: str
    content: bytes
    expired: bool = False
    created_at: str = field(default_factory=now)


@dataclass(frozen=True)
class Dispatch:
    """What was asked to be run: a workflow at a ref or, without one, a `repository_dispatch` event."""

    event: str
    ref: str
    workflow: str
    inputs: dict[str, Any]


@dataclass(frozen=True)
class Check:
    """A check run of a commit."""

    id: int
    sha: str
    name: str
    status: Status
    conclusion: str | None
    at: str = field(default_factory=now)


@dataclass(frozen=True)
class CommitStatus:
    """A status of a commit, as other services give them."""

    id: int
    sha: str
    context: str
    state: str
    description: str | None = None
    target_url: str | None = None
    at: str = field(default_factory=now)


def workflows(repository: Repository) -> list[Workflow]:
    """Return the workflows that are on the default branch."""
    if repository.sha(f"refs/heads/{repository.default_branch}") is None:
        return []
    paths = [path for path in repository.paths(repository.default_branch) if path.startswith(f"{FOLDER}/")]
    return [
        Workflow(path, _parsed(repository, path), repository.workflow_states.get(path, "active"))
        for path in paths
        if path.endswith((".yml", ".yaml"))
    ]


def _parsed(repository: Repository, path: str) -> dict[Any, Any]:
    try:
        content = YAML(typ="safe", pure=True).load(repository.read(repository.default_branch, path))
    except YAMLError:
        # GitHub lists a broken file, under its path.
        content = None
    return content if isinstance(content, dict) else {}
