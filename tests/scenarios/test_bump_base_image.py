"""A base image is pushed: every Dockerfile that builds on it moves, by one pull request a repository."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scenarios.base_images import BRANCH, DEPENDENTS, OWNER, PATH, BaseImages
from testbed.registry import Registry

OWN = f"{OWNER}/stat20-user-image"


@pytest.fixture
def world(tmp_path: Path, registry: Registry) -> Iterator[BaseImages]:
    with BaseImages(tmp_path, registry) as made:
        yield made


# ---- in the repository that builds on it


def test_the_own_dockerfile_moves_by_a_pull_request(world: BaseImages) -> None:
    result = world.bump(own=OWN, image=world.image, tag=world.new)
    assert result.notice.startswith(f"base-python-image moves to {world.new} in http")
    assert world.pulls() == {"stat20-user-image": 1}
    assert world.proposed("stat20-user-image") == world.expected("stat20-user-image", world.new)
    assert world.pull("stat20-user-image").title == f"Update base image base-python-image to {world.new}"


def test_the_outputs_say_what_moved(world: BaseImages) -> None:
    result = world.bump(own=OWN, image=world.image, tag=world.new)
    url = f"{world.github.server_url}/{OWN}/pull/1"
    expected = {
        "changed": "true",
        "pull-request-urls": url,
        "repositories": OWN,
        "files": f"{OWN}:Dockerfile",
    }
    assert result.outputs == expected


def events(world: BaseImages) -> dict[str, dict[str, Any]]:
    """Return the announcements that a base image's repository or a person can send."""
    return {
        "dispatch of today": {"client_payload": {"base_image_name": PATH, "base_image_sha": world.new}},
        "inputs of today": {"inputs": {"base_image_name": PATH, "base_image_sha": world.new}},
        "dispatch": {
            "client_payload": {"image": world.image, "tag": world.new, "digest": world.digests[world.new]}
        },
        "inputs": {"inputs": {"image": f"{world.image}:{world.new}", "tag": ""}},
    }


@pytest.mark.parametrize("kind", ["dispatch of today", "inputs of today", "dispatch", "inputs"])
def test_an_event_names_the_image_and_its_tag(world: BaseImages, kind: str) -> None:
    result = world.bump(own=OWN, registry=world.registry.host, event=events(world)[kind])
    assert result.notice
    assert world.proposed("stat20-user-image") == world.expected("stat20-user-image", world.new)


def test_inputs_go_before_the_event(world: BaseImages) -> None:
    event = {"client_payload": {"image": "quay.io/x/y", "tag": "z"}}
    assert world.bump(own=OWN, image=world.image, tag=world.new, event=event).outputs["changed"] == "true"


HOSTILE = {
    "quotes": "a\"b'c",
    "substitution": "$(touch {canary})",
    "backticks": "`touch {canary}`",
    "semicolon": "a; touch {canary}",
    "sed": "x|e touch {canary}",
    "line break": "a\n::set-output name=changed::forged",
    "old command": "##[set-output name=changed]forged",
    "expression": "${{ secrets.TOKEN }}",
    "variable": "${PATH}",
    "continuation": "a\\\nRUN touch {canary}",
    "instruction": "a\nRUN touch {canary}",
    "comment": "a # b",
    "option": "--upload-pack=x",
    "path": "../../etc/passwd",
    "html": "<img src=x>",
    "null": "a\0b",
    "list": ["a"],
    "object": {"a": "b"},
    "truth": [True],
}


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> Iterator[BaseImages]:
    """A world in which nothing may be asked or made."""
    with BaseImages(tmp_path_factory.mktemp("untouched"), registry) as made:
        yield made
        assert made.github.calls == []
        assert not (made.folder / "canary").exists()


@pytest.mark.parametrize("names", [("image", "tag"), ("base_image_name", "base_image_sha")], ids=str)
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_announcement_is_refused_by_name(
    untouched: BaseImages, names: tuple[str, str], kind: str
) -> None:
    value = HOSTILE[kind]
    if isinstance(value, str):
        value = value.replace("{canary}", str(untouched.folder / "canary"))
    payload = dict.fromkeys((*names, "digest"), value)
    result = untouched.bump(own=OWN, registry=untouched.registry.host, event={"client_payload": payload})
    assert result.status == 1
    assert "Traceback" not in result.stdout + result.stderr
    refused = [message.partition(":")[0] for message in result.said("error")]
    assert set(refused) >= {"Input `image`", "Input `tag`", "Input `digest`"}
    assert result.outputs == {}


# ---- in the base image's repository


def test_every_repository_that_builds_on_it_gets_one_pull_request(world: BaseImages) -> None:
    result = world.bump_all()
    assert result.notice
    assert world.pulls() == dict.fromkeys(DEPENDENTS, 1)
    for name in DEPENDENTS:
        assert world.proposed(name) == world.expected(name, world.new)
    assert set(result.outputs["repositories"].split("\n")) == {f"{OWNER}/{name}" for name in DEPENDENTS}


def test_repositories_can_be_named(world: BaseImages) -> None:
    repositories = f"{OWNER}/course\n{OWNER}/data100-user-image"
    world.bump(image=world.image, tag=world.new, repositories=repositories)
    assert world.pulls() == {"course": 1}


def test_the_next_tag_brings_the_open_pull_request_up_to_date(world: BaseImages) -> None:
    world.bump_all()
    assert world.bump_all(tag=world.newer).notice
    assert world.pulls() == dict.fromkeys(DEPENDENTS, 1)
    assert world.proposed("base-r-image") == world.expected("base-r-image", world.newer)
    assert world.newer in world.pull("base-r-image").title
    assert world.newer in world.body("base-r-image")


