"""The command that has all repositories build on another tag of a base image."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from scenarios.base_images import DEPENDENTS, OTHERS, OWNER, PATH, PIN, BaseImages
from testbed.registry import Registry

ALL = ("--owner", OWNER, "--topic", "hub-user-image")


@pytest.fixture
def world(tmp_path: Path, registry: Registry) -> Iterator[BaseImages]:
    with BaseImages(tmp_path, registry) as made:
        yield made


def test_without_apply_it_is_only_told_what_would_be_done(world: BaseImages) -> None:
    done = world.upgrade(f"{world.image}:{world.new}", *ALL)
    assert done.returncode == 0
    assert "4 of 6 repositories build on" in done.stdout
    assert "Nothing was changed; give --apply" in done.stdout
    assert "would open" in done.stdout
    assert world.pulls() == {}
    assert {call.method for call in world.github.calls} == {"GET"}


def test_with_apply_every_dependent_gets_one_pull_request(world: BaseImages) -> None:
    results = world.upgrade_json(f"{world.image}:{world.new}", *ALL, "--apply")
    assert {name: entry["status"] for name, entry in results.items()} == {
        **dict.fromkeys(DEPENDENTS, "opened"),
        "data100-user-image": "does not build on it",
        "base-python-image-2": "does not build on it",
        "open-user-image": "nothing to move",
    }
    assert world.pulls() == dict.fromkeys(DEPENDENTS, 1)
    for name in DEPENDENTS:
        assert world.proposed(name) == world.expected(name, world.new)


def test_again_with_the_next_tag_updates_and_then_changes_nothing(world: BaseImages) -> None:
    world.upgrade(f"{world.image}:{world.new}", *ALL, "--apply")
    updated = world.upgrade_json(f"{world.image}:{world.newer}", *ALL, "--apply")
    again = world.upgrade_json(f"{world.image}:{world.newer}", *ALL, "--apply")
    assert {updated[name]["status"] for name in DEPENDENTS} == {"updated"}
    assert {again[name]["status"] for name in DEPENDENTS} == {"unchanged"}
    assert world.pulls() == dict.fromkeys(DEPENDENTS, 1)


def test_the_json_names_every_reference(world: BaseImages) -> None:
    results = world.upgrade_json(f"{world.image}:{world.new}", f"{OWNER}/stat20-user-image")
    assert results["stat20-user-image"] == {
        "repository": f"{OWNER}/stat20-user-image",
        "status": "would open",
        "pull_request": "",
        "files": ["Dockerfile"],
        "references": [
            {
                "file": "Dockerfile",
                "line": 2,
                "stage": "0",
                "old": world.old,
                "new": world.new,
                "reason": "",
            }
        ],
        "error": "",
    }


def test_repositories_come_from_a_file_as_well(world: BaseImages) -> None:
    listed = world.folder / "repositories.txt"
    listed.write_text(f"# ours\n{OWNER}/course\n{OWNER}/{next(iter(OTHERS))}\n")
    world.upgrade(f"{world.image}:{world.new}", "--repos-file", str(listed), "--apply")
    assert world.pulls() == {"course": 1}


@pytest.mark.parametrize(
    "name",
    ["ubuntu", "library/ubuntu", "docker.io/ubuntu", "docker.io/library/ubuntu", "index.docker.io/ubuntu"],
)
def test_every_name_of_an_official_image_is_that_image(world: BaseImages, name: str) -> None:
    made = world.github.create_repository(f"{OWNER}/official", {"Dockerfile": b"FROM ubuntu:22.04\n"})
    first = world.upgrade(f"ubuntu:24.04@{PIN}", f"{OWNER}/official", "--no-verify", "--apply")
    again = world.upgrade_json(f"{name}:24.04@{PIN}", f"{OWNER}/official", "--no-verify", "--apply")
    assert first.returncode == 0, first.stderr
    assert again["official"]["status"] == "unchanged"
    (pull,) = made.pulls
    assert "docker.io/library/ubuntu" in str(pull.body)


def test_an_official_name_is_another_image_on_the_registry_that_is_given(world: BaseImages) -> None:
    world.github.create_repository(f"{OWNER}/official", {"Dockerfile": b"FROM ubuntu:22.04\n"})
    results = world.upgrade_json("ubuntu:24.04", f"{OWNER}/official", "--no-verify", "--registry", "quay.io")
    assert results["official"]["status"] == "does not build on it"


def test_an_image_without_a_host_is_that_of_the_registry(world: BaseImages) -> None:
    image = f"{PATH}:{world.new}"
    results = world.upgrade_json(image, f"{OWNER}/course", "--registry", world.registry.host)
    assert results["course"]["status"] == "would open"


def test_what_somebody_declined_is_not_opened_again(world: BaseImages) -> None:
    arguments = (f"{world.image}:{world.new}", f"{OWNER}/course", "--apply")
    world.upgrade(*arguments)
    world.decline("course")
    assert world.upgrade_json(*arguments)["course"]["status"] == "declined"
    assert world.pulls() == {"course": 1}


def test_one_that_fails_is_named_and_the_others_are_done(world: BaseImages) -> None:
    world.repositories["course"].archived = True
    names = [f"{OWNER}/{name}" for name in DEPENDENTS]
    done = world.upgrade(f"{world.image}:{world.new}", *names, "--apply")
    assert done.returncode == 1
    assert f"warning: {OWNER}/course: {OWNER}/course is archived." in done.stderr
    assert world.pulls() == {"stat20-user-image": 1, "base-r-image": 1}


def test_an_empty_repository_builds_on_nothing(world: BaseImages) -> None:
    world.github.create_repository(f"{OWNER}/empty")
    results = world.upgrade_json(f"{world.image}:{world.new}", f"{OWNER}/empty")
    assert results["empty"]["status"] == "does not build on it"


@pytest.mark.parametrize(("arguments", "told"), [((), False), (("--image-repository", "x/source"), True)])
def test_the_images_own_repository_can_be_named(
    world: BaseImages, arguments: tuple[str, ...], told: bool
) -> None:
    source = world.github.create_repository("x/source", {"a": b"1"})
    old, new = source.branches()["main"][:7], source.commit({"a": b"2"}, "Next")[:7]
    user = world.github.create_repository("x/user", {"Dockerfile": f"FROM quay.io/x/base:{old}\n".encode()})
    world.upgrade(f"quay.io/x/base:{new}", "x/user", "--no-verify", "--apply", *arguments)
    assert (f"/x/source/compare/{old}...{new}" in (user.pulls[0].body or "")) == told


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("{image}:0000000",), "There is no"),
        (("{image}:{new}", "--branch", "x-{{tag}}"), "a pull request for each tag"),
    ],
)
def test_what_cannot_work_is_said_in_one_line(
    world: BaseImages, arguments: tuple[str, ...], error: str
) -> None:
    done = world.upgrade(*(one.format(image=world.image, new=world.new) for one in arguments))
    assert done.returncode == 1
    assert done.stderr.startswith("upgrade-base-image: ")
    assert error in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert world.pulls() == {}
