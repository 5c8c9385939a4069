"""Distances of tags: which tags are asked for, under which names, and what follows from the answer."""

import json
from collections.abc import Mapping
from datetime import datetime, timezone

import pytest

from hub_image_actions.deployments.deployed import Deployed
from hub_image_actions.errors import ActionError, GitHubError
from hub_image_actions.exchange import Response
from hub_image_actions.fleet.status.answers import StatusHome, StatusOwner
from hub_image_actions.fleet.status.distances import Distances
from hub_image_actions.fleet.status.table import Distance
from hub_image_actions.github.client import GitHub
from hub_image_actions.http import Http
from hub_image_actions.references import ImageName

IMAGE = ImageName("a.org", "user-images/data100")
HOME = StatusHome("o/data100", "main", {})
COMMIT = "511c4637d702"


def comparison(ahead: int = 3) -> Mapping[str, object]:
    messages = ("Merge pull request #7 from a/b\n\nOne", "One again (#7)", "No pull request")
    return {
        "html_url": "https://example.org/compare",
        "ahead_by": ahead,
        "behind_by": 1,
        "base_commit": {"commit": {"committer": {"date": "2026-11-20T05:04:03Z"}}},
        "commits": [{"commit": {"message": message}} for message in messages],
    }


class Repository(Http):
    """Compares the names that it knows, and keeps those that it was asked for."""

    def __init__(self, *known: str, answer: Mapping[str, object] | None = None, status: int = 404) -> None:
        super().__init__()
        self._known = known
        self._answer = answer or comparison()
        self._status = status
        self.asked: list[str] = []

    def request(self, method: str, url: str, **_: object) -> Response:
        base, head = url.rpartition("/")[2].partition("?")[0].split("...")
        assert head == "main"
        self.asked.append(base)
        if base in self._known:
            return Response(200, body=json.dumps(self._answer).encode())
        return Response(self._status, body=b'{"message": "no"}')


def deployed(tag: str, image: ImageName = IMAGE) -> Deployed:
    return Deployed("deployments/data100/a.yaml", 1, "data100", image, tag, "")


def distances(http: Http, home: StatusHome | ActionError = HOME) -> Distances:
    github = GitHub(http, "https://api.example.org", "https://example.org", "")
    return Distances(github, {IMAGE: StatusOwner("o/data100", IMAGE)}, {"o/data100": home})


def distance(http: Http, tag: str) -> Distance:
    return distances(http).calls([deployed(tag)])["o/data100", tag]()


def test_a_tag_on_several_hubs_is_asked_for_once() -> None:
    asked = distances(Repository()).calls([deployed(COMMIT), deployed("2"), deployed(COMMIT)])
    assert set(asked) == {("o/data100", COMMIT), ("o/data100", "2")}


@pytest.mark.parametrize(
    "reference", [deployed(""), deployed(COMMIT, ImageName("a.org", "user-images/other"))]
)
def test_what_has_no_tag_or_no_repository_is_not_asked_for(reference: Deployed) -> None:
    assert distances(Repository()).calls([reference]) == {}


def test_a_repository_that_cannot_be_read_is_not_asked() -> None:
    assert distances(Repository(), ActionError("It is gone.")).calls([deployed(COMMIT)]) == {}


def test_the_answer_tells_the_age_the_commits_and_each_pull_request_once() -> None:
    assert distance(Repository(COMMIT), COMMIT) == Distance(
        committed=datetime(2026, 11, 20, 5, 4, 3, tzinfo=timezone.utc),
        commits=3,
        pull_requests=1,
        undone=1,
        url="https://example.org/compare",
    )


def test_more_commits_than_one_page_lists_are_not_all_counted() -> None:
    assert not distance(Repository(COMMIT, answer=comparison(ahead=4)), COMMIT).counted_all


def test_a_commit_without_a_committer_has_no_age() -> None:
    answer = {**comparison(), "base_commit": {"commit": {"committer": None}}}
    assert distance(Repository(COMMIT, answer=answer), COMMIT).committed is None


@pytest.mark.parametrize(
    ("tag", "asked"),
    [
        (COMMIT, [COMMIT]),
        (f"{COMMIT}-2026-11-23", [COMMIT]),
        ("1.4.0", ["1.4.0", "v1.4.0"]),
        ("v1.4.0", ["v1.4.0"]),
        ("latest", []),
    ],
)
def test_a_tag_is_looked_up_by_the_names_that_it_may_have_in_the_repository(
    tag: str, asked: list[str]
) -> None:
    http = Repository()
    assert distance(http, tag).problem
    assert http.asked == asked


@pytest.mark.parametrize(
    ("tag", "problem"),
    [
        ("1.4.0", "The tag 1.4.0 names no commit of o/data100."),
        ("latest", "The tag latest is neither a commit nor a version of o/data100."),
    ],
)
def test_a_tag_that_leads_nowhere_is_said_to(tag: str, problem: str) -> None:
    assert distance(Repository(), tag) == Distance(problem=problem)


def test_a_failure_of_github_is_not_taken_for_a_tag_that_leads_nowhere() -> None:
    with pytest.raises(GitHubError):
        distance(Repository(status=500), "1.4.0")
