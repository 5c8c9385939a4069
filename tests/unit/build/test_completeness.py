"""What a checkout lacks of what is built."""

import subprocess
from pathlib import Path

import pytest

from hub_image_actions.build.completeness import CheckoutContent
from hub_image_actions.build.ignore_rules import DockerIgnoreRules
from hub_image_actions.build.staging import staged
from hub_image_actions.git import LocalRepository

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:%064x\nsize 48213004\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with a file in a folder and one beside it."""
    folder = tmp_path / "checkout"
    for name in ("image/Dockerfile", "image/notes/week1.md", "image/notes/week2.md", "README.md"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    git(folder, "init", "--quiet")
    commit(folder)
    return folder


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    done = subprocess.run(
        ["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def commit(folder: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=work")


def add_submodule(checkout: Path, path: str) -> None:
    """Track a submodule as a checkout without submodules has it: an empty folder."""
    git(
        checkout,
        "update-index",
        "--add",
        "--cacheinfo",
        f"160000,{git(checkout, 'rev-parse', 'HEAD')},{path}",
    )
    git(checkout, "commit", "--quiet", "--message=submodule")
    (checkout / path).mkdir(parents=True)


def warnings(checkout: Path, ignored: str = "", name: str = "image") -> list[str]:
    """Return the warnings for a folder, with a .dockerignore."""
    folder = checkout / name
    rules = [DockerIgnoreRules.parsed(ignored)]
    with staged(folder, checkout, checkout.parent / "staged", rules, frozenset()) as context:
        return CheckoutContent(folder, name, LocalRepository(folder).tracked(), rules).warnings(context)


def test_a_whole_checkout_is_nothing_to_tell(checkout: Path) -> None:
    assert warnings(checkout) == []


def test_pointers_of_git_lfs_are_named(checkout: Path) -> None:
    (checkout / "image/data.csv").write_bytes(POINTER % 7)
    assert warnings(checkout) == [
        (
            "The image is built with a pointer of Git LFS: image/data.csv. "
            "For the content, set `lfs: true` in the step with actions/checkout."
        )
    ]


def test_of_many_the_first_are_named(checkout: Path) -> None:
    for number in range(12):
        (checkout / f"image/scan{number:02}.png").write_bytes(POINTER % number)
    (warning,) = warnings(checkout)
    assert (
        "12 pointers of Git LFS: image/scan00.png, image/scan01.png, image/scan02.png and 9 more." in warning
    )


@pytest.mark.parametrize(
    "content",
    [b"", b"version https://example.org/", b"x" + POINTER % 1, POINTER % 1 + b"x" * 1024],
    ids=["empty", "another version", "not at the beginning", "too large"],
)
def test_what_is_no_pointer_is_not_named(checkout: Path, content: bytes) -> None:
    (checkout / "image/data.csv").write_bytes(content)
    assert warnings(checkout) == []


def test_what_is_not_built_may_be_missing(checkout: Path) -> None:
    (checkout / "image/data").mkdir()
    (checkout / "image/data/a.csv").write_bytes(POINTER % 7)
    (checkout / "b.csv").write_bytes(POINTER % 7)
    add_submodule(checkout, "image/data/library")
    add_submodule(checkout, "library")
    assert warnings(checkout, ignored="data\n") == []
    assert len(warnings(checkout)) == 2


@pytest.mark.parametrize("is_there", [True, False], ids=["an empty folder", "no folder"])
def test_submodules_that_are_not_checked_out_are_named(checkout: Path, is_there: bool) -> None:
    add_submodule(checkout, "image/library")
    if not is_there:
        (checkout / "image/library").rmdir()
    assert warnings(checkout) == [
        (
            "The image is built with a submodule that is not checked out: image/library. "
            "For the content, set `submodules: recursive` in the step with actions/checkout."
        )
    ]


def test_a_submodule_that_is_checked_out_is_nothing_to_tell(checkout: Path) -> None:
    add_submodule(checkout, "image/library")
    (checkout / "image/library/code.py").touch()
    assert warnings(checkout) == []


def test_a_submodule_of_a_submodule_that_is_not_checked_out_is_named(checkout: Path, tmp_path: Path) -> None:
    """As actions/checkout leaves it with `submodules: true`, which does not go further down."""
    allowed = ("-c", "protocol.file.allow=always", "submodule", "--quiet", "add")
    for name, holds in (("inner", ""), ("library", "inner")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "code.py").touch()
        git(tmp_path / name, "init", "--quiet")
        commit(tmp_path / name)
        if holds:
            git(tmp_path / name, *allowed, str(tmp_path / holds), f"vendor/{holds}")
            commit(tmp_path / name)
    git(checkout, *allowed, str(tmp_path / "library"), "image/library")
    commit(checkout)
    assert warnings(checkout) == [
        (
            "The image is built with a submodule that is not checked out: image/library/vendor/inner. "
            "For the content, set `submodules: recursive` in the step with actions/checkout."
        )
    ]
    git(
        checkout,
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "update",
        "--init",
        "--recursive",
    )
    assert warnings(checkout) == []


def test_what_a_sparse_checkout_leaves_out_is_named(checkout: Path) -> None:
    git(checkout, "sparse-checkout", "set", "--no-cone", "/image/Dockerfile")
    (warning,) = warnings(checkout)
    assert "with 2 files that are not checked out: image/notes/week1.md, image/notes/week2.md. " in warning
    assert "add what the image needs to `sparse-checkout` in the step with actions/checkout." in warning


def test_a_sparse_checkout_of_what_is_built_is_nothing_to_tell(checkout: Path) -> None:
    git(checkout, "sparse-checkout", "set", "image")
    assert warnings(checkout) == []


def test_outside_of_git_pointers_are_found_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "course/image").mkdir(parents=True)
    (tmp_path / "course/image/data.csv").write_bytes(POINTER % 7)
    assert len(warnings(tmp_path / "course")) == 1


def test_what_the_repository_asks_git_to_start_is_not_started(checkout: Path, tmp_path: Path) -> None:
    started = tmp_path / "started"
    hook = tmp_path / "hook"
    hook.write_text(f"#!/bin/sh\ntouch {started}\n")
    hook.chmod(0o755)
    git(checkout, "config", "core.fsmonitor", str(hook))
    assert warnings(checkout) == []
    assert not started.exists()
