"""A job that is canceled at any moment of a run: one line says so, and nothing is left on the machine."""

import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from scenarios.action import run_action
from scenarios.deployments import Deployments

ACTIONS = ("binder-badge", "build", "build-test", "bump-base-image", "bump-datahub-tag", "comment-result")
# From the start of the interpreter to where the inputs are refused.
MOMENTS = (0.03, 0.05, 0.07, 0.09, 0.12, 0.15)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("action", ACTIONS)
def test_no_moment_of_a_start_gives_a_traceback(
    root: Path, tmp_path: Path, action: str, sent: signal.Signals
) -> None:
    for moment in MOMENTS:

        def cancel(process: "subprocess.Popen[str]", seconds: float = moment) -> None:
            time.sleep(seconds)
            process.send_signal(sent)

        result = run_action(
            root / "actions" / action,
            {},
            folder=tmp_path,
            started=lambda process: threading.Thread(target=cancel, args=(process,)).start(),
        )
        assert "Traceback" not in result.log
        assert result.status != 0


@pytest.mark.parametrize("number", [1, 4, 9, 14])
def test_a_bump_that_is_canceled_says_so_and_leaves_nothing(
    deployments: Deployments, tmp_path: Path, number: int
) -> None:
    deployments.at_call(number, deployments.interrupt)
    canceled = deployments.bump()
    assert canceled.status == 1
    assert canceled.error == "The job was canceled. Run it again if that was not meant."
    assert "Traceback" not in canceled.log
    assert list(tmp_path.rglob("hub-image-actions-*")) == []
    assert deployments.bump().notice
    deployments.assert_bumped()
