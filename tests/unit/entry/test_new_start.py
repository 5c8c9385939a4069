"""The second start, in real processes: what it hands over, and what there is to be seen of it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[3] / "src"
SCRIPT = f"""
import json, os, signal, sys
begun = os.getpid()
sys.path.insert(0, {str(SOURCE)!r})
{{before}}
from hub_image_actions.entry.new_start import begin_without_inputs
inputs = begin_without_inputs()
child = os.popen("tr '\\\\0' '\\\\n' </proc/$PPID/environ; env").read()
print(json.dumps([inputs, child, dict(os.environ), sys.argv[1:], os.listdir("/proc/self/fd"), begun,
                  [sys.flags.isolated, sys.flags.no_site]]))
"""
SECRET = "line one\nüöä = \udcff'\"$(x)\\"
NO_MEMORY_FILES = {
    "there is no such call": "del os.memfd_create",
    "a sandbox forbids it": "def memfd_create(*_): raise OSError(38, 'x')\nos.memfd_create = memfd_create",
}


def started(
    folder: Path, given: Mapping[str, str], *options: str, before: str = ""
) -> "tuple[int, list[object]]":
    """Return the number of a process that starts anew, and what it sees then."""
    script = folder / "main.py"
    script.write_text(SCRIPT.format(before=before))
    environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(folder), **given}
    with subprocess.Popen(
        [sys.executable, *options, script, "--one", "two words"],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        shown = process.communicate(timeout=60)[0]
    assert process.returncode == 0
    return process.pid, json.loads(shown)


@pytest.mark.parametrize("options", [(), ("-I",), ("-I", "-S")])
@pytest.mark.parametrize("before", ["", *NO_MEMORY_FILES.values()], ids=["in memory", *NO_MEMORY_FILES])
def test_no_process_shows_an_input_and_the_action_has_them_all(
    tmp_path: Path, options: tuple[str, ...], before: str
) -> None:
    given = {"INPUT_TOKEN": SECRET, "INPUT_EMPTY": "", "INPUT_LONG": "x" * 100_000}
    number, seen = started(tmp_path, {**given, "OTHER": "stays"}, *options, before=before)
    inputs, child, environ, arguments, _, begun, flags = seen
    assert inputs == given
    assert "INPUT_" not in str(child)
    assert "line one" not in str(child)
    assert "OTHER=stays" in str(child)
    assert "line one" not in str(environ)
    assert arguments == ["--one", "two words"]
    assert begun == number
    assert flags == [int("-I" in options), int("-S" in options)]


def test_the_file_with_the_inputs_is_closed(tmp_path: Path) -> None:
    with_inputs, without = (started(tmp_path, given)[1][4] for given in ({"INPUT_A": "1"}, {}))
    assert with_inputs == without


def test_without_inputs_there_is_one_start(tmp_path: Path) -> None:
    count = f"open({str(tmp_path / 'starts')!r}, 'a').write('x')"
    assert started(tmp_path, {}, before=count)[1][0] == {}
    assert (tmp_path / "starts").read_text() == "x"
    started(tmp_path, {"INPUT_A": "1"}, before=count)
    assert (tmp_path / "starts").read_text() == "xxx"


@pytest.mark.parametrize(
    ("on_runner", "said"),
    [
        ("true", ("\n::error::The job was canceled. Run it again if that was not meant.\n", "")),
        ("", ("", "error: The job was canceled. Run it again if that was not meant.\n")),
    ],
)
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_job_that_is_canceled_while_modules_are_loaded_ends_with_one_line(
    tmp_path: Path, on_runner: str, said: tuple[str, str], sent: signal.Signals
) -> None:
    script = tmp_path / "main.py"
    begun = tmp_path / "begun"
    script.write_text(
        f"import sys, time\nsys.path.insert(0, {str(SOURCE)!r})\n"
        "from hub_image_actions.entry.new_start import begin_without_inputs\n"
        f"begin_without_inputs()\nopen({str(begun)!r}, 'w')\ntime.sleep(30)\n"
    )
    with subprocess.Popen(
        [sys.executable, script],
        env={"INPUT_A": "1", "GITHUB_ACTIONS": on_runner},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        while not begun.exists():
            time.sleep(0.01)
        process.send_signal(sent)
        assert process.communicate(timeout=20) == said
    assert process.returncode == 128 + sent
