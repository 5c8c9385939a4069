"""The branch of a bump, with what git and GitHub would say in their places."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from hub_image_actions.bump.branch import BumpBranch
from hub_image_actions.errors import BranchConflict, PushRefused
from hub_image_actions.git import Checkout, Identity
from hub_image_actions.github.repository import Repository
from hub_image_actions.github.values import Commit, Comparison
from hub_image_actions.references import ImageName

US = Identity("Bot", "bot@example.org")
BRANCH = BumpBranch("update", "staging", ImageName("example.org", "p/image"), US)
MESSAGE = BRANCH.message("update image", ("a.yaml", "b.yaml"))


@dataclass
class Remote:
    """A branch on a server: its commit, the trees of commits, and how pushes end."""

    at: list[str]
    trees: dict[str, str] = field(default_factory=lambda: {"ours": "t", "same": "t", "other": "u"})
    refusals: list[PushRefused] = field(default_factory=list)
    pushed: list[tuple[str, str]] = field(default_factory=list)
    folder: Path = Path()

    def remote_commit(self, branch: str) -> str:
        return self.at.pop(0) if len(self.at) > 1 else self.at[0]

    def tree(self, commit: str) -> str:
        return self.trees[commit]

    remote_tree = tree

    def push(self, commit: str, branch: str, expected: str) -> None:
        self.pushed.append((commit, expected))
        if self.refusals:
            raise self.refusals.pop(0)


@dataclass
class Compared:
    """A repository whose comparison of the branch has these commits."""

    commits: tuple[Commit, ...] = ()
    full_name: str = "o/r"

    def compare(self, base: str, head: str) -> Comparison:
        return Comparison("", len(self.commits), 0, self.commits)


def publish(remote: Remote, *commits: Commit) -> str:
    compared = cast("Repository", Compared(commits))
    return BRANCH.publish(cast("Checkout", remote), compared, "ours", sleep=lambda _: None)


def commit(message: str = MESSAGE, author: str = US.email, committer: str = US.email) -> Commit:
    return Commit("c" * 40, message, author, committer)


def test_a_branch_that_is_not_there_is_made() -> None:
    remote = Remote([""])
    assert publish(remote) == "ours"
    assert remote.pushed == [("ours", "")]


def test_a_branch_with_the_same_tree_stays() -> None:
    remote = Remote(["same"])
    assert publish(remote, commit(author="bo@x.org")) == "same"
    assert remote.pushed == []


def test_a_branch_of_ours_is_replaced_only_if_it_is_what_was_seen() -> None:
    remote = Remote(["other"])
    assert publish(remote, commit()) == "ours"
    assert remote.pushed == [("ours", "other")]


def test_a_branch_without_commits_of_its_own_is_replaced() -> None:
    remote = Remote(["other"])
    assert publish(remote) == "ours"


@pytest.mark.parametrize(
    "foreign",
    [
        commit(author="bo@x.org"),
        commit(committer="noreply@github.com"),
        commit(message="update image"),
        commit(message=MESSAGE.replace("p/image", "p/image-2")),
        commit(message=f"{MESSAGE.strip()} no, not a line of its own"),
    ],
)
def test_what_is_not_ours_is_never_pushed_over(foreign: Commit) -> None:
    remote = Remote(["other"])
    with pytest.raises(BranchConflict):
        publish(remote, commit(), foreign)
    assert remote.pushed == []


def test_after_a_refusal_the_branch_is_looked_at_again() -> None:
    remote = Remote(["", "same"], refusals=[PushRefused("stale info", "", final=False)])
    assert publish(remote) == "same"


@pytest.mark.parametrize(("final", "pushes"), [(True, 1), (False, 4)])
def test_a_refusal_that_stays_is_raised(final: bool, pushes: int) -> None:
    remote = Remote([""], refusals=[PushRefused("no", "", final=final) for _ in range(9)])
    with pytest.raises(PushRefused):
        publish(remote)
    assert len(remote.pushed) == pushes


def test_the_message_names_the_files_and_the_image() -> None:
    assert MESSAGE == "update image\n\n- a.yaml\n- b.yaml\n\nImage: example.org/p/image\n"
