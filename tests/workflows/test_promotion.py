"""A merge: the image that the pull request built and tested reaches the hubs, and is not built again."""

import re

import pytest

from local_github.pulls import Pull
from workflows.act import Run
from workflows.conftest import NewWorld
from workflows.image_repository import DEPLOYMENTS, ImageRepository

pytestmark = pytest.mark.timeout(900)
TESTS = {"image-tests/test_python.py": b"def test_python():\n    assert 1 + 1 == 2\n"}


@pytest.fixture(scope="module")
def world(new_world: NewWorld) -> ImageRepository:
    """An image repository with one quick test of the image."""
    return new_world("econ148", TESTS)


@pytest.fixture(scope="module")
def pull(world: ImageRepository) -> Pull:
    """A pull request of somebody who may push to the repository."""
    return world.open_pull_request("add-package", {"apt.txt": b"git\n"})


@pytest.fixture(scope="module")
def tested(world: ImageRepository, pull: Pull) -> Run:
    """The test of the pull request."""
    return world.on_pull_request(pull, "opened", "test.yaml")


@pytest.fixture(scope="module")
def kept(world: ImageRepository, tested: Run) -> set[str]:
    """The tags of the candidates between the test and the merge."""
    assert tested.status == 0, tested.log
    assert world.image_tags() == set()
    return world.candidate_tags()


@pytest.fixture(scope="module")
def merged(world: ImageRepository, pull: Pull, kept: set[str]) -> Run:
    """What the merge runs."""
    assert kept
    world.repository.commit({"apt.txt": b"git\n"}, f"Merge #{pull.number}", branch="main")
    return world.push()


def test_the_pull_requests_image_is_kept_under_a_tag_that_no_hub_uses(kept: set[str]) -> None:
    (tag,) = kept
    assert re.fullmatch(r"inputs-[0-9a-f]{64}", tag)


def test_the_merge_builds_nothing(merged: Run) -> None:
    assert set(merged.jobs.values()) == {"success"}, merged.log
    assert merged.outputs("build")["reused"] == "true"
    assert merged.outputs("build")["tests"] == "1 passed"
    assert "Building " not in merged.log
    assert "mounted by the registry, which moves nothing" in merged.log


def test_the_hubs_get_the_very_image_that_was_tested(
    world: ImageRepository, kept: set[str], merged: Run
) -> None:
    (candidate,) = kept
    tag = world.repository.branches()["main"][:12]
    assert merged.status == 0, merged.log
    assert world.registry.digest(world.image, tag) == world.registry.digest(world.candidates, candidate)
    (bump,) = [pull for pull in world.github.repositories[DEPLOYMENTS].pulls if pull.state == "open"]
    assert tag in bump.title


def test_no_secret_is_shown(world: ImageRepository, merged: Run) -> None:
    assert merged.status == 0
    assert world.leaked() == []
