"""Results of an image's tests, read from the reports that pytest really writes."""

import subprocess
import sys
from pathlib import Path

import pytest

from hub_image_actions.checks.results import CaseResult, Outcome, SuiteResults, read_results
from hub_image_actions.errors import ActionError

MODULE = """\
import pytest
from helper import check


def test_passes():
    pass


def test_fails():
    value = 1
    assert value == 2, "sums"


def test_fails_elsewhere():
    check()


@pytest.fixture
def broken():
    raise RuntimeError("no server")


def test_setup_fails(broken):
    pass


@pytest.mark.skip(reason="later")
def test_later():
    pass


@pytest.mark.parametrize("text", ["<&>\\x07"])
def test_odd(text):
    pass
"""


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, CaseResult]:
    """The results of a run of pytest, by name."""
    root = tmp_path_factory.mktemp("srv")
    tests = root / "image-tests"
    tests.mkdir()
    (tests / "test_all.py").write_text(MODULE)
    (tests / "helper.py").write_text("def check():\n    raise ValueError('first\\nsecond')\n")
    (tests / "test_broken.py").write_text("import sys\nimport no_such_library\n")
    (root / "results").mkdir()
    options = ["-o", "junit_family=xunit1", "-p", "no:cacheprovider", "--tb=short", "--rootdir", str(root)]
    options += ["--continue-on-collection-errors", f"--junitxml={root}/results/pytest.xml"]
    subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(tests)], check=False, capture_output=True, cwd=root
    )
    return {case.name: case for case in read_results(root / "results").cases}


@pytest.mark.parametrize(
    ("name", "outcome", "line", "message"),
    [
        ("test_passes", Outcome.PASSED, 5, ""),
        ("test_fails", Outcome.FAILED, 11, "AssertionError: sums"),
        ("test_fails_elsewhere", Outcome.FAILED, 15, "ValueError: first"),
        ("test_setup_fails", Outcome.FAILED, 20, 'failed on setup with "RuntimeError: no server"'),
        ("test_later", Outcome.SKIPPED, 27, "later"),
    ],
)
def test_each_test_has_outcome_place_and_reason(
    cases: dict[str, CaseResult], name: str, outcome: Outcome, line: int, message: str
) -> None:
    case = cases[name]
    assert (case.file, case.outcome, case.line) == ("image-tests/test_all.py", outcome, line)
    assert case.message == message


def test_a_module_that_cannot_be_imported_is_a_failed_test(cases: dict[str, CaseResult]) -> None:
    case = cases["image-tests.test_broken"]
    assert (case.file, case.line) == ("image-tests/test_broken.py", 2)
    assert case.message == "ModuleNotFoundError: No module named 'no_such_library'"


def test_the_results_are_counted(cases: dict[str, CaseResult]) -> None:
    assert str(SuiteResults(tuple(cases.values()))) == "2 passed, 4 failed, 1 skipped"
    assert str(SuiteResults()) == "none"


def test_a_report_that_is_cut_off_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "pytest.xml").write_text("<testsuite><testcase")
    with pytest.raises(ActionError, match=r"The tests' report pytest\.xml is cut off"):
        read_results(tmp_path)
