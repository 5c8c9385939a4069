"""The client of GitHub's API, with answers in place of GitHub."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from hub_image_actions.errors import GitHubError
from hub_image_actions.exchange import Headers, NoAnswer, Response
from hub_image_actions.github.client import GitHub
from hub_image_actions.github.creation import create_once
from hub_image_actions.github.repository import Repository
from hub_image_actions.http import Http

Answer = Response | NoAnswer
API = "https://api.example.org"
TOKEN = "ghs_secret"


def answer(status: int, body: Any = None, **headers: str) -> Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(
        status, Headers({name.replace("_", "-"): text for name, text in headers.items()}), content
    )


class Answers(Http):
    """Gives prepared answers and keeps what was asked."""

    def __init__(self, *answers: Answer) -> None:
        super().__init__()
        self.answers = list(answers)
        self.asked: list[tuple[str, str, Any, bool | None]] = []

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] = {},
        body: bytes | None = None,
        retry: bool = True,
        idempotent: bool | None = None,
    ) -> Response:
        self.asked.append((method, url, json.loads(body) if body else None, idempotent))
        given = self.answers.pop(0)
        if isinstance(given, NoAnswer):
            raise given
        return given


def repository(*answers: Answer) -> tuple[Repository, Answers]:
    http = Answers(*answers)
    return Repository(GitHub(http, API, "https://example.org", TOKEN), "o/r"), http


def test_every_page_of_a_list_is_asked_for() -> None:
    following = f'<{API}/next?page=2>; rel="next", <{API}/last>; rel="last"'
    http = Answers(answer(200, [{"n": 1}], Link=following), answer(200, [{"n": 2}]))
    items = list(GitHub(http, API, "", TOKEN).pages("/x", state="open"))
    assert items == [{"n": 1}, {"n": 2}]
    assert [url for _, url, _, _ in http.asked] == [f"{API}/x?state=open&per_page=100", f"{API}/next?page=2"]


def test_an_error_carries_what_github_said_and_never_the_token() -> None:
    body = {"message": "Validation Failed", "errors": [{"message": "body is too long"}, "other"]}
    with pytest.raises(GitHubError) as caught:
        GitHub(Answers(answer(422, body)), API, "", TOKEN).get("/x")
    assert str(caught.value) == f"GET {API}/x answered 422: Validation Failed: body is too long."
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("status", [200, 201, 500, 502])
def test_an_answer_that_is_no_json_is_an_error(status: int) -> None:
    with pytest.raises(GitHubError, match="not JSON"):
        GitHub(Answers(answer(status, b"<html>")), API, "", TOKEN).get("/x")


@pytest.mark.parametrize(
    ("status", "message", "remedy"),
    [
        (401, "Bad credentials", "store a new one"),
        (403, "Resource not accessible by integration", "needs contents=write"),
        (403, "API rate limit exceeded", "Wait until the limit is lifted"),
        (403, "Repository was archived so is read-only.", "Unarchive"),
        (404, "Not Found", "token covers the repository"),
        (503, "Unavailable", "Run again later"),
    ],
)
def test_an_error_says_what_to_do(status: int, message: str, remedy: str) -> None:
    given = answer(status, {"message": message}, X_Accepted_GitHub_Permissions="contents=write")
    with pytest.raises(GitHubError) as caught:
        GitHub(Answers(given), API, "", TOKEN).get("/x")
    assert remedy in caught.value.remedy


@pytest.mark.parametrize(
    ("given", "login"),
    [
        (answer(200, {"login": "alice"}), "alice"),
        (answer(403, {"message": "Resource not accessible by integration"}), ""),
    ],
)
def test_a_person_has_a_login_and_an_app_has_none(given: Response, login: str) -> None:
    assert GitHub(Answers(given), API, "", TOKEN).login() == login


def test_a_rate_limit_does_not_make_a_person_an_app() -> None:
    given = answer(403, {"message": "You have exceeded a secondary rate limit."})
    with pytest.raises(GitHubError):
        GitHub(Answers(given), API, "", TOKEN).login()


def test_people_and_teams_are_asked_apart() -> None:
    deployments, http = repository(answer(201, {}))
    deployments.request_reviews(3, ["alice", "berkeley-dsep-infra/datahub-admins", "bob"])
    (method, url, body, _) = http.asked[0]
    assert (method, url) == ("POST", f"{API}/repos/o/r/pulls/3/requested_reviewers")
    assert body == {"reviewers": ["alice", "bob"], "team_reviewers": ["datahub-admins"]}


def test_without_teams_none_are_asked() -> None:
    deployments, http = repository(answer(201, {}))
    deployments.request_reviews(3, ["alice"])
    assert http.asked[0][2] == {"reviewers": ["alice"]}


@pytest.mark.parametrize("status", [204, 404, 422])
def test_a_branch_that_is_gone_is_deleted(status: int) -> None:
    deployments, http = repository(answer(status, b"" if status == 204 else {"message": "gone"}))
    deployments.commits.delete_branch("a/b c#d")
    assert http.asked[0][1] == f"{API}/repos/o/r/git/refs/heads/a/b%20c%23d"


def test_a_branch_that_may_not_be_deleted_is_an_error() -> None:
    deployments, _ = repository(answer(403, {"message": "no"}))
    with pytest.raises(GitHubError):
        deployments.commits.delete_branch("a")


def test_names_are_quoted_in_addresses() -> None:
    deployments, http = repository(answer(404, {"message": "Branch not found"}))
    assert not deployments.branch_exists("a/b?c")
    assert http.asked[0][1] == f"{API}/repos/o/r/branches/a%2Fb%3Fc"


def test_the_page_that_opens_a_pull_request() -> None:
    url = repository()[0].compare_url("staging", "a/b#c")
    assert url == "https://example.org/o/r/compare/staging...a/b%23c?expand=1"


def test_a_comment_with_the_marker_is_not_written_again() -> None:
    deployments, http = repository(answer(200, [{"body": None}, {"body": "x <!-- m -->"}]))
    deployments.issues.comment_once(1, "<!-- m -->", "x")
    assert [method for method, *_ in http.asked] == ["GET"]


def test_a_comment_whose_answer_was_lost_is_looked_for() -> None:
    lost = NoAnswer("POST x", "the connection was reset", uncertain=True)
    deployments, http = repository(answer(200, []), lost, answer(200, [{"body": "x\n<!-- m -->"}]))
    deployments.issues.comment_once(1, "<!-- m -->", "x")
    assert [method for method, *_ in http.asked] == ["GET", "POST", "GET"]


@pytest.mark.parametrize("status", [400, 403, 404, 422])
def test_what_is_refused_is_not_tried_again(status: int) -> None:
    tried: list[int] = []

    def create() -> str:
        tried.append(status)
        raise GitHubError("POST x", status, "no")

    with pytest.raises(GitHubError):
        create_once(lambda: None, create)
    assert len(tried) == 1


def test_what_exists_already_is_looked_for_again() -> None:
    found: list[str | None] = [None, "it"]

    def create() -> str:
        raise GitHubError("POST x", 422, "A pull request already exists for o:b")

    assert create_once(lambda: found.pop(0), create) == "it"


def test_what_stays_uncertain_is_an_error_in_the_end() -> None:
    def create() -> str:
        raise GitHubError("POST x", 502, "Bad Gateway", uncertain=True)

    find: Callable[[], str | None] = lambda: None  # noqa: E731  # typed
    with pytest.raises(GitHubError):
        create_once(find, create)


@pytest.mark.parametrize("status", [201, 422])
def test_a_token_that_may_open_pull_requests_is_told_by_another_refusal(status: int) -> None:
    deployments, http = repository(answer(status, {"message": "No commits between a and a"}))
    deployments.check_pull_requests("a")
    assert http.asked[0][2] == {"title": "-", "head": "a", "base": "a"}


def test_a_token_that_may_not_open_pull_requests_is_an_error_with_the_permission() -> None:
    deployments, _ = repository(answer(403, {"message": "Resource not accessible by integration"}))
    with pytest.raises(GitHubError, match="`Pull requests: read and write`"):
        deployments.check_pull_requests("a")