def test_a_second_run_changes_nothing(world: BaseImages) -> None:
    world.bump_all()
    before = {name: one.branches() for name, one in world.repositories.items()}
    world.github.calls.clear()
    assert world.bump_all().outputs["changed"] == "true"
    assert [call for call in world.github.calls if call.method != "GET"] == []
    assert {name: one.branches() for name, one in world.repositories.items()} == before


def test_a_merged_pull_request_leaves_nothing_to_change(world: BaseImages) -> None:
    expected = world.expected("stat20-user-image", world.new)
    world.repositories["stat20-user-image"].commit(dict(expected), "Merge")
    result = world.bump(own=OWN, image=world.image, tag=world.new)
    assert result.notice == f"Nothing to change: all Dockerfiles build on {world.image}:{world.new} already."
    assert result.outputs["changed"] == "false"


def test_what_somebody_declined_is_not_opened_again(world: BaseImages) -> None:
    world.bump(own=OWN, image=world.image, tag=world.new)
    world.decline("stat20-user-image")
    result = world.bump(own=OWN, image=world.image, tag=world.new)
    assert "closed without merging, and not opened again" in result.notice
    assert result.outputs["changed"] == "false"
    assert world.bump(own=OWN, image=world.image, tag=world.newer).outputs["changed"] == "true"


def test_the_pull_request_says_what_moves_and_what_changed_in_the_image(world: BaseImages) -> None:
    world.bump_all()
    body = world.body("base-r-image")
    files = f"{world.github.server_url}/{OWNER}/base-r-image/blob/main"
    assert f"| [`Dockerfile:2`]({files}/Dockerfile#L2) | base | `{world.old}` | `{world.new}` |" in body
    assert f"| [`cpu.Dockerfile:1`]({files}/cpu.Dockerfile#L1) | 0 | `{world.old}` | `{world.new}` |" in body
    assert f"/{OWNER}/base-python-image/compare/{world.old}...{world.new}" in body
    assert "2 new commits" in body
    assert f"<!-- hub-image-actions base image {world.image} -->" in body


def test_what_cannot_move_is_told_with_its_reason(world: BaseImages) -> None:
    result = world.bump(own=f"{OWNER}/open-user-image", image=world.image, tag=world.new)
    assert result.outputs["changed"] == "false"
    assert "its tag comes from a build argument without default: TAG" in result.notice


def test_a_dry_run_changes_nothing(world: BaseImages) -> None:
    result = world.bump_all(dry_run="true", token="")
    assert result.notice.startswith("Dry run")
    assert result.outputs["changed"] == "true"
    assert world.pulls() == {}
    assert {call.method for call in world.github.calls} == {"GET"}


def test_labels_branch_and_title_are_the_callers(world: BaseImages) -> None:
    inputs = {"labels": "base image", "branch": "bump/{image}", "title": "{image}: {tag}"}
    world.bump(own=OWN, image=world.image, tag=world.new, **inputs)
    pull = world.pull("stat20-user-image")
    assert (pull.head, pull.title) == ("bump/base-python-image", f"base-python-image: {world.new}")
    assert [label.name for label in pull.labels] == ["base image"]


# ---- what must not happen


def test_a_tag_that_is_not_in_the_registry_is_refused(world: BaseImages) -> None:
    result = world.bump(own=OWN, image=world.image, tag="0000000")
    assert f"There is no {world.image}:0000000" in result.error
    assert world.github.calls == []


def test_without_verification_the_registry_is_asked_for_pins_only(world: BaseImages) -> None:
    inputs = {"image": world.image, "verify_image": "false"}
    assert world.bump(own=OWN, tag="anything", **inputs).outputs["changed"] == "true"
    assert world.bump(own=f"{OWNER}/course", tag=world.new, **inputs).outputs["changed"] == "true"
    assert world.proposed("course") == world.expected("course", world.new)


def test_a_pin_whose_digest_is_not_known_stays(world: BaseImages) -> None:
    inputs = {"image": world.image, "verify_image": "false", "tag": "anything"}
    result = world.bump(own=f"{OWNER}/course", **inputs)
    assert "pinned by digest, and the new digest is not known" in result.notice
    assert len(result.said("warning")) == 1
    assert world.pulls() == {}


def test_a_digest_that_the_tag_does_not_have_is_refused(world: BaseImages) -> None:
    result = world.bump(own=OWN, image=world.image, tag=world.new, digest="sha256:" + "1" * 64)
    assert "has the digest" in result.error


def test_a_commit_of_somebody_else_is_not_overwritten_and_the_others_are_done(world: BaseImages) -> None:
    theirs = world.repositories["course"].commit({"mine.txt": b"1"}, "Mine", BRANCH)
    result = world.bump_all()
    assert result.error.startswith("1 of 6 repositories could not be changed.")
    assert "not ours" in "".join(result.said("warning"))
    assert world.repositories["course"].branches()[BRANCH] == theirs
    assert world.pulls() == {"stat20-user-image": 1, "base-r-image": 1}


@pytest.mark.parametrize(
    ("inputs", "error"),
    [
        ({"tag": ""}, "Input `tag`: it is required and empty."),
        ({"image": ""}, "Input `image`: it is required and empty."),
        ({"branch": "x-{tag}"}, "Input `branch`: "),
        ({"owner": "a/b"}, "Input `owner`: "),
        ({"owner": "", "topic": "x"}, "Input `topic`: "),
        ({"token": ""}, "Input `token`: "),
    ],
)
def test_inputs_that_cannot_work_are_refused(world: BaseImages, inputs: dict[str, str], error: str) -> None:
    usual = {"image": world.image, "tag": world.new}
    result = world.bump(own=OWN, **{**usual, **inputs})
    assert result.error.startswith(error)
    assert world.github.calls == []
