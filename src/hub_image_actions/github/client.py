"""GitHub's REST API, as far as the actions use it: one client, and the repository that it is asked about.

Source: https://docs.github.com/en/rest.
"""

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from hub_image_actions.errors import GitHubError
from hub_image_actions.github.values import Commit, Comparison, Json, PullRequest, as_described
from hub_image_actions.http import HttpClient, NoAnswer, Response

T = TypeVar("T")
PAGE = 100
_NEXT = re.compile(r'<([^>]+)>;\s*rel="next"')
_CREATE_ATTEMPTS = 3
_STORE_ANOTHER = "The token is wrong or expired: store a new one."
_NO_REPOSITORY = "Check the name, and that the token covers the repository."
_PUSH_REMEDIES: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: _STORE_ANOTHER,
    HTTPStatus.FORBIDDEN: "The token may not push: give it `Contents: read and write` on the repository.",
    HTTPStatus.NOT_FOUND: _NO_REPOSITORY,
}


class GitHub:
    """One GitHub server and one token.

    Args:
        http: what sends the requests.
        api_url: the address of the API, such as ``https://api.github.com``.
        server_url: the address of the server itself, which also speaks git.
        token: who asks; empty for what the public may read.
    """

    def __init__(self, http: HttpClient, api_url: str, server_url: str, token: str) -> None:
        self._http = http
        self._api_url = api_url.rstrip("/")
        self.server_url = server_url.rstrip("/")
        self._token = token

    def repository(self, full_name: str) -> "Repository":
        """Return the repository ``owner/name``; nothing is asked yet."""
        return Repository(self, full_name)

    @as_described()
    def login(self) -> str:
        """Return the login of the token's user; empty for an app's token, which has none."""
        try:
            return str(self.get("/user")["login"])
        except GitHubError as error:
            if error.is_forbidden:
                return ""
            raise

    def get(self, path: str, **query: str | int) -> Any:  # noqa: ANN401  # JSON
        """Return what the API has at a path.

        Raises:
            GitHubError: GitHub answered with an error, or not at all.
        """
        return self._ask("GET", self._url(path, query))[0]

    def download(self, path: str) -> bytes:
        """Return the bytes that the API has at a path or, as for archives, leads to on another host.

        Raises:
            GitHubError: GitHub answered with an error, or not at all.
        """
        url = self._url(path, {})
        response = self._exchange("GET", url, self._headers())
        if response.status >= HTTPStatus.BAD_REQUEST:
            raise _error("GET", url, response)
        return response.body

    def pages(self, path: str, **query: str | int) -> Iterator[Json]:
        """Yield the items of a list, page after page."""
        url = self._url(path, {**query, "per_page": PAGE})
        while url:
            items, response = self._ask("GET", url)
            if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
                raise GitHubError(f"GET {url}", HTTPStatus.OK, "the answer is no list", "Check `api-url`.")
            yield from items
            following = _NEXT.search(response.headers.get("link", ""))
            if following and not following[1].startswith(f"{self._api_url}/"):
                # The token goes where it was meant for, and nowhere else.
                raise GitHubError(
                    f"GET {url}", HTTPStatus.OK, "the next page is elsewhere", "Check `api-url`."
                )
            url = following[1] if following else ""

    def send(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        *,
        idempotent: bool | None = None,
    ) -> Any:  # noqa: ANN401  # JSON
        """Create, change or delete what is at a path, and return the answer.

        Args:
            method: the method.
            path: the path below the API's address.
            body: what is to be sent as JSON.
            idempotent: whether doing it twice is the same as once, where the method does not tell.

        Raises:
            GitHubError: GitHub answered with an error, or not at all; `uncertain` where it may have obeyed.
        """
        return self._ask(method, self._url(path, {}), body, idempotent=idempotent)[0]

    def check_push(self, full_name: str) -> None:
        """Raise if the token may not push to a repository.

        What the API says of permissions is empty for apps; git's own door knows.

        Raises:
            GitHubError: it may not, or there is no such repository.
        """
        url = f"{self.server_url}/{full_name}.git/info/refs?service=git-receive-pack"
        basic = base64.b64encode(f"x-access-token:{self._token}".encode()).decode()
        response = self._exchange("GET", url, {"Authorization": f"Basic {basic}"})
        if response.status >= HTTPStatus.BAD_REQUEST:
            message = response.body.decode(errors="replace").strip() or "it refuses pushes"
            remedy = _PUSH_REMEDIES.get(response.status, "Run again later.")
            raise GitHubError(f"GET {url}", response.status, message, remedy)

    def _url(self, path: str, query: Mapping[str, str | int]) -> str:
        return f"{self._api_url}{path}{'?' * bool(query)}{urlencode(query)}"

    def _headers(self) -> dict[str, str]:
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        return {**headers, "Authorization": f"Bearer {self._token}"} if self._token else headers

    def _ask(
        self,
        method: str,
        url: str,
        body: Mapping[str, object] | None = None,
        *,
        idempotent: bool | None = None,
    ) -> tuple[Any, Response]:
        headers = self._headers()
        content = None if body is None else json.dumps(body).encode()
        if content is not None:
            headers["Content-Type"] = "application/json"
        response = self._exchange(method, url, headers, content, idempotent=idempotent)
        if response.status >= HTTPStatus.BAD_REQUEST:
            raise _error(method, url, response)
        try:
            return (json.loads(response.body) if response.body else None), response
        except (ValueError, RecursionError):
            raise GitHubError(
                f"{method} {url}",
                response.status,
                "the answer is not JSON",
                "Check `api-url`.",
                uncertain=method == "POST",
            ) from None

    def _exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | None = None,
        *,
        idempotent: bool | None = None,
    ) -> Response:
        try:
            return self._http.request(method, url, headers=headers, body=content, idempotent=idempotent)
        except NoAnswer as error:
            raise GitHubError(
                f"{method} {url}", 0, error.reason, error.remedy, uncertain=error.uncertain
            ) from error


