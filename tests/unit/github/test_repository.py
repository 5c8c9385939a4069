"""What a repository says of itself, its branches and its pull requests."""

import pytest

from hub_image_actions.errors import GitHubError
from hub_image_actions.github.client import GitHub
from hub_image_actions.github.repository import Repository
from hub_image_actions.http import Http
from local_github import LocalGitHub
from local_github import Repository as LocalRepository

NAME = "hubs/data100-user-image"
REQUEST = {"title": "b", "head": "feature", "base": "main"}


@pytest.fixture
def ours(github: GitHub, repository: LocalRepository) -> Repository:
    repository.commit({"b": b"2"}, "Add b", "feature")
    return Repository(github, NAME)


@pytest.mark.parametrize("archived", [False, True])
def test_a_repository_says_whether_it_is_archived(
    ours: Repository, repository: LocalRepository, archived: bool
) -> None:
    repository.archived = archived
    assert ours.described().archived is archived


def test_a_repository_that_is_not_there_is_an_error(github: GitHub, repository: LocalRepository) -> None:
    with pytest.raises(GitHubError) as raised:
        Repository(github, "hubs/none").described()
    assert raised.value.is_not_found


@pytest.mark.parametrize(("branch", "exists"), [("main", True), ("feature", True), ("a/b", False)])
def test_a_branch_is_there_or_not(ours: Repository, branch: str, exists: bool) -> None:
    assert ours.branch_exists(branch) is exists


def test_a_pull_request_is_opened_listed_and_changed(ours: Repository) -> None:
    pull = ours.open_pull_request(REQUEST)
    assert ours.pull_request(pull.number) == pull
    assert ours.open_pull_requests(base="main") == [pull]
    assert ours.change_pull_request(pull.number, {"title": "c"}).title == "c"
    assert not ours.change_pull_request(pull.number, {"state": "closed"}).is_open
    assert ours.open_pull_requests(base="main") == []


def test_of_two_pull_requests_for_a_branch_the_second_is_refused(ours: Repository) -> None:
    ours.open_pull_request(REQUEST)
    with pytest.raises(GitHubError) as raised:
        ours.open_pull_request(REQUEST)
    assert raised.value.status == 422


def test_who_may_open_pull_requests_passes_and_opens_none(ours: Repository) -> None:
    ours.check_pull_requests("main")
    assert ours.open_pull_requests() == []


def test_who_may_not_is_told_the_permission(server: LocalGitHub, ours: Repository) -> None:
    token = server.create_token(
        login="github-actions[bot]",
        kind="installation",
        permissions={"contents": "write"},
        repositories=[NAME],
    )
    with Http() as http:
        limited = Repository(GitHub(http, server.api_url, server.server_url, token), NAME)
        with pytest.raises(GitHubError, match="Pull requests: read and write"):
            limited.check_pull_requests("main")


def test_a_comparison_names_the_commits_that_the_base_has_not(
    ours: Repository, repository: LocalRepository
) -> None:
    comparison = ours.compare("main", "feature")
    assert (comparison.ahead_by, comparison.behind_by) == (1, 0)
    assert [commit.sha for commit in comparison.commits] == [repository.branches()["feature"]]
    assert ours.compare("feature", "main").commits == ()


def test_the_default_branchs_newest_commit_comes_first(ours: Repository, repository: LocalRepository) -> None:
    first = repository.branches()["main"]
    second = repository.commit({"c": b"3"}, "Add c")
    assert ours.default_branch_commits() == [second, first]


def test_the_page_of_a_comparison_keeps_slashes_and_quotes_the_rest(
    ours: Repository, server: LocalGitHub
) -> None:
    assert ours.compare_url("main", "bump/a b") == (
        f"{server.server_url}/{NAME}/compare/main...bump/a%20b?expand=1"
    )


def test_the_paths_that_a_pull_request_changes_are_those_before_and_after(
    ours: Repository, repository: LocalRepository
) -> None:
    repository.commit({"docs/index.md": None, "moved.md": "text\n"}, "Move it", "feature")
    pull = ours.open_pull_request(REQUEST)
    assert set(ours.changed_paths(pull.number)) == {"b", "docs/index.md", "moved.md"}
