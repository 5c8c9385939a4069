"""Programs are started from one place, which bounds their time and hides secrets."""

import stat
import sys
import threading
import time
from pathlib import Path

import pytest

from hub_image_actions.errors import CommandError
from hub_image_actions.process import end_running, run, stream

SH = ["sh", "-c"]
# A session of its own is out of reach of a signal to the group.
DAEMON = [sys.executable, "-c", "import os, time\nif os.fork() == 0:\n os.setsid(); time.sleep(20)"]


def streamed(command: list[str], seconds: float = 10, secrets: tuple[str, ...] = ()) -> list[str]:
    told: list[str] = []
    stream(command, tell=told.append, timeout=seconds, secrets=secrets)
    return told


def test_both_streams_of_a_program_come_back() -> None:
    done = run([*SH, "echo out; echo err >&2"], timeout=10)
    assert (done.stdout, done.stderr) == ("out\n", "err\n")


def test_a_program_reads_what_it_is_given() -> None:
    assert run(["cat"], stdin="a\nb", timeout=10).stdout == "a\nb"


@pytest.mark.parametrize("start", [lambda command: run(command, timeout=10), streamed], ids=["run", "stream"])
def test_a_program_that_is_not_there_is_an_error(start: object) -> None:
    with pytest.raises(CommandError, match="there is no no-such-program Install it"):
        start(["no-such-program"])  # type: ignore[operator]  # one of the two above


@pytest.mark.parametrize("content", ["true", "#!/no/such/interpreter\n"])
def test_a_file_that_cannot_be_run_is_an_error(tmp_path: Path, content: str) -> None:
    script = tmp_path / "script"
    script.write_text(content)
    script.chmod(0o755 if content.startswith("#!") else 0o644)
    with pytest.raises(CommandError):
        run([str(script)], timeout=10)


def test_a_folder_that_is_not_there_is_the_one_that_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"there is no .*missing"):
        run(["true"], timeout=10, cwd=tmp_path / "missing")


def test_the_status_and_the_last_lines_are_in_the_error() -> None:
    with pytest.raises(CommandError) as caught:
        streamed([*SH, "echo one; echo two >&2; exit 7"])
    assert (caught.value.status, caught.value.stdout) == (7, "one\ntwo")


def test_output_in_no_known_encoding_is_shown_all_the_same() -> None:
    assert streamed([*SH, r"printf 'caf\351\n\377'"])[1:] == ["caf\ufffd", "\ufffd"]


def test_of_a_progress_bar_the_last_state_is_shown() -> None:
    assert streamed([*SH, r"printf '10%%\r50%%\r100%%\r\ndone\r\n'"])[1:] == ["100%", "done"]


def test_a_line_is_told_when_it_is_written() -> None:
    told: list[float] = []
    stream([*SH, "echo; sleep 0.5; echo"], tell=lambda _: told.append(time.monotonic()), timeout=10)
    assert told[2] - told[1] > 0.3


@pytest.mark.parametrize(
    "command", [["sleep", "20"], [*SH, "sleep 20 & sleep 20"], [*SH, "trap '' TERM; sleep 20"]]
)
def test_a_program_ends_when_its_time_is_over(command: list[str]) -> None:
    begin = time.monotonic()
    with pytest.raises(CommandError, match=r"not done within 0\.3 seconds"):
        streamed(command, 0.3)
    with pytest.raises(CommandError, match=r"no answer within 0\.3 seconds"):
        run(command, timeout=0.3)
    assert time.monotonic() - begin < 14


def test_what_a_program_leaves_running_does_not_keep_us() -> None:
    begin = time.monotonic()
    assert streamed([*SH, "echo done; sleep 20 &"])[1:] == ["done"]
    assert streamed(DAEMON)[1:] == []
    with pytest.raises(CommandError):
        run(DAEMON, timeout=0.5)
    assert time.monotonic() - begin < 10


def test_all_that_runs_can_be_ended() -> None:
    caught: list[CommandError] = []

    def start() -> None:
        try:
            run(["sleep", "20"], timeout=30)
        except CommandError as error:
            caught.append(error)

    threads = [threading.Thread(target=start) for _ in range(3)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    end_running()
    for thread in threads:
        thread.join(5)
    assert [error.status for error in caught] == [-15, -15, -15]


def test_secrets_are_hidden_in_commands_output_and_errors() -> None:
    secrets = ("hunter2", "hunter22")
    assert streamed([*SH, "echo hunter22 hunter2"], secrets=secrets) == ["$ sh -c 'echo *** ***'", "*** ***"]
    with pytest.raises(CommandError) as caught:
        run([*SH, "echo hunter2 >&2; exit 1"], timeout=10, secrets=secrets)
    assert "hunter" not in f"{caught.value} {caught.value.command} {caught.value.stderr}"


def test_a_line_without_end_does_not_fill_the_memory() -> None:
    program = "import sys; sys.stdout.write('a' * 5_000_000 + '\\nnext\\n')"
    _, *lines = streamed([sys.executable, "-c", program])
    assert [line[:4] for line in lines] == ["aaaa", "next"]
    assert len(lines[0]) < 1_200_000


def test_a_program_can_be_kept_from_giving_rights(tmp_path: Path) -> None:
    run(["touch", str(tmp_path / "file")], timeout=10, umask=0o077)
    assert stat.filemode((tmp_path / "file").stat().st_mode) == "-rw-------"
