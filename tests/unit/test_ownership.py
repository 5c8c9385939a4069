"""Who made a temporary folder, and whether they are gone."""

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hub_image_actions import ownership
from hub_image_actions.ownership import Owner, owned_folder, parse_owner, sweep_folders, this_process


@pytest.fixture
def sleeping() -> Iterator["subprocess.Popen[bytes]"]:
    """A process of somebody."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        yield process
        process.kill()


def owner_of(number: int) -> Owner:
    return replace(this_process(), number=number, start=ownership._start_of(number))


def test_a_process_is_gone_once_it_has_ended(sleeping: "subprocess.Popen[bytes]") -> None:
    owner = owner_of(sleeping.pid)
    assert not owner.is_gone()
    sleeping.kill()
    deadline = time.monotonic() + 10
    # Nobody has asked how it ended: its number is still taken.
    while not owner.is_gone() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert owner.is_gone()
    sleeping.wait()
    assert owner.is_gone()


def test_another_process_of_the_same_number_is_another(sleeping: "subprocess.Popen[bytes]") -> None:
    owner = owner_of(sleeping.pid)
    assert replace(owner, start=owner.start - 1).is_gone()


def test_where_starts_are_not_known_the_number_counts(sleeping: "subprocess.Popen[bytes]") -> None:
    assert not replace(owner_of(sleeping.pid), start=0).is_gone()
    assert not replace(owner_of(1), start=0).is_gone()
    assert replace(this_process(), number=2**22 + 7, start=0).is_gone()


def test_of_another_machine_only_time_tells() -> None:
    elsewhere = replace(this_process(), machine="0" * 12, number=2**22 + 7)
    assert not elsewhere.is_gone()
    assert replace(elsewhere, since=elsewhere.since - 6 * 24 * 3600).is_gone()


@pytest.mark.parametrize("text", ["", "x", "1.2.3.4", "0123456789ab.1.2", "0123456789ab.1.2.3.4"])
def test_a_text_that_names_nobody(text: str) -> None:
    assert parse_owner(text) is None


def test_an_owner_is_read_as_it_was_written() -> None:
    assert parse_owner(str(this_process())) == this_process()


def test_only_folders_of_those_who_are_gone_are_removed(tmp_path: Path) -> None:
    gone = replace(this_process(), start=this_process().start - 1)
    left = tmp_path / f"hub-image-actions-docker-config-{gone}-a1_b"
    (left / "inner").mkdir(parents=True)
    (left / "inner" / "config.json").write_text("geheim")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "file").touch()
    (left / "link").symlink_to(elsewhere)
    link = tmp_path / f"hub-image-actions-link-{gone}-a"
    link.symlink_to(elsewhere)
    (tmp_path / "hub-image-actions-something").mkdir()
    with owned_folder("image-tests", tmp_path) as mine:
        assert sweep_folders(tmp_path, tmp_path) == [left.name]
        assert mine.is_dir()
        assert mine.stat().st_mode & 0o077 == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["elsewhere", "hub-image-actions-something", link.name]
    )
    assert (elsewhere / "file").exists()
