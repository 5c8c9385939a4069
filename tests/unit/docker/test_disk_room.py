"""Room is made on machines that are thrown away after the job, and only where it is wanted."""

from pathlib import Path
from typing import Any

import pytest

from hub_image_actions.docker import disk_space
from hub_image_actions.docker.disk_space import GIB, Disk, make_room


@pytest.mark.parametrize(
    ("wanted", "free", "hosted", "cleared", "warned"),
    [
        ("auto", 10, True, True, False),
        ("auto", 50, True, False, False),
        ("always", 50, True, True, False),
        ("never", 10, True, False, True),
        ("auto", 10, False, False, True),
        ("always", 50, False, False, False),
    ],
)
def test_folders_are_cleared(
    monkeypatch: pytest.MonkeyPatch,
    wanted: str,
    free: int,
    hosted: bool,
    cleared: bool,
    warned: bool,
) -> None:
    asked: list[Any] = []

    def clear(folders: object, _: object) -> list[str]:
        asked.append(folders)
        return ["/opt/ghc"]

    monkeypatch.setattr(disk_space, "clear_unused", clear)
    monkeypatch.setattr(Disk, "free", lambda self: free * GIB)
    warnings = list(make_room(Disk(Path("/")), wanted, 20, lambda _: None, hosted=hosted))
    assert bool(asked) is cleared
    assert bool(warnings) is warned
