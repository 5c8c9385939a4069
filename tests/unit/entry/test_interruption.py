"""A cancelled job ends what it began and cleans up."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCRIPT = """
import sys, time
from pathlib import Path
from hub_image_actions import process
from hub_image_actions.entry.interruption import Interrupted, interruptible
try:
    with interruptible():
        try:
            Path(sys.argv[1]).touch()
            {work}
        finally:
            process.run(["sh", "-c", "sleep 0.5; echo cleaned"], timeout=5)
            print("cleaned up", flush=True)
except Interrupted as error:
    print(error)
"""
WORK = {
    "running a program": 'process.run(["sleep", "30"], timeout=40)',
    "streaming": 'process.stream(["sh", "-c", "sleep 30 & wait"], tell=print, timeout=40)',
    "streaming what ignores it": (
        "process.stream(['sh', '-c', \"trap '' TERM; sleep 30\"], tell=print, timeout=40)"
    ),
    "waiting": "time.sleep(30)",
}


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("work", WORK)
def test_the_work_ends_and_what_cleans_up_is_not_interrupted(
    tmp_path: Path, root: Path, work: str, sent: signal.Signals
) -> None:
    begun = tmp_path / "begun"
    command = [sys.executable, "-c", SCRIPT.format(work=WORK[work]), str(begun)]
    with subprocess.Popen(
        command,
        env={"PYTHONPATH": str(root / "src"), "PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        while not begun.exists():
            time.sleep(0.02)
        time.sleep(0.3)
        begin = time.monotonic()
        process.send_signal(sent)
        time.sleep(0.2)
        # A runner sends the second signal while the first is being heeded.
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=20)
    assert said.endswith("cleaned up\nThe job was canceled. Run it again if that was not meant.\n")
    assert time.monotonic() - begin < 18
