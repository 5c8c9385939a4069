"""What the parts of a build share, and how a build begins."""

from pathlib import Path
from typing import cast

from fake_build import Told, fake_build, read_settings
from hub_image_actions.build.job import open_job
from hub_image_actions.build.report import BuildReport
from hub_image_actions.entry.runner import Runner


def test_a_warning_is_in_the_log_and_in_the_report(tmp_path: Path) -> None:
    build = fake_build(tmp_path)
    build.job.warn("Little room.")
    assert build.told.lines == ["warning: Little room."]
    assert build.job.report.warnings == ["Little room."]


def test_a_phase_is_measured_and_folded_away(tmp_path: Path) -> None:
    build = fake_build(tmp_path)
    with build.job.phase("Check", "Checking"):
        assert build.told.lines == ["group: Checking"]
    assert list(build.job.report.phases) == ["Check"]


def test_a_build_begins_with_its_name(tmp_path: Path) -> None:
    environ = {"HOME": "/root"}
    origin, report = fake_build(tmp_path).job.origin, BuildReport("", "Build of image")
    runner, settings = cast("Runner", Told()), read_settings(context="course")
    with open_job(settings, origin, runner, report, environ=environ, locks=tmp_path) as job:
        assert job.folder == tmp_path / "course"
        assert job.environment == environ
    assert (report.image, report.tags) == ("quay.io/course/image:1", ("1",))
