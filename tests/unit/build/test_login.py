"""Docker's settings for one build: where they lie, and when the login is in them."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from fake_build import FakeBuild, fake_build, read_settings
from hub_image_actions.build.job import BuildJob
from hub_image_actions.build.login import check_private
from hub_image_actions.errors import ActionError


@pytest.fixture
def build(tmp_path: Path) -> FakeBuild:
    """A build whose registry wants a password."""
    return fake_build(tmp_path, read_settings(registry_password="geheim"))


def job_in(folder: Path, context: str, scratch: Path) -> BuildJob:
    """Return a job of a checkout in a folder."""
    (folder / "checkout").mkdir(exist_ok=True)
    job = fake_build(folder / "checkout", read_settings(context=context)).job
    return replace(job, origin=replace(job.origin, scratch=scratch))


def test_the_login_comes_and_goes(build: FakeBuild) -> None:
    login = build.login
    for _ in range(2):
        login.open()
        assert "geheim" in build.config.read_text()
        login.close()
        login.close()
        assert build.config.read_text() == "{}"
        assert build.config.stat().st_mode & 0o077 == 0
    assert [name for name, *_ in build.docker.asked] == ["login", "login"]


def test_without_a_password_there_is_no_login(tmp_path: Path) -> None:
    build = fake_build(tmp_path)
    build.login.open()
    build.login.close()
    assert build.docker.asked == []


@pytest.mark.parametrize(
    ("context", "scratch", "refused"),
    [
        (".", "checkout", True),
        (".", "checkout/inner", True),
        (".", "link/inner", True),
        ("hub", "checkout/hub", True),
        ("hub", "checkout", False),
        (".", "outside", False),
        (".", "checkout-2", False),
        ("out", "outside", False),
    ],
)
def test_private_files_are_not_below_the_folder_that_is_built(
    tmp_path: Path, context: str, scratch: str, refused: bool
) -> None:
    (tmp_path / "checkout" / "hub").mkdir(parents=True)
    (tmp_path / "link").symlink_to("checkout")
    (tmp_path / "checkout" / "out").symlink_to("..")
    folder = tmp_path / scratch
    folder.mkdir(exist_ok=True)
    job = job_in(tmp_path, context, folder)
    if refused:
        with pytest.raises(ActionError, match="is in the folder that the image is built from"):
            check_private(job)
    else:
        check_private(job)


@pytest.mark.parametrize("kind", ["link", "somebody else's"])
def test_a_folder_that_others_can_look_into_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    folder, real = tmp_path / "scratch", tmp_path / "real"
    real.mkdir()
    if kind == "link":
        folder.symlink_to(real)
    else:
        folder.mkdir()
        facts = os.stat_result((*folder.stat()[:4], 4711, *folder.stat()[5:]))
        monkeypatch.setattr(Path, "lstat", lambda _: facts)
    with pytest.raises(ActionError, match="belongs to somebody else"):
        check_private(job_in(tmp_path, ".", folder))
