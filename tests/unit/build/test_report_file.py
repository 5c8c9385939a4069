"""A report as a file: whole for those who wrote it, and nothing but text and numbers of a stranger's."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from hostile import VALUES, WRITTEN, assert_harmless
from hub_image_actions.build.report import BuildReport, ReusedImage
from hub_image_actions.build.report_file import MOST_BYTES, UnusableReport, read_report, write_report
from hub_image_actions.checks.diagnosis import Diagnosis
from hub_image_actions.checks.results import CaseResult, Outcome, SuiteResults
from hub_image_actions.docker.engine import Layer
from hub_image_actions.errors import ActionError, InputError, InvalidInputs
from hub_image_actions.images.comparison import ImageComparison
from hub_image_actions.images.contents import ImageContents
from hub_image_actions.images.size import ImageSize, LayerSize
from hub_image_actions.packages.package_list import Package, PackageList

MIB = 1 << 20
FAILED = CaseResult("test_sums", "image-tests/test_a.py", 7, Outcome.FAILED, "1 is not 2", "E  no", 0.5)


def report(**facts: Any) -> BuildReport:
    made = BuildReport("h/a/b:1", "Test of b", is_test=True)
    for name, value in facts.items():
        setattr(made, name, value)
    return made


def full() -> BuildReport:
    """Return a report that tells all that there is to tell."""
    size = ImageSize((LayerSize(60 * MIB, "RUN make"), LayerSize(3 * MIB, "COPY . .")))
    smaller = ImageSize((LayerSize(40 * MIB, "RUN make"),))
    old = ImageContents(PackageList((Package("pip", "numpy", "1.26.4"),)), smaller)
    new = ImageContents(PackageList((Package("pip", "numpy", "2.1.0"), Package("apt", "git", "2"))), size)
    passed = replace(FAILED, outcome=Outcome.PASSED, message="", text="")
    return report(
        size=90 * MIB,
        digest="sha256:1f",
        layers=(Layer(60 * MIB, "RUN make"), Layer(30 * MIB, "COPY . .")),
        phases={"Check": 1.0, "Build": 3.0},
        tests=SuiteResults((FAILED, passed)),
        free=(3 << 30, 2 << 30),
        cached_from="h/a/b:0",
        warnings=["No `apt.txt`.", "Little room."],
        error=ActionError("A test failed.", "The report shows why."),
        hub_check="ready in 3 s",
        browser_tests=SuiteResults((replace(passed, name="test_page"),)),
        contents=new,
        comparison=ImageComparison(old, new, "0"),
    )


def told(content: bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    value = json.loads(content)
    change(value)
    return json.dumps(value).encode()


@pytest.mark.parametrize(
    "made",
    [
        full(),
        report(),
        report(error=InvalidInputs((InputError("image", "it is empty."), InputError("tag", "no.", "Do.")))),
        report(
            error=ActionError("x"), diagnosis=Diagnosis("The disk is full", "Free some.", "x", ("a", "c"))
        ),
        report(
            pullable="h/a/b:inputs-1", size=1, reused=ReusedImage("", "2026-11-23T10:00:00Z", "12 passed")
        ),
        report(reused=ReusedImage("", "2026-11-23", "1 passed", same_as="511c4637d702", has_older_base=True)),
        report(reused=ReusedImage("", "2026-11-23", "", same_as="511c4637d702", has_older_base=True)),
        report(contents=ImageContents(problem="it cannot be read")),
    ],
)
def test_what_is_read_again_reads_the_same(made: BuildReport) -> None:
    assert read_report(write_report(made), made.title).markdown() == made.markdown()


def test_the_page_of_a_run_is_taken_from_nobody() -> None:
    made = report(
        reused=ReusedImage("https://evil.example/", "2026-11-23", "1 passed"), run_url="https://evil/"
    )
    assert "evil" not in read_report(write_report(made), "x").markdown()


@pytest.mark.parametrize("text", list(WRITTEN.values()), ids=list(WRITTEN))
def test_a_text_is_text_wherever_it_stands(text: str) -> None:
    made = full()
    case = replace(FAILED, name=text, file=text, message=text, text=text)
    contents = ImageContents(problem=text)
    made.pullable, made.digest, made.cached_from, made.hub_check = text, text, text, text
    made.tests, made.browser_tests = SuiteResults((case,)), SuiteResults((case,))
    made.warnings, made.phases, made.layers = [text], {text: 1.0}, (Layer(60 * MIB, text),)
    made.error = ActionError(text, text, file=text, line=1)
    made.diagnosis = Diagnosis(text, text, text, (text,))
    made.contents, made.comparison = contents, ImageComparison(contents, contents, text)
    made.reused = ReusedImage("", text, text, same_as=text)
    read = read_report(write_report(made), "Test of b")
    read.is_for_review = True
    assert_harmless(read.markdown())


def test_what_cannot_be_seen_is_left_out() -> None:
    read = read_report(write_report(report(hub_check="a\u202eb\u200b\x1b[2Jc\x00d")), "x")
    assert read.hub_check == "ab[2Jcd"


WRONG: dict[str, Callable[[dict[str, Any]], object]] = {
    "another form": lambda value: value.update(form=2),
    "another field": lambda value: value.update(number=7),
    "a missing field": lambda value: value.pop("free"),
    "a number as a text": lambda value: value.update(size="1"),
    "a text as a number": lambda value: value.update(pullable=1),
    "no number": lambda value: value.update(phases=[["Build", float("nan")]]),
    "an endless number": lambda value: value.update(phases=[["Build", float("inf")]]),
    "a negative size": lambda value: value.update(size=-1),
    "a size beyond all disks": lambda value: value.update(size=10**16),
    "a truth value as a size": lambda value: value.update(size=True),
    "another outcome": lambda value: value.update(tests=[["a", "a", 1, "approved", "", "", 1]]),
    "an outcome that is a list": lambda value: value.update(tests=[["a", "a", 1, [], "", "", 1]]),
    "a short row": lambda value: value.update(tests=[["a"]]),
    "packages of nobody": lambda value: value["contents"].__setitem__(0, {"form": 1, "packages": {"x": {}}}),
}


@pytest.mark.parametrize("change", list(WRONG.values()), ids=list(WRONG))
def test_another_form_is_refused(change: Callable[[dict[str, Any]], object]) -> None:
    with pytest.raises(UnusableReport):
        read_report(told(write_report(full()), change), "x")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000, b"1" * 5000])
def test_what_is_no_object_is_refused(content: bytes) -> None:
    with pytest.raises(UnusableReport):
        read_report(content, "x")


@pytest.mark.parametrize("field", sorted(json.loads(write_report(full()))))
@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_whatever_stands_in_a_field_there_is_one_error_or_a_report(field: str, value: Any) -> None:
    try:
        read = read_report(told(write_report(full()), lambda told: told.update({field: value})), "x")
    except UnusableReport:
        return
    assert_harmless(read.markdown())


def test_a_report_of_any_size_fits_into_the_file_and_into_a_comment() -> None:
    long = replace(FAILED, name="test_" + "x" * 900, message="no" * 2000, text="line ```\n" * 500)
    packages = PackageList(tuple(Package("apt", f"p{number}" * 10, "1") for number in range(20_000)))
    made = full()
    made.tests, made.warnings = SuiteResults((long,) * 5000), ["w" * 9000] * 500
    made.contents = ImageContents(packages)
    made.comparison = ImageComparison(made.contents, made.contents, "0")
    content = write_report(made)
    assert len(content) <= MOST_BYTES
    assert len(read_report(content, "x").markdown()) <= 60_000


def test_of_many_tests_the_failing_ones_are_told() -> None:
    passed = replace(FAILED, name="good", outcome=Outcome.PASSED)
    read = read_report(write_report(report(tests=SuiteResults((passed,) * 3000 + (FAILED,)))), "x")
    assert read.tests is not None
    assert read.tests.cases[0] == FAILED
    assert read.tests.count(Outcome.PASSED) == 1999
