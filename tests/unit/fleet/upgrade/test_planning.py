"""For which repositories one plan is enough, and what a plan asks of GitHub."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from hub_image_actions.errors import GitHubError
from hub_image_actions.exchange import Response
from hub_image_actions.fleet.upgrade.goal import Goal
from hub_image_actions.fleet.upgrade.planning import Plans
from hub_image_actions.fleet.workflows.pins import OURS, Target
from hub_image_actions.github.client import GitHub
from hub_image_actions.github.snapshot import Snapshot
from hub_image_actions.http import Http
from unit import fleet_variants as field

PUSH = ".github/workflows/push.yaml"
GOAL = Goal("v2.1.0", Target("2.1.0", "e" * 40), {"README.md": b""})
PINNED = Snapshot(
    "o/a-image",
    "main",
    "c" * 40,
    private=False,
    archived=False,
    files={PUSH: f"on: push\njobs:\n  a:\n    steps:\n      - uses: {OURS}/build@v1.3.2\n".encode()},
)
COMMIT = "d" * 40


class Tags(Http):
    """Has these tags in every repository, and keeps what it was asked."""

    def __init__(self, *names: str, status: int = 200) -> None:
        super().__init__()
        tags = [{"name": name, "commit": {"sha": COMMIT}} for name in names]
        self.answer = Response(status, body=json.dumps(tags if status == 200 else {"message": "no"}).encode())
        self.asked: list[str] = []

    def request(self, method: str, url: str, **_: object) -> Response:
        self.asked.append(url.removeprefix("https://api.example.org"))
        return self.answer


def plans(http: Http | None = None, goal: Goal = GOAL) -> Plans:
    return Plans(GitHub(http or Tags(), "https://api.example.org", "https://example.org", ""), goal)


def of_kind(name: str) -> Snapshot:
    """Returns a repository of a kind that is to be migrated."""
    made = field.variant(name)
    return replace(PINNED, full_name=made.repository, files=made.files)


@pytest.mark.parametrize(
    ("full_name", "more", "same"),
    [
        ("o/b-image", {}, True),
        ("o/b-image", {"environment.yml/x": b"1", "README.md": b"2"}, True),
        ("o/base-b-image", {}, False),
        ("o/b", {}, False),
        ("o/b-image", {".github/dependabot.yml": b"version: 2\n"}, False),
        ("o/b-image", {".yamllint": b""}, False),
    ],
)
def test_one_plan_is_made_for_all_that_hold_the_same_workflows(
    full_name: str, more: dict[str, bytes], *, same: bool
) -> None:
    subject = plans()
    other = replace(PINNED, full_name=full_name, files={**PINNED.files, **more})
    assert (subject.plan(other) is subject.plan(PINNED)) is same


def test_a_plan_moves_the_pins_to_the_release() -> None:
    http = Tags()
    plan = plans(http).plan(PINNED)
    assert (plan.files[PUSH] or b"").decode().count(f"{OURS}/build@v2.1.0") == 1
    assert http.asked == []


def test_a_trial_pins_its_branch_in_files_and_in_what_is_told_of_them() -> None:
    trial = Goal("fix-it", Target("0.0.0", "e" * 40), GOAL.template)
    plan = plans(goal=trial).plan(PINNED)
    assert f"{OURS}/build@fix-it".encode() in (plan.files[PUSH] or b"")
    assert [change.after for change in plan.changes if "fix-it" in change.after] != []
    assert not [change.after for change in plan.changes if "0.0.0" in change.after]


@pytest.fixture(scope="module")
def release() -> Goal:
    """The release with the whole template."""
    folder = Path(__file__).parents[4] / "template"
    files = (path for path in folder.rglob("*") if path.is_file())
    return replace(GOAL, template={path.relative_to(folder).as_posix(): path.read_bytes() for path in files})


def written(http: Http, goal: Goal) -> str:
    """Returns the new workflow of a repository that uses an action of others at a version that can move."""
    plan = plans(http, goal).plan(of_kind("version tags"))
    return (plan.files[".github/workflows/build-push-open-pr.yaml"] or b"").decode()


def test_an_action_of_others_is_pinned_at_the_release_that_it_is(release: Goal) -> None:
    http = Tags("v3", "v3.0.1", "latest")
    assert f"uses: {field.SLACK}@{COMMIT} # v3.0.1" in written(http, release)
    assert http.asked == [f"/repos/{field.SLACK}/tags?per_page=100"]


@pytest.mark.parametrize("http", [Tags(status=404), Tags("v2"), Tags()])
def test_one_of_which_the_release_is_not_known_stays_as_it_is(release: Goal, http: Http) -> None:
    assert f"uses: {field.SLACK}@v3\n" in written(http, release)


def test_a_release_is_asked_for_once_for_all_repositories(release: Goal) -> None:
    http = Tags("v3")
    subject = plans(http, release)
    repository = of_kind("version tags")
    other = replace(repository, files={**repository.files, ".github/more": b""})
    assert subject.plan(repository) is not subject.plan(other)
    assert len(http.asked) == 1


def test_another_failure_of_github_is_an_error(release: Goal) -> None:
    with pytest.raises(GitHubError):
        written(Tags(status=403), release)
