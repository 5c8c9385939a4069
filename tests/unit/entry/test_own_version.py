"""Which version of these actions this is."""

import subprocess
from pathlib import Path

import pytest

import hub_image_actions
from hub_image_actions.entry.own_version import own_version

RELEASE = f"hub-image-actions {hub_image_actions.__version__}"


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    command = ["git", *identity, *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def test_in_a_checkout_the_commit_is_told(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "commit", "--quiet", "--allow-empty", "--message", "m")
    assert own_version(tmp_path) == f"{RELEASE} (commit {git(tmp_path, 'rev-parse', 'HEAD')})"


def test_an_unpacked_archive_in_a_checkout_of_somebody_else_tells_no_commit(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "commit", "--quiet", "--allow-empty", "--message", "m")
    (tmp_path / "archive").mkdir()
    assert own_version(tmp_path / "archive") == RELEASE


def test_a_checkout_that_git_cannot_read_tells_no_commit(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    assert own_version(tmp_path) == RELEASE


def test_the_environment_names_no_other_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ours", "theirs"):
        (tmp_path / name).mkdir()
        git(tmp_path / name, "init", "--quiet")
        git(tmp_path / name, "commit", "--quiet", "--allow-empty", "--message", name)
    commit = git(tmp_path / "ours", "rev-parse", "HEAD")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "theirs" / ".git"))
    assert own_version(tmp_path / "ours") == f"{RELEASE} (commit {commit})"
