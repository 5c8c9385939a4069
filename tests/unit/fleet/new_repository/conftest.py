"""A template, a GitHub of our own with deployments and what an organization shares, and sites on it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from hub_image_actions.entry import command
from hub_image_actions.fleet.new_repository.step import Site, Wish
from local_github import LocalGitHub, Repository
from local_github.tokens import EVERYTHING

NAME = "hubs/data100-user-image"
WISH = Wish("data100", "hubs", "hubs/deployments", Path("template"), date(2026, 11, 28))
OTHER = "images:\n  images:\n    - name: us-central1-docker.pkg.dev/p/user-images/stat20-user-image:1\n"
LINT = b"on: [pull_request]\njobs:\n  lint:\n    name: Lint\n    runs-on: x\n    steps: []\n"
Sited = Callable[..., Site]


@dataclass
class World:
    """The GitHub, and the environment of those who ask it."""

    server: LocalGitHub
    template: Path
    deployments: Repository
    environ: dict[str, str]

    def make(self, **given: Any) -> Repository:
        """Make the repository without running anything."""
        return self.server.create_repository(NAME, {"README.md": "# <HUBNAME>\n"}, **given)

    def writes(self) -> list[str]:
        """Return the writing calls so far."""
        return [f"{call.method} {call.template}" for call in self.server.calls if call.method != "GET"]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A template, deployments of one other hub, and nothing that is shared yet."""
    with LocalGitHub(tmp_path / "github") as server:
        files = {"README.md": b"# <HUBNAME>\n", ".github/workflows/yaml-lint.yaml": LINT}
        template = tmp_path / "template"
        for name, content in files.items():
            (template / name).parent.mkdir(parents=True, exist_ok=True)
            (template / name).write_bytes(content)
        deployments = server.create_repository(
            "hubs/deployments",
            {"deployments/stat20/hubploy.yaml": OTHER, "deployments/data100/secrets/x.yaml": "a: 1\n"},
            default_branch="staging",
        )
        token = server.create_token("alice", "personal")
        environ = {"GITHUB_SERVER_URL": server.server_url, "GITHUB_TOKEN": token}
        yield World(server, template, deployments, environ)
        assert server.problems == []


@pytest.fixture
def site(world: World) -> Iterator[Sited]:
    """Returns a function that returns the repository in the making, for a token without some rights."""
    with command.open_http() as http:

        def make(*, apply: bool = True, without: tuple[str, ...] = (), **wished: Any) -> Site:
            rights = {name: level for name, level in EVERYTHING.items() if name not in without}
            token = world.server.create_token("bob", "personal", rights)
            github = command.github_from({**world.environ, "GITHUB_TOKEN": token}, http)
            wish = replace(WISH, **{"template": world.template, **wished})
            return Site(github, wish, apply=apply)

        yield make
