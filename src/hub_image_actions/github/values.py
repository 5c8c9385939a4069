"""What GitHub says of pull requests, commits and comparisons, and the shape that its answers must have."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from hub_image_actions.errors import GitHubError

Json = dict[str, Any]


@contextmanager
def as_described() -> Iterator[None]:
    """Turn what goes wrong with an answer of another shape than GitHub describes into an error of GitHub's.

    Raises:
        GitHubError: the answer has another shape.
    """
    try:
        yield
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        raise GitHubError(
            "The request",
            HTTPStatus.OK,
            "the answer has another shape than GitHub describes",
            "Check `api-url`: something else than GitHub, or something in between, answers there.",
        ) from error


@dataclass(frozen=True)
class RepositoryDescription:
    """What matters of a repository.

    Args:
        full_name: its name now, ``owner/name``: who asks by an older one is led here.
        archived: whether it is read-only.
        default_branch: its default branch.
    """

    full_name: str
    archived: bool
    default_branch: str


@dataclass(frozen=True)
class PullRequest:
    """What matters of a pull request."""

    number: int
    url: str
    title: str
    body: str
    author: str
    by_app: bool
    branch: str
    repository: str
    commit: str
    is_open: bool

    @classmethod
    @as_described()
    def from_json(cls, answer: Json) -> "PullRequest":
        """Return the pull request that an answer describes."""
        # Null stands for a user whose account is gone, and for a fork that is.
        user, head = answer.get("user") or {}, answer["head"]
        return cls(
            number=answer["number"],
            url=answer.get("html_url") or "",
            title=answer.get("title") or "",
            body=answer.get("body") or "",
            author=user.get("login") or "",
            by_app=user.get("type") == "Bot",
            branch=head["ref"],
            repository=(head.get("repo") or {}).get("full_name") or "",
            commit=head["sha"],
            is_open=answer["state"] == "open",
        )


@dataclass(frozen=True)
class Commit:
    """What matters of a commit in a comparison."""

    sha: str
    message: str
    author_email: str
    committer_email: str


@dataclass(frozen=True)
class Comparison:
    """What a commit has that another has not."""

    url: str
    ahead_by: int
    behind_by: int
    commits: tuple[Commit, ...]
