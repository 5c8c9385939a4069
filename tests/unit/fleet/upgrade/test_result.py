"""What became of a repository: for programs, and as its pull request tells a later run."""

import pytest

from hub_image_actions.fleet.migration.configuration import LeftOut
from hub_image_actions.fleet.upgrade.goal import Goal
from hub_image_actions.fleet.upgrade.plan import Migration
from hub_image_actions.fleet.upgrade.result import Listed, Result, note_of
from hub_image_actions.fleet.workflows.pins import Target
from hub_image_actions.github.values import Json

GOAL = Goal("v1.4.0", Target("1.4.0"), {})


def listed(body: str | None = None, **others: object) -> Listed:
    item: Json = {
        "number": 5,
        "body": body,
        "state": "closed",
        "head": {"ref": "x", "sha": "1"},
        "labels": [],
        "merged_at": None,
        **others,
    }
    return Listed.from_json(item)


def test_programs_get_what_is_left_out_and_the_files_in_order() -> None:
    plan = Migration({"b": None, "a": b"1"}, left_out=(LeftOut("a cache", "Why.", "Remedy.", "f", 9),))
    result = Result("o/r", "open", "opened", "canary", 5, "https://x/5", plan=plan, missing=("HUB",))
    assert result.as_json() == {
        "repository": "o/r",
        "wave": "canary",
        "state": "open",
        "status": "opened",
        "pull_request": "https://x/5",
        "build": "",
        "files": ["a", "b"],
        "left_out": [
            {"file": "f", "line": 9, "what": "a cache", "why": "Why.", "remedy": "Remedy."},
        ],
        "missing_variables": ["HUB"],
        "error": "",
    }


def test_a_repository_that_was_not_looked_at_has_no_files() -> None:
    told = Result("o/r", "failed", "failed", error="It is gone.").as_json()
    assert (told["files"], told["left_out"], told["error"]) == ([], [], "It is gone.")


def test_labels_count_whatever_their_case() -> None:
    assert listed(labels=[{"name": "Wave: Canary"}]).labels == {"wave: canary"}


def test_a_pull_request_that_was_not_merged_has_no_time_and_no_commit() -> None:
    assert (listed().merged_at, listed().merge_commit) == ("", "")


@pytest.mark.parametrize(
    ("body", "is_for", "has_plan"),
    [
        (f"Text.\n\n{note_of(GOAL, 'abc')}", True, True),
        (f"Text.\n\n{note_of(GOAL, 'abcd')}", True, False),
        (note_of(Goal("v1.4.0-rc1", GOAL.target, {}), "abc"), False, False),
        ("Brings this repository to v1.4.0.", False, False),
        (None, False, False),
    ],
)
def test_the_hidden_note_tells_the_release_and_the_plan(
    body: str | None, *, is_for: bool, has_plan: bool
) -> None:
    pull = listed(body)
    assert (pull.is_for(GOAL), pull.has_plan(GOAL, "abc")) == (is_for, has_plan)
