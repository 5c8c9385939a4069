"""What goes wrong after a merge: no image is pushed, and no hub moves."""

from collections.abc import Mapping

import pytest

from workflows.conftest import NewWorld
from workflows.image_repository import DOCKERFILE, ImageRepository

pytestmark = pytest.mark.timeout(900)
FAILING = {"image-tests/test_python.py": b"def test_python():\n    assert 1 + 1 == 3\n"}
PASSING = {"image-tests/test_python.py": b"def test_python():\n    assert 1 + 1 == 2\n"}


@pytest.fixture(scope="module")
def world(new_world: NewWorld) -> ImageRepository:
    """An image repository whose image fails its test."""
    return new_world("eecs", FAILING)


def assert_nothing_moved(world: ImageRepository) -> None:
    """Nothing is in the registry, and nothing happened to the deployments."""
    assert world.image_tags() == set()
    assert world.deployments.pulls == []
    assert set(world.deployments.branches()) == {"staging"}
    assert world.leaked() == []


def test_an_image_that_fails_its_tests_is_not_pushed(world: ImageRepository) -> None:
    run = world.push()
    assert (run.status, run.jobs) == (1, {"check": "success", "build": "failure"}), run.log
    assert "test_python" in run.summary
    assert_nothing_moved(world)


@pytest.mark.parametrize(
    ("variables", "secrets", "said", "job"),
    [
        ({"IMAGE": ""}, {}, "Set the repository variable IMAGE", "check"),
        ({}, {"GAR_SECRET_KEY": "wrong"}, "refuses the login", "build"),
        ({}, {"GAR_SECRET_KEY": ""}, "without a login", "build"),
    ],
    ids=["no image", "wrong key", "no key"],
)
def test_what_is_missing_is_said_before_the_build(
    world: ImageRepository, variables: Mapping[str, str], secrets: Mapping[str, str], said: str, job: str
) -> None:
    configured = dict(world.variables), dict(world.secrets)
    world.variables, world.secrets = {**configured[0], **variables}, {**configured[1], **secrets}
    run = world.push()
    world.variables, world.secrets = configured
    assert [name for name, outcome in run.jobs.items() if outcome == "failure"] == [job]
    errors = [line for line in run.log_lines if "::error" in line]
    assert any(said in line for line in errors), run.log
    assert "docker buildx build" not in run.log
    assert_nothing_moved(world)


def test_without_a_token_for_the_deployments_nothing_is_built_and_the_error_says_what_to_pass(
    world: ImageRepository,
) -> None:
    world.repository.commit(PASSING, "Mend the test")
    configured = world.secrets
    world.secrets = {"GAR_SECRET_KEY": configured["GAR_SECRET_KEY"]}
    run = world.push()
    world.secrets = configured
    assert run.jobs == {"check": "failure"}, run.log
    assert "Input `token`: it is required and empty." in run.log
    assert world.deployments.pulls == []


def test_a_build_that_breaks_moves_nothing(world: ImageRepository) -> None:
    tags = world.image_tags()
    broken = DOCKERFILE.format(base=world.base) + "RUN exit 3\n"
    world.repository.commit({"Dockerfile": broken.encode()}, "Break the build")
    run = world.push()
    assert run.jobs == {"check": "success", "build": "failure"}
    assert world.image_tags() == tags
    assert world.deployments.pulls == []
