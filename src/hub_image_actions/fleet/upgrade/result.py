"""What became of one repository in an upgrade."""

from dataclasses import dataclass

from hub_image_actions.fleet.upgrade.goal import Goal
from hub_image_actions.fleet.upgrade.plan import Migration
from hub_image_actions.fleet.upgrade.waves import State
from hub_image_actions.github.values import Json, PullRequest


@dataclass(frozen=True)
class Result:
    """What a repository has come to.

    Args:
        repository: its full name.
        state: its state, as waves count it.
        status: the same for people, in a few words.
        wave: the wave that it is in.
        number: its pull request; 0 where there is none.
        url: the pull request's address.
        build: the address of the build that is waited for, or failed.
        plan: what is to be changed; None where it was not looked at.
        missing: the variables that the new workflows need and that are not set.
        error: why it could not be done.
    """

    repository: str
    state: State
    status: str
    wave: str = ""
    number: int = 0
    url: str = ""
    build: str = ""
    plan: Migration | None = None
    missing: tuple[str, ...] = ()
    error: str = ""

    def as_json(self) -> dict[str, object]:
        """Return the result for programs."""
        left = self.plan.left_out if self.plan else ()
        return {
            "repository": self.repository,
            "wave": self.wave,
            "state": self.state,
            "status": self.status,
            "pull_request": self.url,
            "build": self.build,
            "files": sorted(self.plan.files) if self.plan else [],
            "left_out": [
                {"file": one.file, "line": one.line, "what": one.what, "why": one.why, "remedy": one.remedy}
                for one in left
            ],
            "missing_variables": list(self.missing),
            "error": self.error,
        }


@dataclass(frozen=True)
class Listed:
    """The newest pull request of an upgrade, as GitHub lists it."""

    pull: PullRequest
    labels: frozenset[str]
    merged_at: str
    merge_commit: str

    @classmethod
    def from_json(cls, item: Json) -> "Listed":
        """Return what an answer says."""
        labels = frozenset(str(label["name"]).lower() for label in item["labels"])
        merge = item.get("merge_commit_sha") or ""
        return cls(PullRequest.from_json(item), labels, item["merged_at"] or "", merge)

    def is_for(self, goal: Goal) -> bool:
        """Say whether it brought the repository to this very release."""
        return f"<!-- to {goal.ref}, plan " in self.pull.body

    def has_plan(self, goal: Goal, plan: str) -> bool:
        """Say whether it proposes these very changes."""
        return note_of(goal, plan) in self.pull.body


def note_of(goal: Goal, plan: str) -> str:
    """Return the hidden line by which a later run sees that nothing has changed."""
    return f"<!-- to {goal.ref}, plan {plan} -->"
