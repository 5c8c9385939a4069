"""The smoke test of a release, run as its workflow has it, by a caller that has nothing of this project."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from local_github import LocalGitHub
from testbed.engine import RunningEngine
from workflows.act import ROOT, Act, Run

pytestmark = pytest.mark.timeout(600)
NAME = "berkeley-dsep-infra/hub-image-actions"


def smoke_test(folder: Path) -> str:
    """Write a workflow with the job alone, as act runs those that it needs too; return the tag it uses."""
    workflow = YAML().load(ROOT / ".github/workflows/release.yaml")
    job = workflow["jobs"]["smoke"]
    del job["needs"]
    workflow["jobs"] = {"smoke": {**job, "runs-on": "ubuntu-latest"}}
    path = folder / ".github/workflows/release.yaml"
    path.parent.mkdir(parents=True)
    YAML().dump(workflow, path)
    (tag,) = {str(step["uses"]).rpartition("@")[2] for step in job["steps"] if "uses" in step}
    return tag


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, engine: RunningEngine, actions: Path) -> Iterator[Run]:
    """A run of the job on a GitHub that has this project's deployments to try a bump on."""
    folder = tmp_path_factory.mktemp("smoke")
    files = {
        str(path.relative_to(ROOT)): path.read_bytes()
        for path in (ROOT / "demo/datahub").rglob("*")
        if path.is_file()
    }
    with LocalGitHub(folder / "github") as github:
        repository = github.create_repository(NAME, files)
        checkout = folder / "checkout"
        tag = smoke_test(checkout)
        someone = ("-c", "user.name=alice", "-c", "user.email=alice@example.org")
        for command in (
            ("init", "--quiet"),
            # Where it came from tells act what it is called; nothing is asked there.
            ("remote", "add", "origin", f"https://github.com/{NAME}"),
            ("add", "."),
            (*someone, "commit", "--quiet", "--message", "Release"),
        ):
            subprocess.run(["git", *command], cwd=checkout, check=True, timeout=30)
        environment = {
            "GITHUB_API_URL": github.api_url,
            "GITHUB_SERVER_URL": github.server_url,
            **engine.environment,
        }
        (folder / "act").mkdir()
        act = Act(folder / "act", actions, environment, version=tag)
        payload = {"ref": f"refs/tags/{tag}", "repository": {"full_name": NAME, "default_branch": "main"}}
        yield act.run(
            "push",
            "release.yaml",
            checkout=checkout,
            payload=payload,
            variables={},
            secrets={"GITHUB_TOKEN": github.create_token(permissions={"contents": "read"})},
        )
        assert github.problems == []
        assert set(repository.branches()) == {"main"}


def test_a_clean_caller_builds_and_bumps(run: Run) -> None:
    assert run.jobs == {"smoke": "success"}, run.log
    assert set(run.steps.values()) == {"success"}
