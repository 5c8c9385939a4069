"""What holds for every command: how it is started, what it shows of itself, and how it ends."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import hub_image_actions
from local_github import LocalGitHub

# Every command, with arguments that are right.
COMMANDS = {
    "binder-badge": ("o/r",),
    "bump-tag": ("--image", "o/image", "--tag", "1", "."),
    "doctor": ("o/r",),
    "image-packages": ("o/image",),
    "image-status": ("--deployments", "o/r"),
    "new-image-repo": ("data100",),
    "upgrade-base-image": ("o/image:1", "--owner", "o"),
    "upgrade-image-repos": ("--to", "v1.0.0", "o/r"),
}
START = re.compile(r"\A#!/usr/bin/env -S python3 -IS\nr?\"{3}.*?\"{3}\n", re.DOTALL)
SECONDS = 60


def run(root: Path, name: str, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run a command as people do."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        [str(root / "scripts" / name), *arguments],
        env={"PATH": path, "HOME": "/nowhere", **variables},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def test_every_script_starts_its_command_in_the_same_way(root: Path) -> None:
    texts = {path.name: path.read_text() for path in (root / "scripts").iterdir() if path.is_file()}
    commands = {name: text for name, text in texts.items() if "entry.start import start" in text}
    assert commands.keys() == COMMANDS.keys()
    code = {re.sub(r'start\("[\w.]+"', "start(", START.sub("", text)) for text in commands.values()}
    assert len(code) == 1
    assert len(code.pop().strip().splitlines()) < 12


@pytest.mark.parametrize("name", COMMANDS)
def test_help_shows_the_example_on_its_own_line(root: Path, name: str) -> None:
    done = run(root, name, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"usage: {name} ")
    assert f"\n    scripts/{name} " in done.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_the_version_is_that_of_the_repository(root: Path, name: str) -> None:
    done = run(root, name, "--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"hub-image-actions {hub_image_actions.__version__} (commit ")


@pytest.mark.parametrize("name", COMMANDS)
def test_wrong_usage_shows_the_usage_and_ends_with_2(root: Path, name: str) -> None:
    done = run(root, name, *COMMANDS[name], "--no-such-option")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"usage: {name} ")
    assert "Traceback" not in done.stderr


WRONG = [
    ("binder-badge", "not a repository"),
    ("bump-tag", "--image", "o/image:1", "--tag", "1", "."),
    ("doctor",),
    ("image-packages", "A:B:C"),
    ("image-packages", "o/image", "o/image", "--sbom", "x"),
    ("image-status", "--topic", "t"),
    ("upgrade-base-image", "o/image", "--owner", "o"),
    ("upgrade-base-image", "o/image:1"),
    ("upgrade-base-image", "Image:x", "--owner", "o"),
    ("upgrade-image-repos", "--to", "v1.0.0", "o/r", "--tracking", "o/r"),
    ("upgrade-image-repos", "--to", "v1.0.0", "o/r", "--waves", "a=x"),
    ("upgrade-image-repos", "--to", "v1.0.0", "--explain", "r"),
]


@pytest.mark.parametrize("command", WRONG, ids=" ".join)
def test_what_options_cannot_mean_is_wrong_usage(root: Path, command: tuple[str, ...]) -> None:
    name, *arguments = command
    verify = ["--no-verify"] if name == "upgrade-base-image" else []
    done = run(root, name, *arguments, *verify, GITHUB_TOKEN="x")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"usage: {name} ")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", sorted(COMMANDS.keys() - {"binder-badge", "bump-tag", "image-packages"}))
def test_another_error_ends_with_1_and_shows_no_usage(root: Path, name: str) -> None:
    arguments = [*COMMANDS[name], *(["--no-verify"] if name == "upgrade-base-image" else [])]
    done = run(root, name, *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    message = "There is no token for GitHub. Set GITHUB_TOKEN, or log in with `gh auth login`."
    assert done.stderr == f"{name}: {message}\n"


@pytest.mark.parametrize("name", ["doctor", "image-status", "new-image-repo", "upgrade-image-repos"])
def test_an_interrupted_command_says_so_in_one_line(root: Path, tmp_path: Path, name: str) -> None:
    with LocalGitHub(tmp_path / "github") as github:
        silence = github.faults.add("silence", times=100, seconds=SECONDS / 6)
        process = subprocess.Popen(
            [sys.executable, str(root / "scripts" / name), *COMMANDS[name]],
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(tmp_path),
                "GITHUB_TOKEN": github.create_token("alice", "personal"),
                "GITHUB_API_URL": github.api_url,
                "GITHUB_SERVER_URL": github.server_url,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        until = time.monotonic() + SECONDS
        while not silence.fired and time.monotonic() < until:
            time.sleep(0.01)
        begin = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=SECONDS)
    assert (process.returncode, err.splitlines()[-1]) == (130, "Interrupted")
    assert "Traceback" not in err
    assert time.monotonic() - begin < SECONDS / 2


def test_output_that_nobody_reads_to_its_end_is_no_bug(root: Path, tmp_path: Path) -> None:
    lines = "".join(f"- o/image:{number}\n" for number in range(20_000))
    (tmp_path / "a.yaml").write_text(lines)
    command = f'"{root}/scripts/bump-tag" --image o/image --tag x --dry-run "{tmp_path}" | head -1'
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr
