"""The builder is started, and what it failed of is explained."""

from pathlib import Path
from typing import Any

import pytest

from fake_build import fake_build, read_settings
from hub_image_actions import process
from hub_image_actions.build.builder import Builder
from hub_image_actions.build.preparation import PreparedBuild
from hub_image_actions.build.repo2docker import Repo2docker
from hub_image_actions.errors import ActionError, CommandError

IMAGE = "quay.io/course/image:1"


def test_a_build_that_fails_is_diagnosed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise CommandError("docker build", 1, "no space left on device", "")

    monkeypatch.setattr(process, "stream", fail)
    build = fake_build(tmp_path, read_settings(builder="docker"))
    with pytest.raises(ActionError, match="no space left on device"):
        Builder(build.job, build.login).build(PreparedBuild(None, True, ""), None, tmp_path)
    assert build.job.report.diagnosis


def test_a_build_that_fails_of_a_package_points_at_the_line_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise CommandError("repo2docker", 1, "    └─ numpy =99 * does not exist (perhaps a typo).", "")

    monkeypatch.setattr(process, "stream", fail)
    build = fake_build(tmp_path, read_settings(builder="repo2docker"))
    (build.job.folder / "environment.yml").write_text("dependencies:\n- pandas\n- numpy=99\n")
    with pytest.raises(ActionError) as raised:
        Builder(build.job, build.login).build(PreparedBuild(None, True, ""), None, tmp_path)
    assert (raised.value.file, raised.value.line) == ("environment.yml", 3)


@pytest.mark.parametrize(
    ("earlier", "cached_from", "with_buildx", "used"),
    [
        ("aside", IMAGE, False, "aside"),
        ("aside", IMAGE, True, IMAGE),
        ("aside", "quay.io/course/image:0", False, "quay.io/course/image:0"),
        ("", IMAGE, False, IMAGE),
        ("aside", "", False, ""),
    ],
)
def test_an_image_of_the_same_name_is_out_of_the_way_of_repo2docker(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    earlier: str,
    cached_from: str,
    with_buildx: bool,
    used: str,
) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr(process, "stream", lambda command, **_: commands.append(command))
    build = fake_build(tmp_path)
    build.docker.earlier = earlier
    prepared = PreparedBuild(Repo2docker(Path("python"), "2026.04.0"), with_buildx, cached_from)
    Builder(build.job, build.login).build(prepared, None, tmp_path)
    assert build.docker.asked == [("set_aside", IMAGE)]
    assert ("--cache-from" in commands[0]) is bool(used)
    assert used == "" or used in commands[0]
    assert (build.job.report.cached_from, build.job.report.size) == (used, 7)
