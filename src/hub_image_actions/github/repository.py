"""One repository on GitHub: what it is, its pull requests, and what lies between two commits."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from urllib.parse import quote

from hub_image_actions.errors import GitHubError
from hub_image_actions.github.client import GitHub
from hub_image_actions.github.commits import Commits
from hub_image_actions.github.issues import Issues
from hub_image_actions.github.values import (
    Commit,
    Comparison,
    Json,
    PullRequest,
    RepositoryDescription,
    as_described,
)

# Of one pull request. Source: https://docs.github.com/en/rest/pulls/pulls#list-pull-requests-files
MOST_LISTED = 3000


class Repository:
    """One repository on GitHub; nothing is asked before it has to be.

    Args:
        github: who asks.
        full_name: the repository, ``owner/name``.

    Attributes:
        commits: its commits and branches.
        issues: comments and labels of its issues and pull requests.
    """

    def __init__(self, github: GitHub, full_name: str) -> None:
        self.full_name = full_name
        self.commits = Commits(github, full_name)
        self.issues = Issues(github, full_name)
        self._github = github
        self._path = f"/repos/{full_name}"

    # https://docs.github.com/en/rest/repos/repos#get-a-repository
    @as_described()
    def described(self) -> RepositoryDescription:
        """Return what GitHub says of the repository; a name that it had before is answered with its new one.

        Raises:
            GitHubError: there is no such repository, or the token cannot see it.
        """
        answer: Json = self._github.get(self._path)
        return RepositoryDescription(
            str(answer["full_name"]), bool(answer["archived"]), str(answer["default_branch"])
        )

    # https://docs.github.com/en/rest/branches/branches#get-a-branch
    def branch_exists(self, branch: str) -> bool:
        """Say whether there is such a branch."""
        try:
            self._github.get(f"{self._path}/branches/{quote(branch, safe='')}")
        except GitHubError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return False
            raise
        return True

    # https://docs.github.com/en/rest/pulls/pulls#create-a-pull-request
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

    # https://docs.github.com/en/rest/pulls/pulls#list-pull-requests
    def open_pull_requests(self, **query: str) -> list[PullRequest]:
        """Return the open pull requests, newest first, narrowed down by ``head`` and ``base``."""
        answers = self._github.pages(f"{self._path}/pulls", state="open", **query)
        return [PullRequest.from_json(answer) for answer in answers]

    # https://docs.github.com/en/rest/pulls/pulls#get-a-pull-request
    def pull_request(self, number: int) -> PullRequest:
        """Return a pull request.

        Raises:
            GitHubError: there is none of that number.
        """
        return PullRequest.from_json(self._github.get(f"{self._path}/pulls/{number}"))

    # https://docs.github.com/en/rest/pulls/pulls#list-pull-requests-files
    @as_described()
    def changed_paths(self, number: int) -> list[str]:
        """Return the paths that a pull request changes, those that files had before among them.

        GitHub tells those of the first `MOST_LISTED` files.
        """
        answers = self._github.pages(f"{self._path}/pulls/{number}/files")
        return [
            str(path)
            for answer in answers
            for path in (answer["filename"], answer.get("previous_filename"))
            if path
        ]

    # https://docs.github.com/en/rest/pulls/pulls#create-a-pull-request
    def open_pull_request(self, request: Mapping[str, object]) -> PullRequest:
        """Open a pull request, of which there can be but one for a branch and its base.

        Raises:
            GitHubError: it could not be opened; status 422 where there is one already.
        """
        return PullRequest.from_json(self._github.send("POST", f"{self._path}/pulls", request))

    # https://docs.github.com/en/rest/pulls/pulls#update-a-pull-request
    def change_pull_request(self, number: int, change: Mapping[str, object]) -> PullRequest:
        """Change a pull request's title, body or state."""
        return PullRequest.from_json(self._github.send("PATCH", f"{self._path}/pulls/{number}", change))

    # https://docs.github.com/en/rest/commits/commits#list-commits
    @as_described()
    def default_branch_commits(self) -> list[str]:
        """Return the newest commits of the default branch, the newest first."""
        answers: list[Json] = self._github.get(f"{self._path}/commits", per_page=30)
        return [str(answer["sha"]) for answer in answers]

    # https://docs.github.com/en/rest/pulls/review-requests#request-reviewers-for-a-pull-request
    def request_reviews(self, number: int, reviewers: Sequence[str]) -> None:
        """Ask people, and teams written as ``organisation/team``, for a review."""
        people = [reviewer for reviewer in reviewers if "/" not in reviewer]
        teams = [reviewer.rpartition("/")[2] for reviewer in reviewers if "/" in reviewer]
        request = {"reviewers": people, "team_reviewers": teams}
        wanted = {key: names for key, names in request.items() if names}
        self._github.send("POST", f"{self._path}/pulls/{number}/requested_reviewers", wanted, idempotent=True)

    def compare_url(self, base: str, head: str) -> str:
        """Return the page on which somebody can open a pull request."""
        names = f"{quote(base, safe='/')}...{quote(head, safe='/')}"
        return f"{self._github.server_url}/{self.full_name}/compare/{names}?expand=1"

    # https://docs.github.com/en/rest/commits/commits#compare-two-commits
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
