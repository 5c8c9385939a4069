"""Changes of what is in no image: each check reports in seconds, nothing is built, and no hub moves."""

import time
from dataclasses import dataclass

import pytest

from local_github.pulls import Pull
from workflows.act import Run
from workflows.conftest import NewWorld
from workflows.image_repository import PUBLIC_HUB, ImageRepository, Setup

pytestmark = pytest.mark.timeout(900)
TESTS = {"image-tests/test_python.py": b"def test_python():\n    assert 1 + 1 == 2\n"}
# Everybody may read its image.
HUB = f"{PUBLIC_HUB}e"
ALL = {"check": "success", "build": "success", "bump": "success"}
# Of one without a build, on a machine that does much else at the same time; a build takes minutes.
SECONDS = 60


@dataclass(frozen=True)
class Timed:
    """A run, and how long it took."""

    run: Run
    seconds: float


@pytest.fixture(scope="module")
def world(new_world: NewWorld) -> ImageRepository:
    """An image repository whose image everybody may read, and that keeps no candidates."""
    return new_world(HUB, TESTS, Setup(named=True, variables={"CANDIDATES": ""}))


@pytest.fixture(scope="module")
def pushed(world: ImageRepository) -> Run:
    """The push that made the image."""
    run = world.push()
    assert run.jobs == ALL, run.log
    return run


@pytest.fixture(scope="module")
def before(world: ImageRepository, pushed: Run) -> str:
    """The tag of that image."""
    return pushed.outputs("build")["tag"]


@pytest.fixture(scope="module")
def pull(world: ImageRepository, before: str) -> Pull:
    """A pull request that changes the README and a workflow."""
    lint = world.repository.read("main", ".github/workflows/yaml-lint.yaml")
    files = {"README.md": b"# Better\n", ".github/workflows/yaml-lint.yaml": lint + b"# Lints.\n"}
    return world.open_pull_request("better-words", files)


@pytest.fixture(scope="module")
def tested(world: ImageRepository, pull: Pull) -> Timed:
    """The test of the pull request."""
    began = time.monotonic()
    run = world.on_pull_request(pull, "opened", "test.yaml")
    return Timed(run, time.monotonic() - began)


@pytest.fixture(scope="module")
def merged(world: ImageRepository, tested: Timed) -> Timed:
    """What its merge runs."""
    assert tested.run.status == 0
    world.repository.commit({"README.md": b"# Better\n"}, "Merge it", branch="main")
    began = time.monotonic()
    run = world.push()
    return Timed(run, time.monotonic() - began)


def test_the_pull_requests_check_is_green_in_seconds_and_says_why(
    pull: Pull, tested: Timed, before: str
) -> None:
    assert tested.run.jobs == {"test": "success", "badge": "success"}, tested.run.log
    assert tested.seconds < SECONDS
    assert "Building " not in tested.run.log
    assert tested.run.outputs("test")["unchanged"] == "true"
    said = f"Nothing that makes the image changed; {before} passed its tests on "
    assert said in tested.run.log
    (comment,) = [each.body for each in pull.comments if "build-test" in each.body]
    for text in (tested.run.summary, comment):
        assert f"Nothing that makes the image changed; `{before}` [passed its tests](" in text


def test_a_forks_is_green_in_seconds_too_and_its_comment_says_why(
    world: ImageRepository, before: str
) -> None:
    fork = world.github.fork(world.repository, "bob")
    pull = world.open_pull_request("from-a-fork", {"README.md": b"# Bob's\n"}, fork)
    began = time.monotonic()
    run = world.on_pull_request(pull, "opened", "test.yaml")
    assert run.jobs == {"test": "success"}, run.log
    assert time.monotonic() - began < SECONDS
    assert "Building " not in run.log
    assert pull.comments == []
    assert world.on_completed_run("comment.yaml").status == 0
    (comment,) = [each.body for each in pull.comments if "build-test" in each.body]
    assert f"Nothing that makes the image changed; `{before}` passed its tests on " in comment


def test_the_push_gives_the_image_another_name_and_moves_no_hub(
    world: ImageRepository, merged: Timed, before: str
) -> None:
    run, tag = merged.run, world.repository.branches()["main"][:12]
    assert run.status == 0, run.log
    assert run.jobs == ALL
    assert merged.seconds < SECONDS
    assert "Building " not in run.log
    assert {before, tag} <= world.image_tags()
    assert f"Nothing that makes the image changed; `{before}`" in run.summary
    assert "Hubs keep that tag." in run.summary
    (pull,) = world.deployments.pulls
    assert (pull.state, pull.title) == ("open", f"update {HUB} image tag to {before}")


def test_a_second_run_of_it_moves_no_hub_either(world: ImageRepository, merged: Timed) -> None:
    again = world.push()
    assert again.status == 0, again.log
    (pull,) = world.deployments.pulls
    assert pull.state == "open"


def test_it_makes_up_for_a_bump_that_failed(world: ImageRepository, merged: Timed, before: str) -> None:
    (pull,) = world.deployments.pulls
    world.deployments.delete_branch(pull.head)
    world.deployments.pulls.clear()
    run = world.push()
    assert run.jobs == ALL, run.log
    (pull,) = world.deployments.pulls
    assert (pull.state, pull.title) == ("open", f"update {HUB} image tag to {before}")


def test_by_hand_the_hubs_are_moved_all_the_same(world: ImageRepository, merged: Timed) -> None:
    run = world.dispatch("build-push-open-pr.yaml")
    assert run.jobs == ALL, run.log
    older, newer = world.deployments.pulls
    tag = world.repository.branches()["main"][:12]
    assert (older.state, newer.title) == ("closed", f"update {HUB} image tag to {tag}")


def test_by_hand_the_image_can_be_built_anew(world: ImageRepository, merged: Timed) -> None:
    run = world.dispatch("build-push-open-pr.yaml", force="true")
    assert run.jobs == ALL, run.log
    assert "Building " in run.log
    tag = world.repository.branches()["main"][:12]
    assert run.outputs("build")["tag"].startswith(f"{tag}-20")


def test_nothing_was_asked_of_github_that_it_does_not_know(world: ImageRepository, merged: Timed) -> None:
    assert merged.run.status == 0
    assert world.github.problems == []
    assert world.leaked() == []
