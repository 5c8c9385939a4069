"""A merge queue: what is about to be merged is built and tested, and the merge takes that image."""

import pytest

from local_github.pulls import Pull
from workflows.act import Run
from workflows.conftest import NewWorld
from workflows.image_repository import ImageRepository

pytestmark = pytest.mark.timeout(900)
TESTS = {"image-tests/test_python.py": b"def test_python():\n    assert 1 + 1 == 2\n"}


@pytest.fixture(scope="module")
def world(new_world: NewWorld) -> ImageRepository:
    """An image repository with one quick test of the image."""
    return new_world("stat89a", TESTS)


@pytest.fixture(scope="module")
def pull(world: ImageRepository) -> Pull:
    """A pull request that nobody tested by itself."""
    return world.open_pull_request("add-package", {"apt.txt": b"git\n"})


@pytest.fixture(scope="module")
def queued(world: ImageRepository, pull: Pull) -> Run:
    """The test that the queue waits for."""
    return world.in_merge_queue(pull, "test.yaml")


@pytest.fixture(scope="module")
def merged(world: ImageRepository, queued: Run) -> Run:
    """What the push of the queue runs."""
    assert queued.status == 0, queued.log
    return world.push()


def test_what_is_about_to_be_merged_is_tested_and_kept_and_nobody_is_told_twice(
    world: ImageRepository, pull: Pull, queued: Run
) -> None:
    assert queued.jobs == {"test": "success"}, queued.log
    assert queued.outputs("test")["tests"] == "1 passed"
    assert queued.artifacts == {}
    assert "1 passed" in queued.summary
    assert pull.comments == []
    (kept,) = world.candidate_tags()
    assert kept.startswith("inputs-")


def test_the_merge_takes_the_image_that_was_tested(world: ImageRepository, merged: Run) -> None:
    assert set(merged.jobs.values()) == {"success"}, merged.log
    assert "Building " not in merged.log
    assert merged.outputs("build")["reused"] == "true"
    assert merged.outputs("build")["unchanged"] == "false"
    tag = world.repository.branches()["main"][:12]
    assert tag in world.image_tags()
    (bump,) = world.deployments.pulls
    assert tag in bump.title


def test_every_check_that_may_be_required_reports_to_the_queue(world: ImageRepository) -> None:
    second = world.open_pull_request("more-words", {"README.md": b"# More\n"})
    run = world.in_merge_queue(second, "yaml-lint.yaml")
    assert run.jobs == {"lint": "success"}, run.log


def test_nothing_was_asked_of_github_that_it_does_not_know(world: ImageRepository, merged: Run) -> None:
    assert merged.status == 0
    assert world.github.problems == []
    assert world.leaked() == []
