"""What the parts of a build share, and how a build begins."""

import errno
from pathlib import Path
from typing import cast

import pytest

from fake_build import Told, fake_build, read_settings
from hub_image_actions.build.job import open_job
from hub_image_actions.build.report import BuildReport
from hub_image_actions.entry.runner import Runner
from hub_image_actions.errors import ActionError


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


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            PermissionError(errno.EACCES, "Permission denied", "{}/image-tests/a.py"),
            "image-tests/a.py cannot be read",
        ),
        (
            OSError(errno.ELOOP, "Too many levels of symbolic links", b"{}/apt.txt"),
            "apt.txt cannot be read: Too many",
        ),
        (OSError(errno.ENOSPC, "No space left on device", "/x"), "/x cannot be used: No space left"),
        (OSError(errno.ENOSPC, "No space left on device"), "A file cannot be used: No space left"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_whose_it_is(
    tmp_path: Path, error: OSError, said: str
) -> None:
    build = fake_build(tmp_path)
    if isinstance(error.filename, bytes):
        error.filename = error.filename.replace(b"{}", bytes(build.job.origin.checkout))
    elif error.filename:
        error.filename = error.filename.replace("{}", str(build.job.origin.checkout))
    runner, report = cast("Runner", Told()), BuildReport("", "Build of image")
    with (
        pytest.raises(ActionError, match=f"^{said}"),
        open_job(build.job.settings, build.job.origin, runner, report, environ={}, locks=tmp_path),
    ):
        raise error
