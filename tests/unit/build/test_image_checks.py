"""The checks of an image that was built, and what is told of them."""

from pathlib import Path
from typing import Any

import pytest

from fake_build import FakeBuild, fake_build, read_settings
from hub_image_actions.build.image_checks import ImageChecks, ImageTestsFailed
from hub_image_actions.build.settings import BuildSettings, Publication
from hub_image_actions.checks.diagnosis import Diagnosis
from hub_image_actions.checks.hub_check import HubCheck, HubCheckFailed, HubCheckResult
from hub_image_actions.checks.image_tests import ImageTests
from hub_image_actions.checks.results import CaseResult, Outcome, SuiteResults

PASSED = CaseResult("test_sums", "image-tests/test_a.py", 3, Outcome.PASSED)
FAILED = CaseResult("test_one", "image-tests/test_a.py", 7, Outcome.FAILED, "it is two")


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """Returns a checkout with tests."""
    (tmp_path / "course" / "image-tests").mkdir(parents=True)
    (tmp_path / "course" / "image-tests" / "test_a.py").write_text("def test_sums(): pass\n")
    return tmp_path


def checks(build: FakeBuild) -> ImageChecks:
    """Return the checks of a build."""
    return ImageChecks(build.job, build.login.docker)


def settings(push: bool = False, /, **given: str) -> BuildSettings:
    """Return the settings of a build in a folder of its own."""
    return read_settings(Publication(push=push, tags=("1",)), context="course", **given)


@pytest.mark.parametrize(
    ("given", "has"), [({}, True), ({"test": "false"}, False), ({"tests_dir": "other"}, False)]
)
def test_an_image_has_tests_where_there_are_some_and_they_are_wanted(
    course: Path, given: dict[str, str], has: bool
) -> None:
    assert checks(fake_build(course, settings(**given))).has_tests() is has


def test_tests_that_passed_are_told(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageTests, "run", lambda *_: SuiteResults((PASSED,)))
    build = fake_build(course, settings())
    checks(build).test()
    assert build.job.report.tests == SuiteResults((PASSED,))
    assert build.told.lines == ["group: Testing with image-tests", "Tests: 1 passed"]


@pytest.mark.parametrize(("push", "remedy"), [(True, "Nothing was pushed."), (False, "shows why.")])
def test_each_test_that_failed_is_shown_at_its_place(
    course: Path, monkeypatch: pytest.MonkeyPatch, push: bool, remedy: str
) -> None:
    monkeypatch.setattr(ImageTests, "run", lambda *_: SuiteResults((PASSED, FAILED)))
    build = fake_build(course, settings(push))
    with pytest.raises(ImageTestsFailed, match="1 of the image's tests failed: test_one") as raised:
        checks(build).test()
    assert raised.value.remedy.endswith(remedy)
    assert build.told.lines[-1] == "error: course/image-tests/test_a.py:7 test_one: it is two"
    assert build.job.report.tests


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"test": "false"}, []),
        ({"tests_dir": "other"}, ["notice: There are no tests in other; the image is not tested."]),
    ],
)
def test_without_tests_nothing_is_run(course: Path, given: dict[str, str], told: list[str]) -> None:
    build = fake_build(course, settings(**given))
    checks(build).test()
    assert build.told.lines == told
    assert build.job.report.tests is None


def test_a_start_as_on_a_hub_is_reported(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[HubCheck] = []

    def run(self: HubCheck, *_: Any) -> HubCheckResult:
        seen.append(self)
        return HubCheckResult(3.0, "5.3.0", (), warnings=("Slow.",), browser=SuiteResults((PASSED,)))

    monkeypatch.setattr(HubCheck, "run", run)
    build = fake_build(course, settings(hub_check_timeout="7", hub_version="5.3.0", user_id="12"))
    checks(build).start_as_on_a_hub()
    report = build.job.report
    assert (seen[0].timeout, seen[0].hub_version, seen[0].user_id) == (7, "5.3.0", 12)
    assert seen[0].browser_tests
    assert seen[0].browser_tests.folder == course / "course" / "browser-tests"
    assert report.hub_check
    assert report.warnings == ["Slow."]
    assert report.browser_tests == SuiteResults((PASSED,))


def test_a_start_that_fails_is_diagnosed(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    diagnosis = Diagnosis("It does not start", "Install it.", "x", ("x",))

    def run(*_: Any) -> HubCheckResult:
        raise HubCheckFailed(diagnosis)

    monkeypatch.setattr(HubCheck, "run", run)
    build = fake_build(course, settings())
    with pytest.raises(HubCheckFailed):
        checks(build).start_as_on_a_hub()
    assert build.job.report.diagnosis == diagnosis
    assert build.job.report.hub_check == ""


def test_tests_that_fail_in_a_browser_fail_the_build(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = HubCheckResult(3.0, "5.3.0", (), browser=SuiteResults((FAILED,)))
    monkeypatch.setattr(HubCheck, "run", lambda *_: result)
    with pytest.raises(ImageTestsFailed):
        checks(fake_build(course, settings())).start_as_on_a_hub()
