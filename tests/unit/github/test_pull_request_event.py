"""Which pull request a workflow runs for, told by each event that can start it."""

from pathlib import Path

import pytest

from hub_image_actions.errors import ActionError
from hub_image_actions.github.pull_request_event import find_pull_request, pull_request_number, read_event
from hub_image_actions.github.repository import Repository
from hub_image_actions.github.values import PullRequest


class Answers(Repository):
    """A repository that knows pull request 7, by its number and by its head."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def pull_request(self, number: int) -> PullRequest:
        self.asked.append(f"number {number}")
        return _pull(number)

    def open_pull_requests(self, **query: str) -> list[PullRequest]:
        self.asked.append(query["head"])
        return [_pull(7)] if query["head"] == "mallory:patch" else []


def _pull(number: int) -> PullRequest:
    return PullRequest(
        number=number,
        url="",
        title="",
        body="",
        author="",
        by_app=False,
        branch="patch",
        repository="mallory/x",
        commit="c" * 40,
        is_open=True,
    )


FORK_RUN = {"head_repository": {"owner": {"login": "mallory"}}, "head_branch": "patch", "pull_requests": []}


@pytest.mark.parametrize(
    ("event", "number"),
    [
        ({}, 0),
        ({"pull_request": {"number": 3}}, 3),
        ({"workflow_run": {"pull_requests": [{"number": 4}]}}, 4),
        ({"workflow_run": FORK_RUN}, 0),
        ({"workflow_run": None, "pull_request": None}, 0),
    ],
)
def test_the_number_is_read_where_the_event_has_it(event: dict[str, object], number: int) -> None:
    assert pull_request_number(event) == number


def test_a_fork_is_found_by_its_branch() -> None:
    repository = Answers()
    assert find_pull_request({"workflow_run": FORK_RUN}, repository).number == 7
    assert repository.asked == ["mallory:patch"]


def test_a_number_that_is_given_goes_before_the_event() -> None:
    assert find_pull_request({"workflow_run": FORK_RUN}, Answers(), 9).number == 9


def test_an_event_about_no_pull_request_is_an_error_that_names_the_events() -> None:
    with pytest.raises(ActionError, match="pull_request_target"):
        find_pull_request({"push": {}}, Answers())


def test_without_an_event_there_is_nothing_to_read(tmp_path: Path) -> None:
    assert read_event("") == read_event(str(tmp_path / "missing")) == {}
