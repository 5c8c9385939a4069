"""A run that is killed, and the one after it."""

from pathlib import Path

import pytest

from scenarios.deployments import Deployments
from scenarios.test_a_bump import NORMAL_RUN


@pytest.mark.parametrize("number", range(1, len(NORMAL_RUN) + 1))
def test_after_a_kill_at_any_call_the_next_run_ends_as_if_nothing_had_been(
    deployments: Deployments, number: int
) -> None:
    deployments.older_pull()
    deployments.at_call(number, deployments.kill)
    killed = deployments.bump(labels="image bump", reviewers="alice")
    assert killed.status < 0
    assert deployments.bump(labels="image bump", reviewers="alice").notice
    deployments.assert_bumped()


def test_a_run_after_success_changes_nothing(deployments: Deployments) -> None:
    deployments.older_pull()
    first = deployments.bump()
    deployments.calls()
    second = deployments.bump()
    assert dict(second.outputs) == dict(first.outputs)
    assert "POST git-receive-pack" not in deployments.calls()
    deployments.assert_bumped()


def test_a_run_after_the_merge_has_nothing_to_change(deployments: Deployments) -> None:
    deployments.bump()
    deployments.ask("PUT", "/pulls/1/merge")
    assert deployments.bump().notice.startswith("Nothing to change: all references")


def test_a_run_whose_pull_request_somebody_closed_opens_another_one(deployments: Deployments) -> None:
    deployments.bump()
    deployments.ask("PATCH", "/pulls/1", state="closed")
    assert deployments.bump().outputs["pull-request-number"] == "2"


def test_the_kill_is_at_the_call_that_it_is_meant_for(deployments: Deployments, tmp_path: Path) -> None:
    deployments.older_pull()
    deployments.calls()
    deployments.at_call(17, deployments.kill)
    deployments.bump(labels="image bump", reviewers="alice")
    assert deployments.calls() == NORMAL_RUN[:17]
