"""The image to take layers from is the one that the default branch pushed last."""

import pytest

from hub_image_actions.build.earlier_images import last_pushed
from hub_image_actions.errors import RegistryError
from hub_image_actions.references import parse_image_name

IMAGE = parse_image_name("quay.io/course/image")
COMMITS = [f"{number:x}".rjust(4, "a").ljust(40, "0") for number in range(1, 31)]


class FakeRegistry:
    """A registry that has some tags."""

    def __init__(self, *tags: str, refuses: bool = False) -> None:
        self.tags = tags
        self.refuses = refuses
        self.asked: list[str] = []

    def has(self, repository: str, reference: str) -> bool:
        assert repository == IMAGE.repository
        self.asked.append(reference)
        if self.refuses:
            raise RegistryError("no.")
        return reference in self.tags


def found(registry: FakeRegistry, tag: str = "dev", commits: list[str] = COMMITS) -> tuple[str, list[str]]:
    told: list[str] = []
    return last_pushed(
        registry=registry,
        image=IMAGE,
        commits=commits,
        tag=tag,
        tell=told.append,
        notice=lambda text: told.append(f"notice: {text}"),
    ), told


def test_the_newest_commit_that_has_an_image_is_taken() -> None:
    registry = FakeRegistry(COMMITS[3][:12], COMMITS[2][:12])
    assert found(registry) == (f"quay.io/course/image:{COMMITS[2][:12]}", [])
    assert len(registry.asked) == 3


def test_tags_are_as_long_as_that_of_this_build() -> None:
    commits = ["abcdef0123456789"]
    registry = FakeRegistry("abcdef0")
    assert found(registry, "1234567", commits)[0] == "quay.io/course/image:abcdef0"


@pytest.mark.parametrize("commits", [COMMITS, COMMITS[:2], []])
def test_a_registry_that_has_none_is_asked_a_bounded_number_of_times(commits: list[str]) -> None:
    registry = FakeRegistry()
    reference, (told,) = found(registry, commits=commits)
    assert reference == ""
    assert f"last {min(20, len(commits))} commits" in told
    assert len(registry.asked) == min(20, len(commits))


def test_a_registry_that_refuses_is_asked_once() -> None:
    registry = FakeRegistry(refuses=True)
    reference, (told,) = found(registry)
    assert reference == ""
    assert told.startswith("notice: No image of the default branch can be read here")
    assert told.endswith("nothing is compared. no.")
    assert len(registry.asked) == 1
