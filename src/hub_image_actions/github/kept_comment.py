"""The one comment that an action keeps current on a pull request."""

from dataclasses import dataclass

from hub_image_actions.github.creation import create_once
from hub_image_actions.github.issues import Issues
from hub_image_actions.github.values import Json, as_described


@dataclass(frozen=True)
class Comment:
    """A comment that is there."""

    id: int
    url: str


@dataclass(frozen=True)
class KeptComment:
    """A comment, found again by a hidden marker and its author.

    Args:
        issues: the comments of the pull request's repository.
        number: the pull request.
        marker: the hidden text that tells this comment from our others.
        login: the login of the token's user; empty for an app, whose token does not tell.
    """

    issues: Issues
    number: int
    marker: str
    login: str

    @as_described()
    def keep(self, body: str) -> Comment:
        """Write the comment or bring it up to date.

        Raises:
            GitHubError: the token may not comment, or GitHub failed.
        """
        text = f"{body}\n\n{self.marker}"
        comment = create_once(self._find, lambda: self.issues.comment(self.number, text))
        if comment["body"] != text:
            comment = self.issues.change_comment(comment["id"], text)
        return Comment(comment["id"], comment["html_url"])

    def _find(self) -> Json | None:
        return next((item for item in self.issues.comments(self.number) if self._is_ours(item)), None)

    def _is_ours(self, comment: Json) -> bool:
        user = comment["user"] or {}
        by_us = user.get("login") == self.login if self.login else user.get("type") == "Bot"
        # At the end, where nothing stands but what we put there: a test's output may quote any marker.
        return by_us and (comment["body"] or "").rstrip().endswith(self.marker)
