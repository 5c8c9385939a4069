"""A merge: the image that the pull request built and tested reaches the hubs, and is not built again."""

import json
import re

import pytest

from hub_image_actions.images.labels import REF, REVISION, VERSION
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


def test_the_hubs_get_what_was_tested_under_the_name_of_the_merge(
    world: ImageRepository, kept: set[str], merged: Run
) -> None:
    (candidate,) = kept
    commit = world.repository.branches()["main"]
    tag = commit[:12]
    assert merged.status == 0, merged.log
    registry = world.registry
    tested, shipped = registry.manifest(world.candidates, candidate), registry.manifest(world.image, tag)
    assert shipped["layers"] == tested["layers"]
    config, before = (
        registry.image_config(world.image, tag),
        registry.image_config(world.candidates, candidate),
    )
    labels, old = config["config"].pop("Labels"), before["config"].pop("Labels")
    assert (config["config"], config["rootfs"]) == (before["config"], before["rootfs"])
    of_commit = {REVISION: commit, VERSION: tag, REF: commit}
    assert labels == {**old, **of_commit}
    assert merged.outputs("build")["digest"] == registry.digest(world.image, tag)
    (bump,) = [pull for pull in world.github.repositories[DEPLOYMENTS].pulls if pull.state == "open"]
    assert tag in bump.title
    assert f":{tag}@{registry.digest(world.image, tag)}" in (bump.body or "")


def test_the_trial_merge_of_the_pull_request_is_named_nowhere(
    world: ImageRepository, pull: Pull, kept: set[str], merged: Run
) -> None:
    (candidate,) = kept
    assert merged.status == 0, merged.log
    config = world.registry.image_config(world.candidates, candidate)
    assert config["config"]["Labels"][REVISION] == config["config"]["Labels"][REF] == pull.head_sha
    commits = set(re.findall(r"\b[0-9a-f]{40}\b", json.dumps(config)))
    assert commits == {pull.head_sha}


def test_no_secret_is_shown(world: ImageRepository, merged: Run) -> None:
    assert merged.status == 0
    assert world.leaked() == []
