"""The template exactly as it is, with its `environment.yml`, by its own workflows up to the hubs."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub_image_actions.packages.package_list import PackageList
from local_github import LocalGitHub
from local_github.pulls import Pull
from testbed.conda_world import CondaMachine
from testbed.registry import Registry
from workflows.act import Act, Run
from workflows.image_repository import PUBLIC_HUB, TEMPLATE, ImageRepository, Setup, job_environment

# Two of the builds install some 190 packages.
pytestmark = pytest.mark.timeout(1800)
# Its images are among those that everybody may read, with which a pull request's run compares its own.
HUB = f"{PUBLIC_HUB}-conda"
LISTED = (TEMPLATE / "environment.yml").read_text(encoding="utf-8")
# As test_build_conda has it before its pull request: where both run, the engine has its layers.
BEFORE = LISTED.replace("nbgitpuller=1.3.*", "nbgitpuller=1.2.*")
AFTER = LISTED.replace("  - pandas=", "  - humanize=4.17.*\n  - pandas=")
ADDED_AND_RAISED = ("| `humanize` | `4.17.0` | conda |", "| `nbgitpuller` | `1.2.2` | `1.3.0` | conda |")


@pytest.fixture(scope="module")
def world(
    tmp_path_factory: pytest.TempPathFactory,
    conda_machine: CondaMachine,
    base_registry: Registry,
    actions: Path,
    scratch: Path,
) -> Iterator[ImageRepository]:
    """An image repository made from the template, on a machine that finds conda's packages."""
    folder = tmp_path_factory.mktemp("conda")
    with LocalGitHub(folder / "github") as github:
        (folder / "act").mkdir()
        environment = job_environment(folder, github, conda_machine.engine) | conda_machine.variables
        act = Act(folder / "act", actions, environment, kept=scratch)
        yield ImageRepository(folder, github, base_registry, "", act, HUB, setup=Setup(as_it_is=True))


@pytest.fixture(scope="module")
def before(world: ImageRepository) -> Run:
    """The build of main with an older package, which the hubs get."""
    world.repository.commit({"environment.yml": BEFORE.encode()}, "Stay with nbgitpuller 1.2", branch="main")
    run = world.push()
    assert run.status == 0, run.log
    world.merge(world.deployments.pulls[-1])
    return run


@pytest.fixture(scope="module")
def pull(world: ImageRepository, before: Run) -> Pull:
    """A pull request that raises a version and adds a package."""
    assert before.status == 0
    return world.open_pull_request("for-the-labs", {"environment.yml": AFTER.encode()})


@pytest.fixture(scope="module")
def tested(world: ImageRepository, pull: Pull) -> Run:
    """The test of the pull request."""
    run = world.on_pull_request(pull, "opened", "test.yaml")
    assert run.status == 0, run.log
    return run


@pytest.fixture(scope="module")
def merged(world: ImageRepository, pull: Pull, tested: Run) -> Run:
    """What the merge runs."""
    assert tested.status == 0
    world.merge(pull)
    run = world.push()
    assert run.status == 0, run.log
    return run


def test_the_repository_has_the_templates_files_and_no_other(world: ImageRepository, merged: Run) -> None:
    assert merged.status == 0
    templates = {
        path.relative_to(TEMPLATE).as_posix(): path.read_bytes()
        for path in TEMPLATE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    held = {path: world.repository.read("main", path) for path in world.repository.paths("main")}
    assert held == templates | {"environment.yml": AFTER.encode()}


def test_the_first_push_builds_with_repo2docker_and_moves_the_hubs(
    world: ImageRepository, before: Run
) -> None:
    assert before.jobs == {"check": "success", "build": "success", "bump": "success"}
    assert before.outputs("build")["reused"] == "false"
    assert "repo2docker" in before.log
    first = world.deployments.pulls[0]
    assert first.merged
    assert before.outputs("build")["tag"] in first.title


def test_the_pull_request_passes_the_templates_tests_and_starts_as_on_a_hub(
    world: ImageRepository, pull: Pull, tested: Run
) -> None:
    assert tested.jobs == {"test": "success", "badge": "success"}
    comment = pull.comments[0].body
    assert re.search(r"\| \*\*Tests\*\* \| ✅ \d\d passed", comment)
    assert re.search(r"\| \*\*As on a hub\*\* \| ✅ ready in [\d.\\]+ s, 1 kernel \|", comment)
    assert "`test_what_is_listed_is_installed_in_its_version[humanize=4.17.*]`" in comment
    assert world.leaked() == []


@pytest.mark.parametrize("change", ADDED_AND_RAISED)
def test_the_comment_tells_what_changes_of_condas_packages(pull: Pull, tested: Run, change: str) -> None:
    assert tested.status == 0
    assert change in pull.comments[0].body


def test_the_merge_promotes_what_was_tested_and_builds_nothing(
    world: ImageRepository, tested: Run, merged: Run
) -> None:
    assert merged.jobs == {"check": "success", "build": "success", "bump": "success"}
    assert merged.outputs("build")["reused"] == "true"
    assert merged.outputs("build")["tests"] == tested.outputs("test")["tests"]
    assert "Building " not in merged.log
    tag = merged.outputs("build")["tag"]
    packages = PackageList.from_labels(world.registry.image_config(world.image, tag)["config"]["Labels"])
    assert packages
    versions = {package.name: package.version for package in packages.of(["conda"]).packages}
    assert (versions["nbgitpuller"], versions["humanize"]) == ("1.3.0", "4.17.0")


@pytest.mark.parametrize("change", ADDED_AND_RAISED)
def test_the_pull_request_that_moves_the_hubs_tells_the_same_changes(
    world: ImageRepository, merged: Run, change: str
) -> None:
    bump = world.deployments.pulls[-1]
    assert merged.outputs("build")["tag"] in bump.title
    assert change in (bump.body or "")


def test_nothing_was_asked_of_github_that_it_does_not_know(world: ImageRepository, merged: Run) -> None:
    assert merged.status == 0
    assert world.github.problems == []


def test_no_line_of_any_log_holds_a_secret(world: ImageRepository, merged: Run) -> None:
    assert merged.status == 0
    assert world.leaked() == []