def _error(method: str, url: str, response: Response) -> GitHubError:
    try:
        said = json.loads(response.body)
        errors = said.get("errors") or []
        details = [str(detail.get("message", "")) for detail in errors if isinstance(detail, dict)]
        message = ": ".join(filter(None, (str(said.get("message", "")), "; ".join(filter(None, details)))))
    except (ValueError, AttributeError, TypeError, RecursionError):
        message = "the answer is not JSON"
    uncertain = response.status >= HTTPStatus.INTERNAL_SERVER_ERROR and method == "POST"
    return GitHubError(
        f"{method} {url}", response.status, message, _remedy(response, message), uncertain=uncertain
    )


def _remedy(response: Response, message: str) -> str:
    said = message.lower()
    if "rate limit" in said:
        return "Wait until the limit is lifted, then run again."
    if "archived" in said:
        return "Unarchive the repository, or name another."
    needed = response.headers.get("x-accepted-github-permissions", "")
    remedies: dict[int, str] = {
        HTTPStatus.UNAUTHORIZED: _STORE_ANOTHER,
        HTTPStatus.FORBIDDEN: f"The token may not do this: it needs {needed or 'more permissions'}.",
        HTTPStatus.NOT_FOUND: _NO_REPOSITORY,
    }
    return remedies.get(
        response.status, "Run again later." if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR else ""
    )


