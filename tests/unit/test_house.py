"""Facts about the files of the repository that nothing else would notice."""

import os
import re
import subprocess
from pathlib import Path

import pytest

import hub_image_actions

LOCKS = [
    "requirements/runtime.txt",
    "requirements/test.txt",
    "requirements/browser-tests.txt",
    "tests/package-lock.json",
    "tests/.npmrc",
]


def listed(root: Path) -> list[Path]:
    """Returns all files and links of the repository, those not added yet included."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout.split("\0")
    return [root / name for name in names if name and os.path.lexists(root / name)]


def test_no_link_dangles_or_leads_out_of_the_repository(root: Path) -> None:
    links = [path for path in listed(root) if path.is_symlink()]
    wrong = [link for link in links if not link.exists() or not link.resolve().is_relative_to(root)]
    assert wrong == []


def test_no_link_is_absolute(root: Path) -> None:
    assert [path for path in listed(root) if path.is_symlink() and path.readlink().is_absolute()] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_no_address(root: Path, lock: str) -> None:
    lines = (root / lock).read_text().splitlines()
    address = re.compile(r'"resolved"|index-url|find-links|registry[.=]|^[^"]*://')
    assert [line for line in lines if address.search(line)] == []


@pytest.mark.parametrize("lock", ["requirements/runtime.txt", "requirements/test.txt"])
def test_every_locked_library_has_a_version_and_hashes(root: Path, lock: str) -> None:
    text = (root / lock).read_text()
    entries = re.split(r"\n(?=[a-z])", text)
    locked = re.compile(r"[a-z0-9-]+==\S+.*(\n +--hash=sha256:[0-9a-f]{64}.*)+")
    assert [entry for entry in entries if not locked.match(entry)] == []


def test_what_is_tested_is_what_is_bundled(root: Path) -> None:
    bundled, tested = (
        set(re.findall(r"^(\S+==\S+)", (root / f"requirements/{name}.txt").read_text(), re.MULTILINE))
        for name in ("runtime", "test")
    )
    assert bundled
    assert bundled <= tested


def test_the_version_is_the_same_everywhere(root: Path) -> None:
    assert f'\nversion = "{hub_image_actions.__version__}"\n' in (root / "pyproject.toml").read_text()


def test_what_is_run_by_its_name_is_executable(root: Path) -> None:
    texts = [path for path in listed(root) if path.is_file() and path.read_bytes().startswith(b"#!")]
    assert [path for path in texts if not os.access(path, os.X_OK)] == []


def test_no_file_holds_the_marks_of_a_merge(root: Path) -> None:
    marks = re.compile(rb"^(<{7}|>{7}) ", re.MULTILINE)
    assert [path for path in listed(root) if path.is_file() and marks.search(path.read_bytes())] == []
