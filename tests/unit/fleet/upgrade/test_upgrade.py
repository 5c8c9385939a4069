"""One repository on its way to a release: from its first pull request to the build after the merge."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hub_image_actions.entry import command
from hub_image_actions.errors import GitHubError
from hub_image_actions.fleet.upgrade.goal import Goal
from hub_image_actions.fleet.upgrade.pull_request import BRANCH, GREEN, LABEL
from hub_image_actions.fleet.upgrade.result import Listed, Result
from hub_image_actions.fleet.upgrade.upgrade import Upgrade
from hub_image_actions.fleet.workflows.pins import Target
from hub_image_actions.github.client import GitHub
from local_github import LocalGitHub
from local_github.repository import Repository

NAME, PUSH = "hubs/a-image", ".github/workflows/push.yaml"
GOAL = Goal("v2.1.0", Target("2.1.0", "e" * 40, "hubs/actions"), {"README.md": b""})


def workflow(version: str) -> bytes:
    step = f"      - uses: hubs/actions/build@{version}\n"
    return f"on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n{step}".encode()


class Way:
    """A repository that pins an earlier release, and the upgrades of it."""

    def __init__(self, server: LocalGitHub, github: GitHub) -> None:
        self.server, self.github = server, github
        self.repository: Repository = server.create_repository(NAME, {PUSH: workflow("v1.3.2")})

    def upgrade(self, *, apply: bool = True, with_builds: bool = False, goal: Goal = GOAL) -> Upgrade:
        return Upgrade(self.github, goal, apply=apply, with_builds=with_builds)

    def go(self, *, apply: bool = True, with_builds: bool = False, wave: str = "") -> Result:
        upgrade = self.upgrade(apply=apply, with_builds=with_builds)
        return upgrade.carry_out(NAME, upgrade.newest(NAME), wave)

    def merge(self) -> None:
        self.github.send("PUT", f"/repos/{NAME}/pulls/{self.repository.pulls[0].number}/merge", {})

    def built(self, conclusion: str) -> None:
        self.repository.add_run(PUSH, conclusion=conclusion)


@pytest.fixture
def way(tmp_path: Path) -> Iterator[Way]:
    """A repository that pins an earlier release."""
    with LocalGitHub(tmp_path / "github") as server:
        token = server.create_token("alice", "personal")
        environ = {"GITHUB_SERVER_URL": server.server_url, "GITHUB_TOKEN": token}
        with command.open_http() as http:
            yield Way(server, command.github_from(environ, http))


def test_without_apply_it_waits_and_nothing_is_written(way: Way) -> None:
    result = way.go(apply=False)
    assert (result.state, result.status, result.number) == ("waiting", "would open", 0)
    assert way.repository.pulls == []


def test_one_pull_request_brings_it_there_and_stays_as_it_is(way: Way) -> None:
    first = way.go(wave="canary")
    (pull,) = way.repository.pulls
    assert (first.state, first.status, first.number, first.wave) == ("open", "opened", pull.number, "canary")
    assert way.repository.read(BRANCH, PUSH) == workflow("v2.1.0")
    assert LABEL in {label.name for label in pull.labels}
    again = way.go(wave="canary")
    assert (again.state, again.status, again.url) == ("open", "unchanged", first.url)
    assert len(way.repository.pulls) == 1


def test_one_that_was_closed_is_declined_and_not_opened_again(way: Way) -> None:
    way.go()
    way.repository.pulls[0].state = "closed"
    result = way.go()
    assert (result.state, result.status) == ("declined", "declined: the pull request was closed")
    assert len(way.repository.pulls) == 1


def test_one_that_was_merged_and_undone_is_left_to_people(way: Way) -> None:
    way.go()
    way.merge()
    way.repository.commit({PUSH: workflow("v1.3.2")}, "Undo it")
    result = way.go()
    assert (result.state, result.status) == ("undone", "merged, and undone since")


def test_one_that_is_at_the_release_has_nothing_to_do(way: Way) -> None:
    way.repository.commit({PUSH: workflow("v2.1.0")}, "Move it")
    result = way.go()
    assert (result.state, result.status.partition(":")[0]) == ("current", "nothing to do")


def test_a_pull_request_that_is_not_needed_any_more_can_be_closed(way: Way) -> None:
    way.go()
    way.repository.commit({PUSH: workflow("v2.1.0")}, "Move it")
    result = way.go()
    number = way.repository.pulls[0].number
    assert (result.state, result.number) == ("current", number)
    assert result.status.endswith(f"; #{number} can be closed")


def test_an_empty_repository_has_nothing_to_do(way: Way) -> None:
    way.server.create_repository("hubs/empty")
    result = way.upgrade().carry_out("hubs/empty", None)
    assert (result.state, result.status) == ("current", "nothing to do: it is empty")


@pytest.mark.parametrize(
    ("conclusion", "state", "labeled"), [("success", "green", True), ("failure", "red", False)]
)
def test_after_the_merge_the_build_counts_where_that_is_asked_for(
    way: Way, conclusion: str, state: str, *, labeled: bool
) -> None:
    way.go()
    way.merge()
    assert way.go().state == "current"
    assert way.go(with_builds=True).state == "unbuilt"
    way.built(conclusion)
    assert way.go(with_builds=True).state == state
    assert (GREEN in {label.name for label in way.repository.pulls[0].labels}) is labeled


def test_one_that_was_green_once_is_not_asked_for_again(way: Way) -> None:
    way.go()
    way.merge()
    way.built("success")
    way.go(with_builds=True)
    way.server.calls.clear()
    assert way.go(with_builds=True).status == "merged, and built since"
    assert [call.path for call in way.server.calls] == [f"/repos/{NAME}/pulls"]


def test_without_apply_a_green_one_gets_no_label(way: Way) -> None:
    way.go()
    way.merge()
    way.built("success")
    assert way.go(apply=False, with_builds=True).state == "green"
    assert GREEN not in {label.name for label in way.repository.pulls[0].labels}


@pytest.mark.parametrize(("ref", "merged"), [("v2.1.0", True), ("v2.2.0", False)])
def test_only_a_merge_to_this_very_release_counts(way: Way, ref: str, *, merged: bool) -> None:
    way.go()
    way.merge()
    newest = way.upgrade().newest(NAME)
    assert isinstance(newest, Listed)
    assert way.upgrade(goal=replace(GOAL, ref=ref)).is_merged(newest) is merged
    assert not way.upgrade().is_merged(replace(newest, merged_at=""))


def test_pull_requests_of_others_on_that_branch_are_not_ours(way: Way) -> None:
    way.repository.commit({"a": b"1"}, "Mine", branch=BRANCH)
    way.github.send(
        "POST", f"/repos/{NAME}/pulls", {"title": "Mine", "head": BRANCH, "base": "main", "body": "Mine."}
    )
    assert way.upgrade().newest(NAME) is None


def test_a_repository_that_is_not_seen_is_an_error(way: Way) -> None:
    with pytest.raises(GitHubError):
        way.upgrade().newest("hubs/none")
    with pytest.raises(GitHubError):
        way.upgrade().plan("hubs/none")


def test_a_plan_alone_writes_nothing(way: Way) -> None:
    assert list(way.upgrade().plan(NAME).files) == [PUSH]
    assert way.repository.pulls == []
