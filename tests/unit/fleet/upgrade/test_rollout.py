"""Rollouts: the order in which repositories are gone through, and the text of the tracking issue."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest

from hub_image_actions.errors import ActionError
from hub_image_actions.fleet.upgrade.goal import Goal
from hub_image_actions.fleet.upgrade.result import Listed, Result
from hub_image_actions.fleet.upgrade.rollout import Rollout
from hub_image_actions.fleet.upgrade.tracking import RolloutReport, WaveReport, marker_of
from hub_image_actions.fleet.upgrade.waves import State, Verdict
from hub_image_actions.fleet.workflows.pins import OURS, Target
from hub_image_actions.github.values import PullRequest

SERVER = "https://github.com"
PULL = PullRequest(7, f"{SERVER}/o/a/pull/7", "", "", "bot", True, "b", "o/a", "c" * 40, is_open=True)
OPEN = Listed(PULL, frozenset(), "", "")
MERGED = replace(OPEN, pull=replace(PULL, is_open=False), merged_at="2026-01-01T00:00:00Z")


class Upgrading:
    """Notes what is asked, and answers what it was told to."""

    def __init__(self, newest: dict[str, Listed | None], states: dict[str, State]) -> None:
        self.asked: list[str] = []
        self._newest = newest
        self._states = states

    def newest(self, full_name: str) -> Listed | None:
        """Returns the pull request of a repository that is known."""
        self.asked.append(f"newest {full_name}")
        if full_name not in self._newest:
            raise ActionError(f"{full_name} is not there.")
        return self._newest[full_name]

    def is_merged(self, newest: Listed | None) -> bool:
        """Says whether it is merged."""
        return bool(newest and newest.merged_at)

    def carry_out(self, full_name: str, newest: Listed | None, wave: str = "") -> Result:
        """Returns the state of a repository, or fails."""
        self.asked.append(f"carry out {full_name}")
        if full_name not in self._states:
            raise ActionError(f"{full_name} is archived.")
        return Result(full_name, self._states[full_name], "", wave)


def progress(names: Sequence[str], label: Callable[[str], str]) -> Iterator[str]:
    """Yields the names."""
    return iter(names)


def test_what_fails_in_one_repository_is_in_its_result() -> None:
    upgrading = Upgrading({"o/a": None, "o/b": None}, {"o/b": "open"})
    results = Rollout(upgrading, progress).at_once(["o/a", "o/x", "o/b"])
    assert [(one.state, one.error) for one in results] == [
        ("failed", "o/a is archived."),
        ("failed", "o/x is not there."),
        ("open", ""),
    ]


def test_what_is_merged_is_looked_at_before_anything_is_begun() -> None:
    upgrading = Upgrading({"o/a": None, "o/b": MERGED}, {"o/a": "open", "o/b": "green"})
    results = Rollout(upgrading, progress).wave("canary", ["o/a", "o/b"])
    assert upgrading.asked == ["newest o/a", "newest o/b", "carry out o/b", "carry out o/a"]
    assert [(one.repository, one.wave) for one in results] == [("o/a", "canary"), ("o/b", "canary")]


@pytest.mark.parametrize("state", ["red", "undone"])
def test_nothing_is_begun_beside_one_that_is_red_or_undone(state: State) -> None:
    newest = {"o/a": None, "o/b": MERGED, "o/c": OPEN}
    upgrading = Upgrading(newest, {"o/b": state})
    results = Rollout(upgrading, progress).wave("canary", ["o/a", "o/b", "o/c"])
    assert "carry out o/a" not in upgrading.asked
    assert [one.state for one in results] == ["waiting", state, "open"]
    assert results[2].number == PULL.number


def test_one_whose_pull_request_cannot_be_asked_for_does_not_end_a_wave() -> None:
    results = Rollout(Upgrading({"o/b": None}, {"o/b": "open"}), progress).wave("w", ["o/x", "o/b"])
    assert [one.state for one in results] == ["failed", "open"]


# The tracking issue -----------------------------------------------------------------------------------------


def report(*results: Result, state: str = "open") -> RolloutReport:
    """Returns a report of one wave."""
    wave = WaveReport("canary", Verdict(state, "why"), results)  # type: ignore[arg-type]  # parametrised
    return RolloutReport("v1.4.0", SERVER, (wave,), {"canary": [one.repository for one in results[:2]]})


def test_the_issue_has_a_row_for_each_wave_and_repository() -> None:
    body = report(Result("o/a", "red", "failed", "canary", 7, f"{SERVER}/o/a/pull/7", f"{SERVER}/run")).body()
    assert "| canary | **open** | why |" in body
    assert (
        f"| [`o/a`]({SERVER}/o/a) | canary | [#7]({SERVER}/o/a/pull/7) | failed | [build]({SERVER}/run) |"
        in body
    )
    assert marker_of("v1.4.0") in body
    assert '<!-- waves {"canary": ["o/a"]} -->' in body


def test_what_a_run_did_is_not_in_the_issue_so_that_the_next_run_leaves_it() -> None:
    opened, unchanged = (
        Result("o/a", "open", status, "canary", 7, "u") for status in ("opened", "unchanged")
    )
    assert report(opened).body() == report(unchanged).body()


def test_an_error_is_shown_as_it_is_written() -> None:
    body = report(Result("o/a", "failed", "failed", "canary", error="no | <b>x</b> @everybody")).body()
    assert "<b>" not in body
    assert "@everybody" not in body


def test_a_thousand_repositories_fit_and_those_to_look_at_come_first() -> None:
    many = [
        Result(f"berkeley-dsep-infra/image-{number}-user-image", "waiting", "waits", "canary")
        for number in range(1000)
    ]
    body = report(*many, Result("o/z", "red", "failed", "canary")).body()
    assert len(body) < 65_536
    rows = [line for line in body.splitlines() if line.startswith("| [`")]
    assert rows[0].startswith("| [`o/z`]")
    assert f"… and {1001 - len(rows)} more." in body
    assert body.endswith(marker_of("v1.4.0"))


@pytest.mark.parametrize(("state", "done"), [("done", True), ("open", False), ("stopped", False)])
def test_a_rollout_is_done_when_every_wave_is(state: str, done: bool) -> None:
    assert report(state=state).is_done == done


# The release ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"uses: {OURS}/build@v0\n", f"uses: {OURS}/build@main\n"),
        (f"uses: {OURS}/build@v0.0\n", f"uses: {OURS}/build@main\n"),
        (f"uses: {OURS}@v0.0.0\n", f"uses: {OURS}@main\n"),
        ("uses: actions/checkout@v0\n", "uses: actions/checkout@v0\n"),
    ],
)
def test_a_trial_pins_its_branch(before: str, after: str) -> None:
    assert Goal("main", Target("0.0.0", "e" * 40), {}).pinned(before) == after


def test_a_release_leaves_pins_as_they_were_planned() -> None:
    assert Goal("v1.4.0", Target("1.4.0"), {}).pinned(f"{OURS}/build@v0") == f"{OURS}/build@v0"
