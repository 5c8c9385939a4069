"""The history of one folder, as if it were a repository of its own."""

import os
import subprocess
from pathlib import Path

import pytest

from hub_image_actions.errors import ActionError
from hub_image_actions.fleet.new_repository.first_commits import FirstCommits
from hub_image_actions.fleet.new_repository.folder_history import (
    FolderHistory,
    FolderSource,
    moved_up,
    parse_folder_source,
)
from hub_image_actions.git import Identity, Remote
from hub_image_actions.names import InvalidName

TREE, PARENT, OLD = "1" * 40, "2" * 40, "3" * 40
WHO = "Ada <ada@example.org> 1700000000 +0100"


def git(folder: Path, *arguments: str, day: int = 1) -> str:
    dates = {f"GIT_{role}_DATE": f"2026-01-{day:02}T12:00:00Z" for role in ("AUTHOR", "COMMITTER")}
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    command = ["git", "-C", str(folder), *who, *arguments]
    done = subprocess.run(
        command, env={**os.environ, **dates}, check=True, capture_output=True, text=True, timeout=30
    )
    return done.stdout.strip()


class Source:
    """A repository on this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.day = 0
        folder.mkdir()
        git(folder, "init", "--quiet", "--initial-branch=main")

    def commit(self, message: str, **files: str) -> None:
        """Commit files; two underscores in a name are a slash."""
        self.day += 1
        for name, text in files.items():
            path = self.folder / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        git(self.folder, "add", "--all")
        git(self.folder, "commit", "--quiet", f"--message={message}", day=self.day)


@pytest.fixture
def source(tmp_path: Path) -> Source:
    return Source(tmp_path / "source")


@pytest.fixture
def made(tmp_path: Path) -> FirstCommits:
    folder = tmp_path / "made"
    folder.mkdir()
    begun = FirstCommits(folder, Remote(str(tmp_path / "nowhere")), lambda _: None)
    begun.begin()
    return begun


def brought(made: FirstCommits, source: Source, folder: str) -> list[str]:
    """Bring the history of a folder along; return its commits, newest first: text, author and day."""
    wanted = FolderSource("", source.folder, folder)
    remote = wanted.remote("https://example.org", "secret")
    tip = FolderHistory(made.folder, remote, lambda _: None).rewritten(wanted)
    made.go_on_from(tip)
    return git(made.folder, "log", "--format=%s, %an, %cd", "--date=format:%d", "main").splitlines()


def test_each_commit_that_changed_the_folder_is_kept_with_its_author_and_day(
    made: FirstCommits, source: Source
) -> None:
    source.commit("Begin", a__x="1\n", b="1\n")
    source.commit("Elsewhere", b="2\n")
    source.commit("Change", a__x="2\n", b="3\n")
    assert brought(made, source, "a") == ["Change, Ada, 03", "Begin, Ada, 01"]
    assert git(made.folder, "show", "main~1:x") == "1"
    assert git(made.folder, "ls-tree", "-r", "--name-only", "main") == "x"


def test_a_merge_keeps_both_of_its_sides(made: FirstCommits, source: Source) -> None:
    source.commit("Begin", a__x="1\n")
    git(source.folder, "checkout", "--quiet", "-b", "side")
    source.commit("Side", a__y="1\n")
    git(source.folder, "checkout", "--quiet", "main")
    source.commit("Main", a__z="1\n")
    git(source.folder, "merge", "--quiet", "--no-edit", "side", day=9)
    log = brought(made, source, "a")
    assert len(log) == 4
    assert len(git(made.folder, "rev-list", "--parents", "--max-count=1", "main").split()) == 3
    assert git(made.folder, "ls-tree", "--name-only", "main").split() == ["x", "y", "z"]


def test_a_folder_that_was_gone_for_a_while_was_empty_then(made: FirstCommits, source: Source) -> None:
    source.commit("Begin", a__x="1\n", b="1\n")
    (source.folder / "a/x").unlink()
    source.commit("Remove", b="2\n")
    source.commit("Again", a__x="3\n")
    assert [line.partition(",")[0] for line in brought(made, source, "a")] == ["Again", "Remove", "Begin"]
    assert git(made.folder, "ls-tree", "main~1") == ""


def test_a_name_is_no_pattern(made: FirstCommits, source: Source) -> None:
    source.commit("Begin", **{"a[1]__x": "1\n"})
    source.commit("Elsewhere", a1__x="2\n")
    assert brought(made, source, "a[1]") == ["Begin, Ada, 01"]


@pytest.mark.parametrize("folder", ["none", "a/x"])
def test_what_is_no_folder_is_an_error(made: FirstCommits, source: Source, folder: str) -> None:
    source.commit("Begin", a__x="1\n")
    with pytest.raises(ActionError, match=r"is not there, or is no folder\. Check --history\."):
        brought(made, source, folder)


@pytest.mark.parametrize("kind", [[], ["--bare"]])
def test_a_shallow_clone_is_told_with_how_to_complete_it(
    made: FirstCommits, source: Source, kind: list[str]
) -> None:
    source.commit("Begin", a__x="1\n")
    source.commit("Change", a__x="2\n")
    shallow = Source(source.folder.with_name("shallow"))
    shallow.folder = source.folder.with_name("clone")
    git(source.folder, "clone", "--quiet", "--depth=1", *kind, source.folder.as_uri(), str(shallow.folder))
    with pytest.raises(ActionError) as caught:
        brought(made, shallow, "a")
    assert caught.value.problem == f"{shallow.folder} is a shallow clone, which lacks most of the history."
    assert caught.value.remedy == f"Fetch the rest: `git -C {shallow.folder} fetch --unshallow`."
    git(shallow.folder, "fetch", "--quiet", "--unshallow")
    assert len(brought(made, shallow, "a")) == 2


def test_the_next_commit_goes_on_from_the_history_and_keeps_its_files(
    made: FirstCommits, source: Source
) -> None:
    source.commit("Begin", a__x="1\n", a__y="1\n")
    brought(made, source, "a")
    made.commit({"y": b"2\r\n", "run": b"#!/bin/sh\n"}, {"run"}, "Next", Identity("Bob", "bob@example.org"))
    assert git(made.folder, "log", "--format=%s %an", "main").splitlines() == ["Next Bob", "Begin Ada"]
    assert git(made.folder, "ls-tree", "-r", "--format=%(objectmode) %(path)", "main").splitlines() == [
        "100755 run",
        "100644 x",
        "100644 y",
    ]
    assert (made.folder / "y").read_bytes() == b"2\r\n"


def test_the_files_of_a_history_are_told_without_links_and_large_ones(
    made: FirstCommits, source: Source
) -> None:
    (source.folder / "a").mkdir()
    (source.folder / "a/link").symlink_to("x")
    (source.folder / "a/large").write_bytes(b"x" * (1 << 20) + b"y")
    source.commit("Begin", a__x="1\n\n", a__empty="")
    wanted = FolderSource("", source.folder, "a")
    history = FolderHistory(made.folder, wanted.remote("", ""), lambda _: None)
    assert made.go_on_from(history.rewritten(wanted)) == {"empty": b"", "x": b"1\n\n"}


def test_a_commit_keeps_all_but_its_tree_parents_and_signatures() -> None:
    before = (
        f"tree {OLD}\nparent {OLD}\nparent {OLD}\nauthor {WHO}\ncommitter {WHO}\nencoding latin-1\n"
        "gpgsig -----BEGIN\n \n tree in it\n -----END\n\nHe said:\n\ntree x\n"
    ).encode()
    assert (
        moved_up(before + b"\xff", TREE, [PARENT])
        == (
            f"tree {TREE}\nparent {PARENT}\nauthor {WHO}\ncommitter {WHO}\nencoding latin-1\n\n"
            "He said:\n\ntree x\n"
        ).encode()
        + b"\xff"
    )


def test_a_folder_is_named_behind_a_repository_or_a_clone(tmp_path: Path) -> None:
    assert parse_folder_source("o/r:a/b/") == FolderSource("o/r", None, "a/b")
    assert parse_folder_source(f"{tmp_path}:a") == FolderSource("", tmp_path, "a")


@pytest.mark.parametrize("text", ["", "o/r", "o/r:", "o/r:.", "o:a", ":a", "o/r:../a", "/nowhere/at/all:a"])
def test_what_names_no_folder_is_refused(text: str) -> None:
    with pytest.raises(InvalidName):
        parse_folder_source(text)


def test_the_token_goes_to_github_only(tmp_path: Path) -> None:
    assert parse_folder_source("o/r:a").remote("https://g", "secret") == Remote("https://g/o/r.git", "secret")
    assert parse_folder_source(f"{tmp_path}:a").remote("https://g", "secret") == Remote(str(tmp_path))
