"""Issues of a repository; pull requests share their numbers, labels and comments."""

from dataclasses import dataclass, field

from .pulls import Comment, Label
from .repository import Repository, now
from .tokens import User


@dataclass(eq=False)
class Issue:
    """An issue."""

    id: int
    number: int
    user: User
    repository: Repository
    title: str
    body: str | None = None
    state: str = "open"
    state_reason: str | None = None
    labels: list[Label] = field(default_factory=list)
    assignees: list[User] = field(default_factory=list)
    created_at: str = field(default_factory=now)
    updated_at: str = field(default_factory=now)
    closed_at: str | None = None

    @property
    def comments(self) -> list[Comment]:
        """Return the comments, oldest first."""
        return [comment for comment in self.repository.comments if comment.number == self.number]

    def touch(self) -> None:
        """Note that something about it changed."""
        self.updated_at = now()

    def close(self) -> None:
        """Close it."""
        self.state, self.closed_at, self.state_reason = "closed", now(), self.state_reason or "completed"
        self.touch()

    def reopen(self) -> None:
        """Open it again."""
        self.state, self.closed_at, self.state_reason = "open", None, "reopened"
        self.touch()
