"""Commits that change nothing of the image: the default branch's image is used, and no hub has to move."""

import re
import time

import pytest

from scenarios.action import Result
from scenarios.candidates import NO_KEY, build, ever_new, tags, was_built
from scenarios.images import ImageRepository
from testbed.fault_proxy import FaultProxy, Reset

# It shows that no engine is asked for anything.
NOWHERE = {"DOCKER_HOST": "unix:///nowhere.sock"}
OLDEST = {"reuse_max_age": "0"}


@pytest.fixture
def repository(images: ImageRepository, small_base_image: str) -> ImageRepository:
    """A repository that keeps its README out of an image that everybody may read, another at each build."""
    repository = shown_to_all(ever_new(images, small_base_image))
    repository.commit({".dockerignore": "README.md\n.github\n", "README.md": "one\n"})
    repository.publish()
    return repository


def shown_to_all(repository: ImageRepository) -> ImageRepository:
    """Let the image be where no login is needed to read it."""
    repository.image = f"public/{repository.image.rpartition('/')[2]}"
    return repository


def on_pull_request(repository: ImageRepository, /, **given: str) -> Result:
    """Test a pull request without any key, and without a place for candidates."""
    event = repository.on_pull_request(repository.pull_request())
    return repository.build_test({**event, **NOWHERE}, **{**NO_KEY, "reuse": "true", **OLDEST, **given})


def pushed(repository: ImageRepository, /, **given: str) -> Result:
    """Build and push the commit that is checked out, as a push to the default branch does."""
    repository.publish()
    return build(repository, candidates="", **given)


def layers(repository: ImageRepository, tag: str) -> list[str]:
    """Return the digests of an image's layers."""
    return [layer["digest"] for layer in repository.registry.manifest(repository.image, tag)["layers"]]


def test_a_pull_request_that_changes_nothing_of_the_image_is_green_in_seconds_and_says_why(
    repository: ImageRepository,
) -> None:
    first = pushed(repository)
    before = repository.head[:12]
    repository.commit({"README.md": "two\n", ".github/workflows/x.yaml": "on: push\n"})
    began = time.monotonic()
    result = on_pull_request(repository)
    assert result.status == 0, result.log
    assert time.monotonic() - began < 20
    assert (result.outputs["unchanged"], result.outputs["reused"]) == ("true", "true")
    assert result.outputs["image"] == first.outputs["image"]
    said = rf"Nothing that makes the image changed; {before} was built on \d{{4}}-\d\d-\d\d\."
    assert re.search(said, result.log)
    (comment,) = repository.comments(repository.remote.pulls[0].number)
    for text in (result.summary, comment.body):
        assert f"♻️ Nothing that makes the image changed; `{before}` [was built](" in text
        assert "Hubs keep that tag" not in text


def test_a_push_that_changes_nothing_of_the_image_names_it_again_and_moves_no_hub(
    repository: ImageRepository,
) -> None:
    first = pushed(repository)
    assert first.outputs["unchanged"] == "false"
    before = repository.head[:12]
    repository.commit({"README.md": "two\n"})
    result = pushed(repository, **OLDEST)
    assert not was_built(result)
    assert result.outputs["unchanged"] == "true"
    assert "Hubs keep that tag." in result.summary
    assert {before, repository.head[:12]} <= set(tags(repository))
    assert layers(repository, repository.head[:12]) == layers(repository, before)
    again = pushed(repository, **OLDEST)
    assert not was_built(again)
    repository.commit({"README.md": "three\n"})
    third = pushed(repository, **OLDEST)
    assert {one.outputs["unchanged-since"] for one in (result, again, third)} == {before}


def test_a_second_run_of_a_commit_that_changed_the_image_may_still_move_hubs(
    repository: ImageRepository,
) -> None:
    pushed(repository)
    repository.commit({"apt.txt": "git\n"})
    assert pushed(repository).outputs["unchanged"] == "false"
    again = pushed(repository)
    assert not was_built(again)
    assert again.outputs["unchanged"] == "false"
    # As much so when the default branch has moved on.
    changed = repository.head
    repository.commit({"README.md": "two\n"})
    repository.publish()
    repository.git("checkout", "--quiet", changed)
    again = build(repository, candidates="")
    assert (was_built(again), again.outputs["unchanged"]) == (False, "false")


def test_what_was_never_pushed_is_built_with_the_next_commit_whatever_that_changes(
    repository: ImageRepository,
) -> None:
    pushed(repository)
    repository.commit({"apt.txt": "git\n"})
    repository.commit({"README.md": "two\n"})
    result = pushed(repository)
    assert was_built(result)
    assert result.outputs["unchanged"] == "false"
    assert "is not used again: it was made of something else." in result.log


def test_a_base_image_that_moved_on_is_taken_by_the_next_build(
    images: ImageRepository, small_base_image: str
) -> None:
    base = f"{images.registry.host}/public/base-{images.folder.parent.name.lower()}:1"
    repository = shown_to_all(ever_new(images, base))
    repository.commit({".dockerignore": "README.md\nbase\n", "README.md": "one\n"})
    repository.commit({"base/Dockerfile": f"FROM {small_base_image}\n"})
    make = {"image": base.rpartition(":")[0].partition("/")[2], "context": "base", "tag": "1", "push": "true"}
    assert repository.build(**make).status == 0
    pushed(repository)
    before = repository.head[:12]
    assert repository.build(labels="new=base", tag_exists="overwrite", **make).status == 0
    repository.commit({"README.md": "two\n"})
    result = pushed(repository)
    assert not was_built(result)
    assert "A base image has a newer version, which the next build takes." in result.summary
    assert layers(repository, repository.head[:12]) == layers(repository, before)
    assert was_built(pushed(repository, force="true"))
    repository.commit({"apt.txt": "git\n"})
    assert was_built(pushed(repository))


def test_where_the_image_cannot_be_read_without_a_login_it_is_built(
    images: ImageRepository, small_base_image: str
) -> None:
    repository = ever_new(images, small_base_image)
    repository.commit({".dockerignore": "README.md\n", "README.md": "one\n"})
    pushed(repository)
    repository.commit({"README.md": "two\n"})
    result = on_pull_request(repository)
    # Which needs an engine, and there is none here.
    assert (result.status, result.outputs["unchanged"]) == (1, "false")
    assert "cannot be read without a login" in result.log
    assert "Docker" in result.said("error")[0]


def test_where_no_registry_answers_it_is_built(repository: ImageRepository) -> None:
    pushed(repository)
    repository.commit({"README.md": "two\n"})
    with FaultProxy(repository.registry.url) as proxy:
        proxy.fail(Reset(), times=1000)
        result = on_pull_request(repository, registry=proxy.host)
    # Which needs an engine, and there is none here.
    assert (result.status, result.outputs["unchanged"]) == (1, "false")
    assert "Whether this image was built before cannot be told." in result.log
    assert "Docker" in result.said("error")[0]
