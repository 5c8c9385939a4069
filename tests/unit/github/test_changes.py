"""What changed in an image between two tags, as far as the image's repository tells."""

import json

import pytest

from hub_image_actions.errors import GitHubError
from hub_image_actions.exchange import Response
from hub_image_actions.github.changes import image_changes
from hub_image_actions.github.client import GitHub
from hub_image_actions.github.repository import Repository
from hub_image_actions.http import Http

OLD, NEW = "511c4637d702", "0dda39451de7"
COMPARISON = {
    "html_url": "https://example.org/compare",
    "ahead_by": 2,
    "behind_by": 1,
    "commits": [
        {
            "sha": "1",
            "commit": {"message": "Merge pull request #7 from a/b\n\nOne", "author": None, "committer": None},
        },
        {"sha": "2", "commit": {"message": "One again (#7)", "author": {"email": "a"}, "committer": {}}},
    ],
}


class Same(Http):
    """Gives one answer to everything and keeps the addresses."""

    def __init__(self, status: int, body: object) -> None:
        super().__init__()
        self.answer = Response(status, body=json.dumps(body).encode())
        self.urls: list[str] = []

    def request(self, method: str, url: str, **_: object) -> Response:
        self.urls.append(url.rpartition("/")[2])
        return self.answer


def repository(http: Http) -> Repository:
    return Repository(GitHub(http, "https://api.example.org", "https://example.org", ""), "o/image")


def test_a_pull_request_that_several_commits_name_is_listed_once() -> None:
    (change,) = image_changes(repository(Same(200, COMPARISON)), (OLD,), NEW)
    assert (change.old, change.commits, change.undone) == (OLD, 2, 1)
    assert [pull.number for pull in change.merged] == [7]


@pytest.mark.parametrize(
    ("old_tags", "new", "asked"),
    [
        ((OLD,), NEW, [f"{OLD}...{NEW}"]),
        (("PLACEHOLDER", "v1.2", OLD), NEW, [f"{OLD}...{NEW}"]),
        ((OLD,), "v2", []),
        (("1111111", "2222222", "3333333", "4444444"), NEW, [f"{tag * 7}...{NEW}" for tag in "123"]),
    ],
)
def test_only_tags_that_look_like_commits_are_compared(
    old_tags: tuple[str, ...], new: str, asked: list[str]
) -> None:
    http = Same(200, COMPARISON)
    image_changes(repository(http), old_tags, new)
    assert http.urls == asked


@pytest.mark.parametrize("status", [403, 404, 422])
def test_a_comparison_that_there_is_not_is_left_out(status: int) -> None:
    assert image_changes(repository(Same(status, {"message": "no"})), (OLD,), NEW) == ()


def test_a_failure_of_github_is_not_taken_for_a_missing_commit() -> None:
    with pytest.raises(GitHubError):
        image_changes(repository(Same(500, {"message": "no"})), (OLD,), NEW)


def test_a_rate_limit_is_not_taken_for_a_missing_commit() -> None:
    with pytest.raises(GitHubError):
        image_changes(repository(Same(403, {"message": "API rate limit exceeded"})), (OLD,), NEW)


def test_images_that_were_built_anew_are_compared_by_their_commits() -> None:
    http = Same(200, COMPARISON)
    repository = Repository(GitHub(http, "https://api", "https://server", "t"), "o/r")
    (change,) = image_changes(repository, (f"{OLD}-2026-11-23",), f"{NEW}-2026-11-24-2")
    assert change.old == f"{OLD}-2026-11-23"
    assert f"{OLD}...{NEW}" in http.urls[0]
