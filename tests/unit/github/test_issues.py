"""Comments and labels of issues and pull requests."""

import pytest

from hub_image_actions.github.client import GitHub
from hub_image_actions.github.issues import Issues
from hub_image_actions.github.repository import Repository
from local_github import LocalGitHub
from local_github import Repository as LocalRepository

NAME = "hubs/data100-user-image"
MARKER = "<!-- ours -->"


@pytest.fixture
def number(github: GitHub, repository: LocalRepository) -> int:
    repository.commit({"b": b"2"}, "b", "feature")
    request = {"title": "b", "head": "feature", "base": "main"}
    return Repository(github, NAME).open_pull_request(request).number


@pytest.fixture
def issues(github: GitHub) -> Issues:
    return Issues(github, NAME)


def bodies(issues: Issues, number: int) -> list[str]:
    return [comment["body"] for comment in issues.comments(number)]


def test_comments_come_oldest_first_and_can_be_changed(issues: Issues, number: int) -> None:
    first = issues.comment(number, "one")
    issues.comment(number, "two")
    assert issues.change_comment(first["id"], "changed")["body"] == "changed"
    assert bodies(issues, number) == ["changed", "two"]


def test_a_comment_with_a_marker_is_written_once(issues: Issues, number: int) -> None:
    issues.comment(number, "somebody's")
    issues.comment_once(number, MARKER, "Superseded.")
    issues.comment_once(number, MARKER, "Superseded by another.")
    assert bodies(issues, number) == ["somebody's", f"Superseded.\n{MARKER}"]


def test_labels_are_added_to_those_that_are_there(
    issues: Issues, number: int, github: GitHub, server: LocalGitHub
) -> None:
    issues.add_labels(number, ["bump"])
    issues.add_labels(number, ["hub", "bump"])
    labels = github.get(f"/repos/{NAME}/issues/{number}/labels")
    assert {label["name"] for label in labels} == {"bump", "hub"}
