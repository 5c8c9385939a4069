"""The pull request of a bump: opened once, kept current, and put in the place of older ones."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus

from hub_image_actions import markdown
from hub_image_actions.errors import GitHubError
from hub_image_actions.github.creation import create_once
from hub_image_actions.github.repository import Repository
from hub_image_actions.github.values import PullRequest
from hub_image_actions.references import ImageName


@dataclass(frozen=True)
class BumpPullRequest:
    """What the pull request is to say, and how ours are told from those of others.

    Args:
        repository: the deployments repository.
        login: the login of the token's user; empty for an app, whose token does not tell.
        image: the image; its name is in the hidden marker.
        branch: the branch that carries the bump.
        base: the branch that it is to be merged into.
        title: the title.
        report: what the reader should know.
        draft: whether it is opened as a draft.
    """

    repository: Repository
    login: str
    image: ImageName
    branch: str
    base: str
    title: str
    report: str
    draft: bool = False

    @property
    def marker(self) -> str:
        """The hidden text that, with the author, marks a bump of this image as ours."""
        return markdown.marker(f"bump {self.image}")

    @property
    def body(self) -> str:
        """The pull request's text."""
        return f"{self.report}\n\n{self.marker}"

    def open(self, warn: Callable[[str], None]) -> PullRequest:
        """Open the pull request, or bring the one that is open for the branch up to date.

        Args:
            warn: told when the open one is not ours, which is then left as it is.

        Raises:
            GitHubError: GitHub does not take it.
        """
        pull = create_once(self._open_one, self._create)
        if not self._is_ours(pull):
            warn(f"{pull.url} was opened by {pull.author} for this branch; its title and text were left.")
        elif (pull.title, _lines(pull.body)) != (self.title, _lines(self.body)):
            pull = self.repository.change_pull_request(pull.number, {"title": self.title, "body": self.body})
        return pull

    def supersede_older(self, current: PullRequest) -> tuple[PullRequest, ...]:
        """Close our older pull requests for this image and delete their branches; return them.

        There are none where the current one is not ours: it does not tell who we are.

        Raises:
            GitHubError: GitHub failed on the way; the next run goes on from there.
        """
        if not self._is_ours(current):
            return ()
        older = tuple(
            pull
            for pull in self.repository.open_pull_requests(base=self.base)
            if pull.number < current.number
            and self._is_marked(pull)
            and pull.author == current.author
            and pull.repository.lower() == self.repository.full_name.lower()
            and pull.branch not in {self.branch, self.base}
        )
        for pull in older:
            marker = markdown.marker("superseded")
            self.repository.issues.comment_once(pull.number, marker, f"Superseded by {current.url}.")
            # Without its branch a pull request is closed: killed in between, nothing is left over.
            self.repository.commits.delete_branch(pull.branch)
            self.repository.change_pull_request(pull.number, {"state": "closed"})
        return older

    def _open_one(self) -> PullRequest | None:
        owner = self.repository.full_name.partition("/")[0]
        pulls = self.repository.open_pull_requests(head=f"{owner}:{self.branch}", base=self.base)
        return next((pull for pull in pulls if pull.branch == self.branch), None)

    def _create(self) -> PullRequest:
        request = {
            "title": self.title,
            "body": self.body,
            "head": self.branch,
            "base": self.base,
            "draft": self.draft,
        }
        return self.repository.open_pull_request(request)

    def _is_ours(self, pull: PullRequest) -> bool:
        by_us = pull.author == self.login if self.login else pull.by_app
        return by_us and self._is_marked(pull)

    def _is_marked(self, pull: PullRequest) -> bool:
        # On a line of its own: the name of a file, of which the text may tell, has but one line.
        return self.marker in map(str.strip, pull.body.splitlines())


def label_and_request(
    repository: Repository,
    pull: PullRequest,
    labels: tuple[str, ...],
    reviewers: tuple[str, ...],
    warn: Callable[[str], None],
) -> None:
    """Add labels and ask for reviews; the pull request is there, so that a failure is a warning only."""
    people = tuple(reviewer for reviewer in reviewers if "/" not in reviewer)
    teams = tuple(reviewer for reviewer in reviewers if "/" in reviewer)
    asks: tuple[tuple[str, tuple[str, ...], Callable[[int, Sequence[str]], None]], ...] = (
        ("labels", labels, repository.issues.add_labels),
        ("reviewers", people, repository.request_reviews),
        ("reviewing teams", teams, repository.request_reviews),
    )
    for what, names, ask in asks:
        refused = _refused(names, partial(ask, pull.number))
        for error, without in refused.items():
            warn(f"The pull request is open, but without the {what} {', '.join(without)}. {error}")


def _refused(names: Sequence[str], ask: Callable[[Sequence[str]], None]) -> dict[str, list[str]]:
    """Ask for all, and where GitHub refuses the list, for each; return what it said of which.

    One name that GitHub does not take, such as the author's among the reviewers, costs the whole list: it
    answers 422 and does nothing.
    """
    if not names:
        return {}
    try:
        ask(names)
    except GitHubError as error:
        if len(names) == 1 or error.status != HTTPStatus.UNPROCESSABLE_ENTITY:
            return {str(error): list(names)}
        refused: dict[str, list[str]] = {}
        for name in names:
            for said, without in _refused([name], ask).items():
                refused.setdefault(said, []).extend(without)
        return refused
    return {}


def _lines(text: str) -> list[str]:
    # GitHub's web page turns line ends into CRLF when somebody edits a text there.
    return text.split() and [line.rstrip() for line in text.strip().splitlines()]
