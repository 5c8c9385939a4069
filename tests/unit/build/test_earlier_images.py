"""The image to take layers from is the one that the default branch pushed last."""

from pathlib import Path

import pytest

from fake_build import FakeBuild, fake_build, keep, pushed_image
from hub_image_actions.build.earlier_images import PreviousImage, last_pushed
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


@pytest.mark.parametrize(
    ("built", "pushed", "newest", "before"),
    [
        # On a pull request, no commit of the default branch is built.
        ("f" * 40, (2, 4), 2, 2),
        # The commit's own image is not there yet, or an earlier run pushed it.
        (COMMITS[0], (2, 4), 2, 2),
        (COMMITS[2], (2, 4), 2, 4),
        # The default branch has moved on since.
        (COMMITS[3], (2, 4), 2, 4),
        (COMMITS[4], (2, 4), 2, None),
        (COMMITS[0], (), None, None),
    ],
)
def test_what_was_pushed_before_a_commit_is_not_its_own_image(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    built: str,
    pushed: tuple[int, ...],
    newest: int | None,
    before: int | None,
) -> None:
    build: FakeBuild = fake_build(tmp_path, commit=built)
    for number in pushed:
        keep(build.registry, COMMITS[number][:12], pushed_image({}))
    monkeypatch.setattr(PreviousImage, "_commits", COMMITS)
    previous = PreviousImage(build.job, build.registry)

    def reference(number: int | None) -> str:
        return "" if number is None else f"quay.io/course/image:{COMMITS[number][:12]}"

    assert (previous.reference(), previous.before_this_commit()) == (reference(newest), reference(before))
    asked = len(build.registry.asked)
    assert (previous.reference(), previous.before_this_commit()) == (reference(newest), reference(before))
    assert len(build.registry.asked) == asked