class Repository:
    """One repository on GitHub."""

    def __init__(self, github: GitHub, full_name: str) -> None:
        self._github = github
        self.full_name = full_name
        self._path = f"/repos/{full_name}"

    @as_described()
    def archived(self) -> bool:
        """Say whether the repository is archived.

        Raises:
            GitHubError: there is no such repository, or the token cannot see it.
        """
        return bool(self._github.get(self._path)["archived"])

    def branch_exists(self, branch: str) -> bool:
        """Say whether there is such a branch."""
        try:
            self._github.get(f"{self._path}/branches/{quote(branch, safe='')}")
        except GitHubError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return False
            raise
        return True

    def check_pull_requests(self, base: str) -> None:
        """Raise if the token may not open pull requests.

        GitHub tells no app what its token may do. So it is asked for the one pull request that cannot be
        opened, from a branch to itself: it looks at the permission first, and at the branches only then.

        Raises:
            GitHubError: the token may not.
        """
        try:
            self._github.send(
                "POST", f"{self._path}/pulls", {"title": "-", "head": base, "base": base}, idempotent=True
            )
        except GitHubError as error:
            if error.is_forbidden:
                remedy = "Give the token `Pull requests: read and write` on the repository."
                raise GitHubError(error.request, error.status, error.message, remedy) from error
            if error.status != HTTPStatus.UNPROCESSABLE_ENTITY:
                raise

    def open_pull_requests(self, **query: str) -> list[PullRequest]:
        """Return the open pull requests, newest first, narrowed down by ``head`` and ``base``."""
        answers = self._github.pages(f"{self._path}/pulls", state="open", **query)
        return [PullRequest.from_json(answer) for answer in answers]

    def pull_request(self, number: int) -> PullRequest:
        """Return a pull request.

        Raises:
            GitHubError: there is none of that number.
        """
        return PullRequest.from_json(self._github.get(f"{self._path}/pulls/{number}"))

    def open_pull_request(self, request: Mapping[str, object]) -> PullRequest:
        """Open a pull request, of which there can be but one for a branch and its base.

        Raises:
            GitHubError: it could not be opened; status 422 where there is one already.
        """
        return PullRequest.from_json(self._github.send("POST", f"{self._path}/pulls", request))

    def change_pull_request(self, number: int, change: Mapping[str, object]) -> PullRequest:
        """Change a pull request's title, body or state."""
        return PullRequest.from_json(self._github.send("PATCH", f"{self._path}/pulls/{number}", change))

    def comments(self, number: int) -> Iterator[Json]:
        """Yield the comments on an issue or pull request, oldest first."""
        return self._github.pages(f"{self._path}/issues/{number}/comments")

    @as_described()
    def comment(self, number: int, body: str) -> Json:
        """Comment on an issue or pull request, and return the comment."""
        answer: Json = self._github.send("POST", f"{self._path}/issues/{number}/comments", {"body": body})
        return answer

    @as_described()
    def change_comment(self, comment: int, body: str) -> Json:
        """Give a comment another text, and return the comment."""
        answer: Json = self._github.send("PATCH", f"{self._path}/issues/comments/{comment}", {"body": body})
        return answer

    def comment_once(self, number: int, marker: str, body: str) -> None:
        """Comment on an issue or pull request, unless there is a comment with the marker already."""

        def find() -> Json | None:
            return next((item for item in self.comments(number) if marker in (item["body"] or "")), None)

        create_once(find, lambda: self.comment(number, f"{body}\n{marker}"))

    @as_described()
    def branch_commit(self, branch: str) -> str:
        """Return the commit that a branch is at; empty where there is no such branch."""
        try:
            answer: Json = self._github.get(f"{self._path}/git/ref/heads/{quote(branch, safe='/')}")
        except GitHubError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return ""
            raise
        return str(answer["object"]["sha"])

    @as_described()
    def commit_and_tree(self, commit: str) -> tuple[str, str]:
        """Return a commit's message and its tree."""
        answer: Json = self._github.get(f"{self._path}/git/commits/{commit}")
        return str(answer["message"]), str(answer["tree"]["sha"])

    @as_described()
    def create_tree(self, files: Mapping[str, str]) -> str:
        """Create a tree that holds these files and no others; return it."""
        entries = [
            {"path": path, "mode": "100644", "type": "blob", "content": text} for path, text in files.items()
        ]
        # Content has one name in git, however often it is created.
        answer: Json = self._github.send(
            "POST", f"{self._path}/git/trees", {"tree": entries}, idempotent=True
        )
        return str(answer["sha"])

    @as_described()
    def create_commit(self, message: str, tree: str) -> str:
        """Create a commit without parents; return it."""
        request = {"message": message, "tree": tree, "parents": []}
        answer: Json = self._github.send("POST", f"{self._path}/git/commits", request, idempotent=True)
        return str(answer["sha"])

    def set_branch(self, branch: str, commit: str, *, exists: bool) -> None:
        """Have a branch be at a commit, whatever it was at before."""
        if exists:
            path = f"{self._path}/git/refs/heads/{quote(branch, safe='/')}"
            self._github.send("PATCH", path, {"sha": commit, "force": True})
            return
        request = {"ref": f"refs/heads/{branch}", "sha": commit}
        create_once(
            lambda: self.branch_commit(branch) or None,
            lambda: str(self._github.send("POST", f"{self._path}/git/refs", request)["ref"]),
        )

    @as_described()
    def default_branch_commits(self) -> list[str]:
        """Return the newest commits of the default branch, the newest first."""
        answers: list[Json] = self._github.get(f"{self._path}/commits", per_page=30)
        return [str(answer["sha"]) for answer in answers]

    def add_labels(self, number: int, labels: Sequence[str]) -> None:
        """Add labels to an issue or pull request."""
        self._github.send(
            "POST", f"{self._path}/issues/{number}/labels", {"labels": list(labels)}, idempotent=True
        )

    def request_reviews(self, number: int, reviewers: Sequence[str]) -> None:
        """Ask people, and teams written as ``organisation/team``, for a review."""
        people = [reviewer for reviewer in reviewers if "/" not in reviewer]
        teams = [reviewer.rpartition("/")[2] for reviewer in reviewers if "/" in reviewer]
        request = {"reviewers": people, "team_reviewers": teams}
        wanted = {key: names for key, names in request.items() if names}
        self._github.send("POST", f"{self._path}/pulls/{number}/requested_reviewers", wanted, idempotent=True)

    def delete_branch(self, branch: str) -> None:
        """Delete a branch; one that is gone already is as well."""
        try:
            self._github.send("DELETE", f"{self._path}/git/refs/heads/{quote(branch, safe='/')}")
        except GitHubError as error:
            # GitHub answers 422 "Reference does not exist".
            if error.status not in {HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY}:
                raise

    def compare_url(self, base: str, head: str) -> str:
        """Return the page on which somebody can open a pull request."""
        names = f"{quote(base, safe='/')}...{quote(head, safe='/')}"
        return f"{self._github.server_url}/{self.full_name}/compare/{names}?expand=1"

    @as_described()
    def compare(self, base: str, head: str) -> Comparison:
        """Return what `head` has that `base` has not, at most the newest 250 commits.

        Raises:
            GitHubError: one of the two is not there.
        """
        names = f"{quote(base, safe='')}...{quote(head, safe='')}"
        answer = self._github.get(f"{self._path}/compare/{names}")
        commits = tuple(
            Commit(
                item["sha"],
                item["commit"]["message"],
                (item["commit"]["author"] or {}).get("email", ""),
                (item["commit"]["committer"] or {}).get("email", ""),
            )
            for item in answer["commits"]
        )
        return Comparison(answer["html_url"], answer["ahead_by"], answer["behind_by"], commits)


def create_once(find: Callable[[], T | None], create: Callable[[], T]) -> T:
    """Return what `find` finds or `create` creates, and never create it twice.

    After an answer that leaves open whether it was created, it is looked for again before another try.

    Raises:
        GitHubError: it was neither found nor could it be created.
    """
    for attempt in range(1, _CREATE_ATTEMPTS + 1):
        if (found := find()) is not None:
            return found
        try:
            return create()
        except GitHubError as error:
            already = error.status == HTTPStatus.UNPROCESSABLE_ENTITY and "already exists" in error.message
            if attempt == _CREATE_ATTEMPTS or not (error.uncertain or already):
                raise
    raise AssertionError("the loop returns or raises")
