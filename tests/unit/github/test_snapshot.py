"""Repositories as they are at one commit, and the lists of them."""

import pytest

from hub_image_actions.errors import GitHubError
from hub_image_actions.github import archives
from hub_image_actions.github.client import GitHub
from hub_image_actions.github.snapshot import EmptyRepository, Snapshot, repositories_of, snapshot
from local_github import LocalGitHub, Repository

NAME = "hubs/data100-user-image"
COMMIT = "ab" * 20


@pytest.mark.parametrize("private", [False, True])
def test_a_snapshot_takes_two_calls_of_the_api(
    github: GitHub, server: LocalGitHub, repository: Repository, private: bool
) -> None:
    repository.private = private
    there = snapshot(github, NAME)
    assert server.counts() == {
        "GET /repos/{owner}/{repo}": 1,
        "GET /repos/{owner}/{repo}/tarball/{ref}": 1,
        "GET codeload": 1,
    }
    assert (there.commit, there.private) == (repository.branches()["main"], private)
    assert dict(there.files) == {
        "README.md": b"# Data 100\n",
        "start": b"#!/bin/sh\n",
        "docs/index.md": b"text\n",
        ".github/workflows/build.yaml": b"on: push\n",
    }
    assert (set(there.programs), set(there.left_out)) == ({"start"}, {"link"})


def test_a_snapshot_is_of_the_default_branch_even_if_a_tag_has_its_name(
    github: GitHub, repository: Repository
) -> None:
    repository.update_ref("refs/tags/main", repository.branches()["main"])
    sha = repository.commit({"more": "x"})
    assert snapshot(github, NAME).commit == sha


def test_a_snapshot_has_the_name_that_github_writes(github: GitHub, repository: Repository) -> None:
    assert snapshot(github, NAME.upper()).full_name == NAME


def test_a_file_of_more_than_a_mebibyte_is_left_out(github: GitHub, repository: Repository) -> None:
    repository.commit({"small": b"0" * archives.LARGEST_FILE, "large": b"0" * (archives.LARGEST_FILE + 1)})
    there = snapshot(github, NAME)
    assert ("small" in there.files, set(there.left_out)) == (True, {"link", "large"})


def test_a_repository_without_commits_has_no_snapshot(github: GitHub, server: LocalGitHub) -> None:
    server.create_repository("hubs/empty")
    with pytest.raises(EmptyRepository, match="hubs/empty has no commit on its default branch 'main'"):
        snapshot(github, "hubs/empty")


def test_a_repository_that_is_not_there_is_an_error(github: GitHub) -> None:
    with pytest.raises(GitHubError, match="Check the name"):
        snapshot(github, "hubs/none")


def test_a_snapshot_does_not_print_its_files() -> None:
    assert "secret" not in repr(Snapshot("o/r", "main", COMMIT, False, False, {"a": b"secret"}))


def test_repositories_of_an_owner_come_sorted_and_without_archived_ones(
    github: GitHub, server: LocalGitHub, repository: Repository
) -> None:
    server.create_repository("hubs/Biology", topics=["hub-image"])
    server.create_repository("hubs/zoo")
    server.create_repository("hubs/old", archived=True, topics=["hub-image"])
    assert repositories_of(github, "hubs") == ("hubs/Biology", NAME, "hubs/zoo")
    assert repositories_of(github, "hubs", "Hub-Image") == ("hubs/Biology", NAME)


def test_repositories_of_a_person_are_found(github: GitHub, server: LocalGitHub) -> None:
    server.create_user("bob")
    server.create_repository("bob/image")
    assert repositories_of(github, "bob") == ("bob/image",)


def test_an_owner_who_is_not_there_is_an_error(github: GitHub) -> None:
    with pytest.raises(GitHubError, match="404"):
        repositories_of(github, "nobody")
