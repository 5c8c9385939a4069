"""What changed in an image between two of its tags, where tags are commits of its repository."""

import re
from dataclasses import dataclass
from http import HTTPStatus

from hub_image_actions.errors import GitHubError
from hub_image_actions.github.repository import Repository
from hub_image_actions.references import commit_of

_MERGE = re.compile(r"Merge pull request #(?P<number>\d+) from \S+(?:\s+(?P<title>\S[^\n]*))?")
_SQUASH = re.compile(r"(?P<title>[^\n]+?) \(#(?P<number>\d+)\)(?:\n|$)")
_MOST_COMPARISONS = 3


@dataclass(frozen=True)
class MergedPullRequest:
    """A pull request as the commit that merged it names it."""

    number: int
    title: str


@dataclass(frozen=True)
class ImageChange:
    """The way from one tag to another.

    Args:
        old: the tag that hubs are at now.
        url: the page that shows the comparison.
        commits: how many commits the new tag has that the old one has not.
        undone: how many commits the old tag has that the new one has not.
        merged: the pull requests merged between the two, oldest first.
    """

    old: str
    url: str
    commits: int
    undone: int
    merged: tuple[MergedPullRequest, ...]


def image_changes(repository: Repository, old_tags: tuple[str, ...], new: str) -> tuple[ImageChange, ...]:
    """Return what changed from each old tag; from tags that are no commits of the repository, nothing.

    Args:
        repository: the image's own repository.
        old_tags: the tags that hubs are at now; the first few that look like commits are compared.
        new: the tag that they move to.

    Raises:
        GitHubError: GitHub failed otherwise than by not knowing a commit.
    """
    comparable = [old for old in old_tags if commit_of(old)] if commit_of(new) else []
    changes = [_change(repository, old, new) for old in comparable[:_MOST_COMPARISONS]]
    return tuple(change for change in changes if change)


def merged_pull_request(message: str) -> MergedPullRequest | None:
    """Return the pull request that a commit's message says it merged."""
    match = _MERGE.match(message) or _SQUASH.match(message)
    return MergedPullRequest(int(match["number"]), (match["title"] or "").strip()) if match else None


def _change(repository: Repository, old: str, new: str) -> ImageChange | None:
    try:
        comparison = repository.compare(commit_of(old), commit_of(new))
    except GitHubError as error:
        # Withheld: a private repository, or a tag that is not a commit. 422: no common history.
        if error.is_withheld or error.status == HTTPStatus.UNPROCESSABLE_ENTITY:
            return None
        raise
    pulls = (merged_pull_request(commit.message) for commit in comparison.commits)
    merged = {pull.number: pull for pull in pulls if pull}
    return ImageChange(old, comparison.url, comparison.ahead_by, comparison.behind_by, tuple(merged.values()))
