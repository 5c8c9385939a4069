"""A pull request and its merge on an engine that keeps images in containerd's store, as Docker 29 does."""

import pytest

from workflows.act import Run
from workflows.conftest import NewWorld
from workflows.image_repository import DEPLOYMENTS, ImageRepository

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.parametrize("engine", ["containerd"], indirect=True, scope="session"),
]


@pytest.fixture(scope="module")
def world(new_world: NewWorld) -> ImageRepository:
    """An image repository as the template gives it."""
    # A hub that no other world has: they share the registry.
    return new_world("astro128")


@pytest.fixture(scope="module")
def tested(world: ImageRepository) -> Run:
    """The test of a pull request."""
    pull = world.open_pull_request("add-package", {"apt.txt": b"git\n"})
    return world.on_pull_request(pull, "opened", "test.yaml")


@pytest.fixture(scope="module")
def merged(world: ImageRepository, tested: Run) -> Run:
    """What the merge runs."""
    assert tested.status == 0, tested.log
    world.repository.commit({"apt.txt": b"git\n"}, "Merge #1", branch="main")
    return world.push()


def test_a_pull_requests_image_is_built_tested_and_kept(world: ImageRepository, tested: Run) -> None:
    assert tested.status == 0, tested.log
    assert "exporting manifest list" in tested.log
    (candidate,) = world.candidate_tags()
    labels = world.registry.image_config(world.candidates, candidate)["config"]["Labels"]
    assert labels["hub-image-actions.tests"] == "10 passed"
    assert attestations(world, world.candidates, candidate)


def test_the_merge_takes_it_and_moves_the_hubs(world: ImageRepository, merged: Run) -> None:
    assert merged.jobs == {"check": "success", "build": "success", "bump": "success"}, merged.log
    assert merged.outputs("build")["reused"] == "true"
    tag = world.repository.branches()["main"][:12]
    digest = world.registry.digest(world.image, tag)
    assert merged.outputs("build")["digest"] == digest
    (bump,) = world.github.repositories[DEPLOYMENTS].pulls
    assert f":{tag}@{digest}" in (bump.body or "")
    labels = world.registry.image_config(world.image, tag)["config"]["Labels"]
    assert labels["org.opencontainers.image.revision"][:12] == tag
    (candidate,) = world.candidate_tags()
    assert attestations(world, world.image, tag) == attestations(world, world.candidates, candidate)


def test_without_the_candidate_a_push_builds_and_pushes(world: ImageRepository, merged: Run) -> None:
    assert merged.status == 0
    world.repository.commit({"apt.txt": b"git\nless\n"}, "Add less", branch="main")
    pushed = world.push()
    assert pushed.jobs == {"check": "success", "build": "success", "bump": "success"}, pushed.log
    assert pushed.outputs("build")["reused"] == "false"
    tag = world.repository.branches()["main"][:12]
    assert pushed.outputs("build")["digest"] == world.registry.digest(world.image, tag)
    labels = world.registry.image_config(world.image, tag)["config"]["Labels"]
    assert labels["org.opencontainers.image.revision"][:12] == tag
    assert world.leaked() == []
    assert attestations(world, world.image, tag)


def attestations(world: ImageRepository, repository: str, tag: str) -> list[str]:
    """Return the digests of what BuildKit attests of an image, which must be listed as about it."""
    image, *attesting = world.registry.manifest(repository, tag)["manifests"]
    about = {entry["annotations"]["vnd.docker.reference.digest"] for entry in attesting}
    assert about <= {image["digest"]}
    return [entry["digest"] for entry in attesting]
