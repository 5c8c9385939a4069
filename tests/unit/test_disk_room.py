"""Room is made on machines that are thrown away after the job, and only where it is wanted."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from hub_image_actions import image_build
from hub_image_actions.build_origin import BuildOrigin, read_origin
from hub_image_actions.build_report import BuildReport
from hub_image_actions.build_settings import Publication, read_build, read_image
from hub_image_actions.disk_space import GIB, Disk
from hub_image_actions.image_build import ImageBuild
from hub_image_actions.inputs import Inputs
from hub_image_actions.runner import Runner


@pytest.fixture
def origin(tmp_path: Path) -> BuildOrigin:
    return read_origin({"RUNNER_TEMP": str(tmp_path)}, tmp_path)


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
    origin: BuildOrigin,
    wanted: str,
    free: int,
    hosted: bool,
    cleared: bool,
    warned: bool,
) -> None:
    asked: list[Any] = []

    def clear(folders: object) -> list[str]:
        asked.append(folders)
        return ["/opt/ghc"]

    monkeypatch.setattr(image_build, "clear_unused", clear)
    monkeypatch.setattr(Disk, "free", lambda self: free * GIB)
    inputs = Inputs(lambda name: {"image": "a/b", "free-disk-space": wanted}.get(name, ""))
    settings = read_build(inputs, read_image(inputs), Publication(tags=("1",)))
    report = BuildReport("", "")
    http = cast("Any", SimpleNamespace())
    build = ImageBuild(settings, replace(origin, hosted=hosted), {}, Runner({}), http, report, Path("lock"))
    build._make_room(Disk(Path("/")))
    assert bool(asked) is cleared
    assert bool(report.warnings) is warned
