"""A small fleet on a local GitHub: the deployments, an organisation's secrets, a registry."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from local_github import LocalGitHub
from local_github.calls import Call
from local_github.repository import Content, Repository
from local_github.tokens import EVERYTHING
from scenarios.action import ROOT

Kind = Literal["secrets", "variables"]
Visibility = Literal["all", "private", "selected"]
OWNER = "berkeley-dsep-infra"
DEPLOYMENTS = f"{OWNER}/datahub"
NAME = f"{OWNER}/data100-user-image"
HOST = "us-central1-docker.pkg.dev"
FOLDER = "ucb-datahub-2018/user-images"
OTHER_TAG = "0123456789ab"
HUBPLOY = "deployments/data100/hubploy.yaml"
BEFORE = f"""\
# who uses it: the course
images:
  images:
    - name: {HOST}/{FOLDER}/datahub-user-image:{OTHER_TAG}
cluster: {{provider: gcloud}}
"""
ADDED = f"    - name: {HOST}/{FOLDER}/data100-user-image:PLACEHOLDER\n"
AFTER = BEFORE.replace("cluster:", f"{ADDED}cluster:")
SECONDS = 60


def template_files() -> dict[str, tuple[str, bytes]]:
    """Return the template's files."""
    top = ROOT / "template"
    files = [path for path in sorted(top.rglob("*")) if path.is_file() and "__pycache__" not in path.parts]
    return {
        path.relative_to(top).as_posix(): (
            "100755" if os.access(path, os.X_OK) else "100644",
            path.read_bytes(),
        )
        for path in files
    }


class ImageFleet:
    """The world of the commands that make and examine image repositories."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.github = LocalGitHub(folder / "github")

    def __enter__(self) -> "ImageFleet":
        self.github.__enter__()
        stat20 = f"images:\n  images:\n    - name: {HOST}/{FOLDER}/stat20-user-image:{OTHER_TAG}\n"
        files: dict[str, Content] = {
            "deployments/stat20/hubploy.yaml": stat20.encode(),
            HUBPLOY: BEFORE.encode(),
        }
        self.deployments = self.github.create_repository(DEPLOYMENTS, files=files, default_branch="staging")
        self.share("secrets", "GAR_SECRET_KEY", "selected")
        self.share("secrets", "PRIVATE_KEY_SECRET", "selected")
        self.share("variables", "CLIENT_ID", "all")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.github.__exit__(kind, error, trace)
        if error is None:
            assert not self.github.problems

    def share(self, kind: Kind, name: str, visibility: Visibility) -> None:
        """Have the organisation share a secret or variable."""
        self.github.share(kind, OWNER, name, "value", visibility=visibility, repositories=[])

    def make_repository(self) -> Repository:
        """Make the repository as the command leaves it, without running it."""
        files = {
            path: (content[0], content[1].replace(b"<HUBNAME>", b"data100"))
            for path, content in template_files().items()
        }
        made = self.github.create_repository(NAME, files=dict(files))
        made.variables |= {"HUB": "data100", "IMAGE": f"{FOLDER}/data100-user-image"}
        for shared in self.github.organisation(OWNER).secrets.values():
            shared.repositories.add(made.id)
        made.delete_branch_on_merge = True
        checks = {
            "required_status_checks": [{"context": "Build and test"}, {"context": "Lint"}],
            "strict_required_status_checks_policy": False,
        }
        rules = [{"type": "pull_request"}, {"type": "required_status_checks", "parameters": checks}]
        names = {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}}
        ruleset = {"name": "r", "source": NAME, "enforcement": "active", "conditions": names, "rules": rules}
        made.rulesets.append({"id": self.github.next_id(), **ruleset})
        return made

    @property
    def repository(self) -> Repository:
        """The repository that is made."""
        found = self.github.find(NAME)
        assert found is not None
        return found

    def token(self, **permissions: str) -> str:
        """Return a person's token, with other permissions than usual where they are given."""
        return self.github.create_token("alice", "personal", {**EVERYTHING, **permissions})

    def environment(self, token: str = "") -> dict[str, str]:
        """Return the environment of a command."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "DOCKER_CONFIG": str(self.folder / "docker"),
            "GITHUB_TOKEN": token or self.token(),
            "GITHUB_API_URL": self.github.api_url,
            "GITHUB_SERVER_URL": self.github.server_url,
        }

    def run(self, *command: str, token: str = "") -> "subprocess.CompletedProcess[str]":
        """Run a script and return what it said."""
        return subprocess.run(
            [sys.executable, str(ROOT / "scripts" / command[0]), *command[1:]],
            env=self.environment(token),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def run_json(self, *command: str, token: str = "") -> Any:
        """Run a script with ``--json`` and return its result."""
        done = self.run(*command, "--json", token=token)
        assert "Traceback" not in done.stderr, done.stderr
        return json.loads(done.stdout)

    def strike(self, number: int, **fault: Any) -> None:
        """Have the n-th writing call from now on be carried out, and its answer be something else."""
        seen: list[Call] = []

        def watch(call: Call) -> None:
            if call.method != "GET":
                seen.append(call)
                if len(seen) == number:
                    # A push is known by what it is, and all else by its path.
                    path = call.path if call.template.startswith("/") else call.template
                    self.github.faults.add(method=call.method, path=path, after=True, **fault)

        self.github.on_call(watch)

    def written(self) -> list[str]:
        """Return the writing calls so far, as ``METHOD /template``."""
        return [f"{call.method} {call.template}" for call in self.github.calls if call.method != "GET"]

    def state(self) -> Mapping[str, Any]:
        """Return all that the making of a repository leaves behind, commits by what they say and hold."""
        made, branch = self.repository, "add-data100-user-image"
        shared = self.github.organisation(OWNER).secrets
        return {
            "files": {path: made.read("main", path) for path in made.paths("main")},
            "log": [commit.title for commit in made.log("main")],
            "variables": dict(made.variables),
            "rules": [(one["name"], one["rules"]) for one in made.rulesets],
            "deletes": made.delete_branch_on_merge,
            "shared": {name: made.id in one.repositories for name, one in shared.items()},
            "pulls": [(pull.title, pull.state, pull.body) for pull in self.deployments.pulls],
            "proposed": self.deployments.read(branch, HUBPLOY),
            "proposing": [commit.title for commit in self.deployments.log(branch)],
            "branches": sorted(self.deployments.branches()),
        }
