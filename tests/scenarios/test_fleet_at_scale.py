"""A change for a whole fleet, within the limits that GitHub sets."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hub_image_actions.entry.command import open_http
from hub_image_actions.fleet.upgrade.goal import goal_of
from hub_image_actions.fleet.upgrade.rollout import Rollout
from hub_image_actions.fleet.upgrade.upgrade import Upgrade
from hub_image_actions.fleet.workflows.pins import OURS, Style
from hub_image_actions.github.client import GitHub
from hub_image_actions.github.pace import Pace, PacedHttp
from hub_image_actions.github.proposal import Proposal, propose
from hub_image_actions.github.snapshot import repositories_of, snapshot
from local_github import LocalGitHub, archives
from local_github.git import git
from local_github.repository import Content, Repository
from scenarios.upgrades import TAG, pinned, template

REPOSITORIES = 15
CALLS_AN_HOUR = 100
PROPOSAL = Proposal(
    branch="hub-image-actions/workflows",
    title="Pin the workflows",
    body="They are pinned now.",
    marker="<!-- hub-image-actions workflows -->",
    files={".github/workflows/build.yaml": b"on: pull_request\n"},
)


class Time:
    """Passes only by sleeping, for both sides."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def server(tmp_path: Path, time: Time) -> Iterator[LocalGitHub]:
    folder = tmp_path / "github"
    with LocalGitHub(folder, rate_limit=CALLS_AN_HOUR, secondary_limits=True, clock=time) as running:
        for number in range(REPOSITORIES):
            name = f"hubs/course-{number:02}-user-image"
            running.create_repository(name, {".github/workflows/build.yaml": "on: push\n"}, topics=["image"])
        yield running
        assert running.problems == []


@pytest.fixture
def change(server: LocalGitHub, time: Time) -> Iterator[Callable[[], list[str]]]:
    """Proposes the change to every repository and returns what became of it."""
    token = server.create_token("alice", "personal")
    with open_http() as http:
        paced = PacedHttp(http, Pace(sleep=time.sleep, clock=time))
        github = GitHub(paced, server.api_url, server.server_url, token)

        def run() -> list[str]:
            names = repositories_of(github, "hubs", "image")
            return [propose(github, snapshot(github, name), PROPOSAL, apply=True).status for name in names]

        yield run


def test_a_fleet_is_changed_at_githubs_pace_and_no_call_is_refused(
    server: LocalGitHub, change: Callable[[], list[str]], time: Time
) -> None:
    started = time()
    assert change() == ["opened"] * REPOSITORIES
    assert {len(one.pulls) for one in server.repositories.values()} == {1}
    assert {call.status for call in server.calls} <= {200, 201, 302, 404}
    assert server.secondary.refused == 0
    # More calls were needed than one hour gives.
    assert time() - started > 3600


def test_a_second_run_reads_and_writes_nothing(server: LocalGitHub, change: Callable[[], list[str]]) -> None:
    change()
    server.calls.clear()
    assert change() == ["unchanged"] * REPOSITORIES
    assert {call.method for call in server.calls} == {"GET"}
    calls = sum(call.template != "codeload" for call in server.calls) - 1
    assert calls == 5 * REPOSITORIES


def test_a_run_that_broke_off_in_the_middle_is_finished_by_the_next(
    server: LocalGitHub, change: Callable[[], list[str]]
) -> None:
    server.faults.add("status", "POST", "/repos/{owner}/{repo}/pulls", call=8, status=403, message="no")
    with pytest.raises(Exception, match="no"):
        change()
    assert change() == ["unchanged"] * 7 + ["opened"] * (REPOSITORIES - 7)
    assert {len(one.pulls) for one in server.repositories.values()} == {1}


# A thousand image repositories ------------------------------------------------------------------------------

FLEET, BEHIND = 1000, 10


@pytest.fixture
def fleet(tmp_path: Path, time: Time, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalGitHub]:
    """A thousand image repositories, of which some are behind the release, at GitHub's own limits."""
    with LocalGitHub(tmp_path / "github", secondary_limits=True, clock=time) as running:
        files: dict[str, Content] = {f"template/{path}": content for path, content in template().items()}
        actions = running.create_repository(OURS, files=files)
        git(actions.git_dir, "tag", TAG, "main")
        for number in range(BEHIND):
            running.create_repository(f"hubs/image-{number:03}", files=dict(pinned(Style.RELEASE)))
        current = running.create_repository("hubs/current", files=dict(pinned(Style.RELEASE, "1.4.0")))
        # They share what is on disk: a git repository for each would take a minute to make.
        for number in range(BEHIND, FLEET):
            own = replace(current, id=running.next_id(), name=f"image-{number:03}", pulls=[], labels={})
            running.repositories[own.full_name.lower()] = own
        commit, archive = current.commit_sha("main"), archives.tarball(current, "main")
        given, packed = Repository.commit_sha, archives.tarball
        monkeypatch.setattr(
            Repository,
            "commit_sha",
            lambda self, name: commit if self.git_dir == current.git_dir else given(self, name),
        )
        monkeypatch.setattr(
            archives, "tarball", lambda one, sha: archive if sha == commit else packed(one, sha)
        )
        yield running
        assert running.problems == []


def test_a_thousand_repositories_are_upgraded_within_githubs_limits(fleet: LocalGitHub, time: Time) -> None:
    token = fleet.create_token("alice", "personal")
    names = [f"hubs/image-{number:03}" for number in range(FLEET)]
    with open_http() as http:
        paced = PacedHttp(http, Pace(sleep=time.sleep, clock=time))
        github = GitHub(paced, fleet.api_url, fleet.server_url, token)
        upgrade = Upgrade(github, goal_of(github, TAG), apply=True, with_builds=False)
        results = Rollout(upgrade, lambda items, _: iter(items)).at_once(names)
    assert Counter(result.state for result in results) == {"open": BEHIND, "current": FLEET - BEHIND}
    asked = Counter(call.path.split("/")[3] for call in fleet.calls if call.template != "codeload")
    assert {asked[f"image-{number:03}"] for number in range(BEHIND, FLEET)} == {3}
    assert sum(asked.values()) < 5000
    assert {call.status for call in fleet.calls} <= {200, 201, 302, 404}
    assert fleet.secondary.refused == 0
