"""A run that has ended: what it was about, by GitHub's word alone."""

from dataclasses import replace
from typing import Any

import pytest

from hub_image_actions.errors import ActionError, GitHubError
from hub_image_actions.github.client import GitHub
from hub_image_actions.github.finished_run import FinishedRun, read_finished_run
from hub_image_actions.github.repository import Repository
from hub_image_actions.github.values import PullRequest

COMMIT = "c" * 40
TOLD: dict[str, Any] = {
    "id": 7,
    "run_attempt": 2,
    "run_number": 3,
    "workflow_id": 4,
    "event": "pull_request",
    "conclusion": "success",
    "html_url": "https://github.com/o/r/actions/runs/7",
    "head_sha": COMMIT,
    "head_branch": "patch",
    "head_repository": {"full_name": "bob/r"},
    "actor": {"login": "bob"},
    "run_started_at": "2026-11-28T14:00:00Z",
    "created_at": "2026-11-28T13:00:00Z",
    "pull_requests": [{"number": 99}],
}
RUN = FinishedRun.from_json(TOLD)


def pull(number: int, repository: str = "bob/r", branch: str = "patch", commit: str = COMMIT) -> PullRequest:
    return PullRequest(
        number=number,
        url="",
        title="",
        body="",
        author="",
        by_app=False,
        branch=branch,
        repository=repository,
        commit=commit,
        is_open=True,
    )


class Pulls(Repository):
    """A repository with open pull requests, which notes what is asked."""

    def __init__(self, *pulls: PullRequest) -> None:
        self.pulls = pulls
        self.asked: list[str] = []

    def open_pull_requests(self, **query: str) -> list[PullRequest]:
        self.asked.append(query["head"])
        return list(self.pulls)


class Runs(GitHub):
    """A GitHub with runs."""

    def __init__(self, *runs: dict[str, Any]) -> None:
        self.runs = runs

    def get(self, path: str, **query: str | int) -> Any:
        assert (path, query["head_sha"]) == ("/repos/o/r/actions/runs", COMMIT)
        return {"workflow_runs": [{**TOLD, **run} for run in self.runs]}


def test_the_event_has_it() -> None:
    assert read_finished_run({"workflow_run": TOLD}) == RUN
    assert (RUN.passed, RUN.is_of_pull_request, RUN.is_dependabots) == (True, True, False)
    assert (RUN.is_of_fork("o/r"), RUN.is_of_fork("bob/r")) == (True, False)


@pytest.mark.parametrize("event", [{}, {"workflow_run": None}, {"workflow_run": 7}, {"pull_request": {}}])
def test_another_event_is_an_error(event: dict[str, Any]) -> None:
    with pytest.raises(ActionError, match="not the end of a run"):
        read_finished_run(event)


@pytest.mark.parametrize("told", [{}, {**TOLD, "id": "x"}, {**TOLD, "head_repository": [1]}])
def test_another_shape_is_an_error_of_githubs(told: dict[str, Any]) -> None:
    with pytest.raises(GitHubError):
        FinishedRun.from_json(told)


def test_what_is_null_is_nothing() -> None:
    gone = FinishedRun.from_json({**TOLD, "head_repository": None, "head_branch": None, "actor": None})
    assert (gone.repository, gone.branch, gone.actor) == ("", "", "")
    assert gone.pull_requests(Pulls(pull(1, ""))) == []


def test_the_pull_request_is_found_by_the_head_and_by_no_number() -> None:
    pulls = Pulls(
        pull(1),
        pull(2, commit="d" * 40),
        pull(3, repository="carol/r"),
        pull(4, repository="bob/other"),
        pull(5, branch="other"),
        pull(6, repository=""),
        pull(99, repository="o/r"),
    )
    assert [found.number for found in RUN.pull_requests(pulls)] == [1]
    assert pulls.asked == ["bob:patch"]


@pytest.mark.parametrize(
    ("other", "is_newer"),
    [
        ({}, False),
        ({"id": 8, "run_number": 4, "run_attempt": 1}, True),
        ({"id": 6, "run_number": 2, "run_attempt": 9}, False),
        ({"run_attempt": 3}, True),
        ({"run_attempt": 1}, False),
        ({"run_number": 4, "workflow_id": 5}, False),
        ({"run_number": 4, "head_branch": "other"}, False),
        ({"run_number": 4, "head_repository": {"full_name": "carol/r"}}, False),
        ({"run_number": 4, "head_repository": None}, False),
    ],
)
def test_a_later_run_of_the_same_is_known(other: dict[str, Any], is_newer: bool) -> None:
    assert RUN.is_superseded(Runs(TOLD, other), "o/r") == is_newer


def test_dependabots_is_known_by_who_began_it() -> None:
    assert replace(RUN, actor="dependabot[bot]").is_dependabots
