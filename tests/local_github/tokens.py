"""Users, tokens, and what a token may do in a repository."""

import enum
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field


class Kind(str, enum.Enum):
    """The kinds of token that GitHub gives out and that differ in what they may do."""

    INSTALLATION = "installation"
    PERSONAL = "personal"

    @property
    def prefix(self) -> str:
        """Return how GitHub begins a token of this kind."""
        return "ghs_" if self is Kind.INSTALLATION else "ghp_"


LEVELS = {"none": 0, "read": 1, "write": 2, "admin": 3}
EVERYTHING = dict.fromkeys(
    (
        "contents",
        "pull_requests",
        "issues",
        "workflows",
        "statuses",
        "checks",
        "variables",
        "secrets",
        "actions",
        "administration",
        "organization_secrets",
        "organization_actions_variables",
    ),
    "write",
)


@dataclass(frozen=True)
class User:
    """An account: a person or the bot of an app."""

    id: int
    login: str
    type: str = "User"


@dataclass(frozen=True)
class Token:
    """A token, whose it is and what it may do."""

    value: str = field(repr=False)
    kind: Kind
    user: User
    permissions: Mapping[str, str]
    repositories: frozenset[str] | None

    def covers(self, full_name: str) -> bool:
        """Say whether the repository is one of those that the token was made for."""
        return self.repositories is None or full_name.lower() in self.repositories

    def may(self, full_name: str, permission: str, level: str) -> bool:
        """Say whether the token gives that permission at that level in the repository."""
        granted = "read" if permission == "metadata" else "none"
        granted = self.permissions.get(permission, granted)
        return self.covers(full_name) and LEVELS[granted] >= LEVELS[level]

    @property
    def refusal(self) -> str:
        """Return GitHub's words for "this token may not do that"."""
        owner = "integration" if self.kind is Kind.INSTALLATION else "personal access token"
        return f"Resource not accessible by {owner}"


def new_value(kind: Kind) -> str:
    """Return a fresh token that looks like GitHub's."""
    return kind.prefix + secrets.token_hex(18)
