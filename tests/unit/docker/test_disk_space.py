"""Room on the disk is made by moving folders aside."""

import time
from pathlib import Path

import pytest

from hub_image_actions.docker.disk_space import ASIDE, GIB, Disk, DiskFull, clear_unused


def test_folders_are_gone_at_once_and_deleted_soon(tmp_path: Path) -> None:
    android, dotnet = tmp_path / "android", tmp_path / "dotnet"
    (android / "sdk").mkdir(parents=True)
    moved = clear_unused([str(android), str(dotnet)], print, sudo=())
    assert moved == [str(android)]
    assert not android.exists()
    deadline = time.monotonic() + 10
    while list(tmp_path.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert list(tmp_path.iterdir()) == []


def test_what_an_earlier_run_left_aside_goes_too(tmp_path: Path) -> None:
    (tmp_path / "android").mkdir()
    (tmp_path / f"android{ASIDE}").mkdir()
    assert clear_unused([str(tmp_path / "android")], print, sudo=()) == [str(tmp_path / "android")]


def test_a_disk_without_room_for_anything_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Disk, "free", lambda self: GIB // 2)
    with pytest.raises(DiskFull, match=r"Only 0\.5 GiB are free in /\."):
        Disk(Path("/")).check()


def test_a_disk_with_room_is_fine(tmp_path: Path) -> None:
    Disk(tmp_path).check()
    assert Disk(tmp_path).free() > GIB
