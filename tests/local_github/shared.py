"""Secrets and variables of Actions: a repository's own, and those that an organisation shares."""

from dataclasses import dataclass, field

from .repository import Repository, now


@dataclass(eq=False)
class Shared:
    """A secret or variable of an organisation, and which repositories see it."""

    name: str
    visibility: str = "all"
    repositories: set[int] = field(default_factory=set)
    value: str = ""
    created_at: str = field(default_factory=now)
    updated_at: str = field(default_factory=now)

    def seen_by(self, repository: Repository) -> bool:
        """Say whether a repository of the organisation sees it."""
        return (
            self.visibility == "all"
            or (self.visibility == "private" and repository.private)
            or (self.visibility == "selected" and repository.id in self.repositories)
        )


@dataclass(eq=False)
class Organisation:
    """What an organisation shares with its repositories, by upper-case names."""

    secrets: dict[str, Shared] = field(default_factory=dict)
    variables: dict[str, Shared] = field(default_factory=dict)
