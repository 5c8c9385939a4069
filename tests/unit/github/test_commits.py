"""Commits and branches are made through the API as git would make them."""

import pytest

from hub_image_actions.errors import GitHubError
from hub_image_actions.github.client import GitHub
from hub_image_actions.github.commits import PROGRAM, Commits
from local_github import LocalGitHub, Repository

NAME = "hubs/image"
MISSING = "ab" * 20


@pytest.fixture
def there(server: LocalGitHub) -> Repository:
    return server.create_repository(NAME, {"README.md": b"# Image\n", "old": b"old\n"})


@pytest.fixture
def commits(github: GitHub, there: Repository) -> Commits:
    return Commits(github, NAME)


def test_a_branch_is_at_its_commit_and_one_that_is_missing_is_at_none(commits: Commits) -> None:
    commit = commits.branch_commit("main")
    assert len(commit) == 40
    assert commits.branch_commit("no/such/branch") == ""


def test_a_commit_on_a_base_keeps_the_other_files(commits: Commits) -> None:
    parent = commits.branch_commit("main")
    _, base = commits.commit_and_tree(parent)
    files = {"run": b"#!/bin/sh\n", "data": b"\xff\x00", "old": None}
    tree = commits.create_tree(files, base=base, modes={"run": PROGRAM})
    commit = commits.create_commit("Change files", tree, [parent])
    assert commits.commit_and_tree(commit) == ("Change files", tree)
    restored = commits.create_tree(
        {"run": None, "data": None, "old": b"old\n"}, base=commits.commit_and_tree(commit)[1]
    )
    assert restored == base


def test_a_tree_without_a_base_holds_its_files_only(commits: Commits) -> None:
    whole = commits.create_tree({"README.md": b"# Image\n", "old": b"old\n"})
    assert whole == commits.commit_and_tree(commits.branch_commit("main"))[1]
    assert commits.create_tree({"README.md": b"# Image\n"}) != whole


def test_modes_make_another_tree(commits: Commits) -> None:
    assert commits.create_tree({"run": b""}) != commits.create_tree({"run": b""}, modes={"run": PROGRAM})


def test_a_branch_is_created_moved_and_deleted(commits: Commits) -> None:
    main = commits.branch_commit("main")
    other = commits.create_commit("Other", commits.create_tree({"a": b"1"}))
    commits.set_branch("some/branch", main, exists=False)
    assert commits.branch_commit("some/branch") == main
    commits.set_branch("some/branch", other, exists=True)
    assert commits.branch_commit("some/branch") == other
    commits.delete_branch("some/branch")
    assert commits.branch_commit("some/branch") == ""
    commits.delete_branch("some/branch")


def test_without_force_a_branch_only_moves_forward(commits: Commits) -> None:
    unrelated = commits.create_commit("Other", commits.create_tree({"a": b"1"}))
    main = commits.branch_commit("main")
    with pytest.raises(GitHubError, match="fast forward"):
        commits.set_branch("main", unrelated, exists=True, force=False)
    assert commits.branch_commit("main") == main


def test_a_branch_that_is_there_already_is_left_where_it_is(commits: Commits) -> None:
    main = commits.branch_commit("main")
    commits.set_branch("main", main, exists=False)
    assert commits.branch_commit("main") == main


def test_what_there_is_no_commit_of_is_an_error(commits: Commits) -> None:
    with pytest.raises(GitHubError):
        commits.commit_and_tree(MISSING)
