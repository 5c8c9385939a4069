"""The commits with which a repository begins, made on this machine."""

import subprocess
from pathlib import Path

import pytest

from hub_image_actions.fleet.new_repository.first_commits import FirstCommits
from hub_image_actions.git import Identity, Remote

WHO = Identity("Ada", "ada@example.org")
FILES = {".gitignore": b"*.log\n", "a.log": b"left out later\n", "bin/start": b"#!/bin/sh\r\n"}


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout


@pytest.fixture
def made(tmp_path: Path) -> FirstCommits:
    folder = tmp_path / "made"
    folder.mkdir()
    commits = FirstCommits(folder, Remote("https://example.org/hubs/a"))
    commits.begin()
    return commits


def test_a_commit_has_all_files_with_their_bytes_and_modes(made: FirstCommits) -> None:
    commit = made.commit(FILES, {"bin/start"}, "Begin", WHO)
    listed = git(made.folder, "ls-tree", "-r", commit).splitlines()
    modes = {line.partition("\t")[2]: line.split()[0] for line in listed}
    assert modes == {".gitignore": "100644", "a.log": "100644", "bin/start": "100755"}
    assert git(made.folder, "cat-file", "blob", f"{commit}:bin/start") == "#!/bin/sh\r\n".replace(
        "\r\n", "\n"
    )
    size = git(made.folder, "cat-file", "-s", f"{commit}:bin/start")
    assert int(size) == len(FILES["bin/start"])


def test_a_commit_says_who_made_it(made: FirstCommits) -> None:
    commit = made.commit(FILES, (), "Begin", WHO)
    assert git(made.folder, "log", "-1", "--format=%an %ae %cn %s", commit).split("\n")[0] == (
        "Ada ada@example.org Ada Begin"
    )


def test_the_next_commit_follows_and_keeps_what_was_there(made: FirstCommits) -> None:
    first = made.commit(FILES, (), "Begin", WHO)
    assert made.go_on_from(first) == FILES
    second = made.commit({"README.md": b"# A\n"}, (), "Describe", WHO)
    assert git(made.folder, "rev-parse", f"{second}^").strip() == first
    assert set(git(made.folder, "ls-tree", "-r", "--name-only", second).split()) == {*FILES, "README.md"}


def test_links_and_large_files_stay_but_are_not_read(made: FirstCommits) -> None:
    (made.folder / "link").symlink_to(".gitignore")
    git(made.folder, "add", "link")
    commit = made.commit({"large": b"x" * ((1 << 20) + 1), "small": b"y"}, (), "Begin", WHO)
    assert made.go_on_from(commit) == {"small": b"y"}


def test_a_history_without_files_can_be_gone_on_from(made: FirstCommits) -> None:
    tree = git(made.folder, "hash-object", "-t", "tree", "-w", "/dev/null").strip()
    commit = git(
        made.folder, "-c", "user.name=a", "-c", "user.email=a@b.c", "commit-tree", tree, "-m", "Empty"
    ).strip()
    assert made.go_on_from(commit) == {}
