"""A base image in a registry, its repository and those that build on it on a local GitHub."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from local_github import LocalGitHub
from local_github.pulls import Pull
from scenarios.action import PYTHON, ROOT, Result, run_action
from testbed.registry import Registry
from testbed.seed_image import seed_image

ACTION = ROOT / "actions" / "bump-base-image"
SCRIPT = ROOT / "scripts" / "upgrade-base-image"
OWNER = "berkeley-dsep-infra"
BASE = f"{OWNER}/base-python-image"
PATH = "ucb-datahub-2018/base-images-repo/base-python-image"
PIN = "sha256:" + "0" * 64
BRANCH = "update-base-image-base-python-image"
# Names tell nothing: what builds on the image is what its Dockerfile says.
DEPENDENTS: Mapping[str, Mapping[str, str]] = {
    "stat20-user-image": {
        "Dockerfile": "# was {image}:{old}\nFROM {image}:{old}\n\nRUN echo {old}\n",
        "README.md": "FROM {image}:{old}\n",
    },
    "base-r-image": {
        "Dockerfile": "FROM --platform=linux/amd64 \\\n  {image}:{old} AS base\r\n"
        "FROM base\nFROM {image}:{old} as r\n",
        "cpu.Dockerfile": 'ARG TAG="{old}"\nFROM {image}:${{TAG}}\n',
    },
    "course": {"binder/Dockerfile": "ARG BASE={image}:{old}@{pin}\nFROM ${{BASE}}\n"},
}
OTHERS: Mapping[str, Mapping[str, str]] = {
    "data100-user-image": {"environment.yml": "dependencies: []\n"},
    "base-python-image-2": {"Dockerfile": "FROM {image}-2:{old}\nFROM quay.io/{path}:{old}\n"},
    "open-user-image": {"Dockerfile": "ARG TAG\nFROM {image}:${{TAG}}\n"},
}


class BaseImages:
    """The world of a base image: what is read and written, and all runs of action and command in it."""

    def __init__(self, folder: Path, registry: Registry) -> None:
        """Describe it; entering the context makes it."""
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.registry = registry
        self.github = LocalGitHub(folder / "github")
        self.image = f"{registry.host}/{PATH}"
        self.results: list[Result] = []

    def __enter__(self) -> "BaseImages":
        """Make the repositories, push the image, and serve."""
        self.github.__enter__()
        base = self.github.create_repository(BASE, {"Dockerfile": b"FROM buildpack-deps:24.04 AS base\n"})
        self.old = base.commit({"apt.txt": b"git\n"}, "Install git")[:7]
        self.new = base.commit_all([("Add curl (#1)", {"apt.txt": b"curl\n"}), ("Fix", {"a": b"1"})])[:7]
        self.newer = base.commit({"apt.txt": b"curl\nwget\n"}, "Add wget")[:7]
        self.repositories = {
            name: self.github.create_repository(
                f"{OWNER}/{name}", self.files(files), topics=["hub-user-image"]
            )
            for name, files in {**DEPENDENTS, **OTHERS}.items()
        }
        self.digests = {tag: self.registry.push(PATH, tag, seed_image()) for tag in (self.new, self.newer)}
        self.token = self.github.create_token(login="bot", kind="personal")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop serving; after a test that held, look for what no test may leave."""
        self.github.close()
        if error is None:
            assert [str(problem) for problem in self.github.problems] == []
            for result in self.results:
                shown = result.log + result.stderr + result.raw_outputs + result.summary
                assert self.token not in shown
                assert not result.left_behind

    def files(self, texts: Mapping[str, str]) -> dict[str, bytes]:
        """Return files with the image and its tag filled in."""
        values = {"image": self.image, "old": self.old, "pin": PIN, "path": PATH}
        return {path: text.format(**values).encode() for path, text in texts.items()}

    # ---- running

    @property
    def environ(self) -> dict[str, str]:
        """Where GitHub is."""
        return {"GITHUB_API_URL": self.github.api_url, "GITHUB_SERVER_URL": self.github.server_url}

    def bump(self, *, own: str = BASE, event: object = None, **inputs: str) -> Result:
        """Run the action in the workflow of a repository, for an event."""
        environ = {**self.environ, "GITHUB_REPOSITORY": own}
        if event is not None:
            path = self.folder / f"event-{len(self.results)}.json"
            path.write_text(json.dumps(event))
            environ["GITHUB_EVENT_PATH"] = str(path)
        given = {"token": self.token, **{name.replace("_", "-"): text for name, text in inputs.items()}}
        self.results.append(run_action(ACTION, given, folder=self.folder, environ=environ))
        return self.results[-1]

    def bump_all(self, tag: str = "", **inputs: str) -> Result:
        """Run the action in the base image's repository, for all dependents."""
        usual = {"image": self.image, "tag": tag or self.new, "owner": OWNER, "topic": "hub-user-image"}
        return self.bump(**{**usual, **inputs})

    def upgrade(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command."""
        return subprocess.run(
            [PYTHON, SCRIPT, *arguments],
            env={
                **self.environ,
                "PATH": os.environ["PATH"],
                "HOME": str(self.folder),
                "GITHUB_TOKEN": self.token,
            },
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    def upgrade_json(self, *arguments: str) -> dict[str, Any]:
        """Run the command, and return what it tells programs of each repository."""
        done = self.upgrade(*arguments, "--json")
        assert "Traceback" not in done.stderr
        return {entry["repository"].partition("/")[2]: entry for entry in json.loads(done.stdout)}

    # ---- what is there afterwards

    def decline(self, name: str) -> None:
        """Close a repository's only pull request and delete its branch."""
        self.pull(name).state = "closed"
        self.repositories[name].delete_branch(BRANCH)

    def pull(self, name: str) -> Pull:
        """Return a repository's only pull request."""
        (pull,) = self.repositories[name].pulls
        return pull

    def body(self, name: str) -> str:
        """Return the text of a repository's only pull request."""
        return self.pull(name).body or ""

    def pulls(self) -> dict[str, int]:
        """Return how many pull requests each repository has that has any."""
        return {name: len(one.pulls) for name, one in self.repositories.items() if one.pulls}

    def proposed(self, name: str) -> dict[str, bytes]:
        """Return the files that a repository's pull request changes, as they are in it."""
        pull = self.pull(name)
        repository = self.repositories[name]
        return {file.path: repository.read(pull.head_sha, file.path) for file in pull.files()}

    def expected(self, name: str, tag: str) -> dict[str, bytes]:
        """Return the Dockerfiles of a dependent as they are to become."""
        values = {"image": self.image, "old": tag, "pin": self.digests[tag], "path": PATH}
        texts = {path: text for path, text in DEPENDENTS[name].items() if "ockerfile" in path}
        return {
            path: text.replace("RUN echo {old}", f"RUN echo {self.old}")
            .replace("# was {image}:{old}", f"# was {self.image}:{self.old}")
            .format(**values)
            .encode()
            for path, text in texts.items()
        }
