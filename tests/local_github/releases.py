"""Releases of a repository."""

from dataclasses import dataclass, field

from .repository import now
from .tokens import User


@dataclass(eq=False)
class Release:
    """A release; a draft has no tag yet."""

    id: int
    tag: str
    target: str
    author: User
    name: str | None = None
    body: str | None = None
    draft: bool = False
    prerelease: bool = False
    latest: bool = True
    created_at: str = field(default_factory=now)
    published_at: str | None = None
