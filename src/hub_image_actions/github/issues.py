"""What people read below an issue or pull request: comments and labels.

Source: https://docs.github.com/en/rest/issues. To the API, every pull request is an issue as well.
"""

from collections.abc import Iterator, Sequence

from hub_image_actions.github.client import GitHub
from hub_image_actions.github.creation import create_once
from hub_image_actions.github.values import Json, as_described


class Issues:
    """The issues and pull requests of a repository, as far as they are talked about.

    Args:
        github: who asks.
        full_name: the repository, ``owner/name``.
    """

    def __init__(self, github: GitHub, full_name: str) -> None:
        self._github = github
        self._path = f"/repos/{full_name}/issues"

    # https://docs.github.com/en/rest/issues/comments#list-issue-comments
    def comments(self, number: int) -> Iterator[Json]:
        """Yield the comments on an issue or pull request, oldest first."""
        return self._github.pages(f"{self._path}/{number}/comments")

    # https://docs.github.com/en/rest/issues/comments#create-an-issue-comment
    @as_described()
    def comment(self, number: int, body: str) -> Json:
        """Comment on an issue or pull request, and return the comment."""
        answer: Json = self._github.send("POST", f"{self._path}/{number}/comments", {"body": body})
        return answer

    # https://docs.github.com/en/rest/issues/comments#update-an-issue-comment
    @as_described()
    def change_comment(self, comment: int, body: str) -> Json:
        """Give a comment another text, and return the comment."""
        answer: Json = self._github.send("PATCH", f"{self._path}/comments/{comment}", {"body": body})
        return answer

    def comment_once(self, number: int, marker: str, body: str) -> None:
        """Comment on an issue or pull request, unless there is a comment with the marker already."""

        def find() -> Json | None:
            return next((item for item in self.comments(number) if marker in (item["body"] or "")), None)

        create_once(find, lambda: self.comment(number, f"{body}\n{marker}"))

    # https://docs.github.com/en/rest/issues/labels#add-labels-to-an-issue
    def add_labels(self, number: int, labels: Sequence[str]) -> None:
        """Add labels to an issue or pull request."""
        self._github.send("POST", f"{self._path}/{number}/labels", {"labels": list(labels)}, idempotent=True)
