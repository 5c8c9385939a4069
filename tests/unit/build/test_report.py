"""The report of a build, for the instructor who wants to know whether it works."""

from dataclasses import replace
from pathlib import Path

import pytest

from hub_image_actions.build.hub_link import HubLink
from hub_image_actions.build.report import BuildReport, failed_tests
from hub_image_actions.checks.diagnosis import Diagnosis
from hub_image_actions.checks.results import CaseResult, Outcome, SuiteResults
from hub_image_actions.docker.engine import Layer
from hub_image_actions.errors import ActionError, InputError, InvalidInputs
from hub_image_actions.images.comparison import ImageComparison
from hub_image_actions.images.contents import ImageContents
from hub_image_actions.packages.package_list import Package, PackageList
from hub_image_actions.quantities import human_size, human_time

MIB = 1 << 20


def report(**facts: object) -> BuildReport:
    made = BuildReport("h/a/b:1", "Build of b")
    for name, value in facts.items():
        setattr(made, name, value)
    return made


def failed(number: int) -> CaseResult:
    return CaseResult(f"test_{number}", "image-tests/test_a.py", 7, Outcome.FAILED, "no | `x`", "E  no ```")


def test_a_build_that_went_well_is_short() -> None:
    text = report(pushed=True, pullable="h/a/b:1").markdown()
    assert text == "### ✅ Build of b\n\n|  |  |\n| --- | --- |\n| **Image** | `h/a/b:1` |\n"


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"pullable": "h/c/b:inputs-1f", "is_kept": True}, "`h/c/b:inputs-1f`, kept for the merge"),
        ({"pullable": "h/a/b:inputs-1f"}, "`h/a/b:inputs-1f`"),
        ({}, "not kept"),
        ({"is_test": False}, "`h/a/b:1`, not pushed"),
    ],
)
def test_the_image_is_named_by_what_can_be_pulled(facts: dict[str, object], said: str) -> None:
    text = report(**{"is_test": True, "size": 5 * MIB, **facts}).markdown()
    assert f"| **Image** | {said} |" in text


TRIED = {
    "is_test": True,
    "size": 5 * MIB,
    "pullable": "h/c/b:inputs-1f",
    "digest": f"sha256:{'1f' * 32}",
    "hub": HubLink("https://staging.example.org", "any-image"),
}


def test_what_can_be_pulled_can_be_tried_by_its_digest() -> None:
    text = report(**TRIED).markdown()
    assert "🚀 **[Try it on the staging hub](https://staging.example.org/hub/spawn?profile=any-image&" in text
    assert f"unlisted-choice=h%2Fc%2Fb%40sha256%3A{'1f' * 32})** (`staging.example.org`): it starts" in text


@pytest.mark.parametrize(
    "facts", [{"hub": None}, {"pullable": ""}, {"digest": ""}, {"error": ActionError("The tests failed.")}]
)
def test_what_no_hub_could_start_is_not_offered(facts: dict[str, object]) -> None:
    assert "Try it" not in report(**{**TRIED, **facts}).markdown()


def test_an_image_that_was_not_made_is_not_named() -> None:
    assert "Image" not in report(is_test=True, error=ActionError("x")).markdown()


def test_the_whole_of_it_reads_so() -> None:
    old = ImageContents(PackageList((Package("pip", "numpy", "1.26.4"),)))
    new = ImageContents(PackageList((Package("pip", "numpy", "2.1.0"), Package("pip", "pandas", "2.2.3"))))
    passed = CaseResult("test_sums", "image-tests/test_a.py", 3, Outcome.PASSED, seconds=1.25)
    text = report(
        tags=("1", "latest"),
        pushed=True,
        pullable="h/a/b:1",
        digest="sha256:1f",
        size=90 * MIB,
        layers=(Layer(60 * MIB, "RUN make"), Layer(30 * MIB, "COPY . .")),
        phases={"Check": 1.0, "Build": 3.0},
        tests=SuiteResults((passed, failed(1))),
        free=(3 << 30, 2 << 30),
        cached_from="h/a/b:0",
        warnings=["No `apt.txt`.", "Little room."],
        error=ActionError("A test failed.", "The report shows why."),
        run_url="https://github.com/a/b/actions/runs/7",
        hub_check="ready in 3 s",
        browser_tests=SuiteResults((replace(passed, name="test_page"),)),
        contents=new,
        comparison=ImageComparison(old, new, "0"),
    ).markdown()
    assert text == Path(__file__).with_name("report_in_full.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({}, "ready for review."),
        (
            {"tests": SuiteResults((failed(1),)), "error": ActionError("x")},
            "fix `image-tests/test_a.py:7`, and",
        ),
        ({"error": ActionError("x", file="Dockerfile", line=3)}, "fix `Dockerfile:3`, and"),
        ({"error": ActionError("x", file="apt.txt")}, "fix `apt.txt`, and"),
        ({"error": ActionError("x")}, "do what is said above, and"),
        ({"conclusion": "failure"}, "look at the run's log, and"),
    ],
)
def test_a_pull_requests_report_says_what_comes_next(facts: dict[str, object], said: str) -> None:
    assert f"\n\n**Next:** {said}" in report(is_for_review=True, **facts).markdown()
    assert "**Next:**" not in report(**facts).markdown()


def test_a_failure_that_is_known_leads_to_the_page_of_failures() -> None:
    found = Diagnosis("The disk is full", "Free some.", "x", ("x",))
    text = report(error=ActionError("x"), diagnosis=found, is_for_review=True).markdown()
    assert "/docs/troubleshooting.md)." in text


def test_one_error_is_a_paragraph() -> None:
    text = report(error=ActionError("It broke.", "Mend `it`.")).markdown()
    assert text.startswith("### ❌ Build of b\n\n**It broke\\.** Mend `it`\\.\n\n|")


def test_several_errors_are_a_list() -> None:
    errors = (InputError("image", "it is empty."), InputError("user-id", "it is no number."))
    text = report(error=InvalidInputs(errors)).markdown()
    assert "\n\n- **Input `image`\\: it is empty\\.**\n- **Input `user-id`\\: it is no number\\.**\n" in text


def test_a_diagnosis_has_its_excerpt() -> None:
    found = Diagnosis("The disk is full", "Free some.", "x", ("a ``` b", "c"))
    text = report(error=ActionError("x"), diagnosis=found).markdown()
    assert "**The disk is full\\.** Free some\\.\n\n````text\na ``` b\nc\n````" in text


def test_a_diagnosis_names_the_line_of_the_configuration_that_it_is_about() -> None:
    found = Diagnosis("conda finds no package numpy =99", "Check it.", "x", ("x",), "numpy =99")
    error = ActionError("x", file="environment.yml", line=3)
    text = report(error=error, diagnosis=found).markdown()
    assert "**conda finds no package numpy =99\\.** Check it\\. `environment.yml:3`\n\n```text" in text


def test_a_diagnosis_without_a_remedy_has_the_line_in_its_headline() -> None:
    found = Diagnosis("The build failed", "", "no *lamp*", ("no *lamp*",))
    text = report(error=ActionError("x"), diagnosis=found).markdown()
    assert "**The build failed\\.** `no *lamp*`\n\n```text\nno *lamp*\n```" in text


def test_the_biggest_layers_are_a_chart() -> None:
    layers = (
        Layer(30 * MIB, "RUN /bin/sh -c make | tee log # buildkit"),
        Layer(60 * MIB, "/bin/sh -c #(nop) COPY dir:1 in /srv"),
        Layer(10 * MIB, "|1 A=b /bin/sh -c true"),
        Layer(5 * MIB, "RUN |2 A=b C=d /bin/bash -lc conda " + "x" * 200),
        Layer(10, "ENV A=b"),
    )
    text = report(layers=layers, size=105 * MIB).markdown()
    rows = [line for line in text.splitlines() if line.endswith("` |") and "MiB" in line]
    assert rows[0] == "| 60 MiB | ███████████░░░░░░░░░ | `COPY dir:1 in /srv` |"
    assert rows[1] == "| 30 MiB | ██████░░░░░░░░░░░░░░ | `RUN make \\| tee log` |"
    assert rows[2].endswith("| `RUN true` |")
    assert rows[3].endswith("x…` |")
    assert len(rows) == 4


def test_failed_tests_are_folded_away_below_what_failed() -> None:
    text = report(tests=SuiteResults(tuple(map(failed, range(25))))).markdown()
    assert "| **Tests** | ❌ 25 failed |" in text
    assert "<summary>❌ test_0 (image-tests/test_a.py:7): no | `x`</summary>\n\n````text\nE  no ```\n" in text
    assert "… and 5 more tests failed." in text


def test_all_tests_are_a_table() -> None:
    passed = CaseResult("test_sums", "image-tests/test_a.py", 3, Outcome.PASSED, seconds=1.25)
    text = report(tests=SuiteResults((passed, failed(1)))).markdown()
    assert "<summary>All tests: 2</summary>" in text
    assert "| ✅ | `test_sums` | `image-tests/test_a.py` | 1.2 s |" in text
    assert "| ❌ | `test_1` |" in text


def test_a_report_is_short_enough_for_a_comment() -> None:
    long = CaseResult("test_" + "x" * 900, "a.py", 7, Outcome.FAILED, "no" * 2000, "line ```\n" * 500)
    text = report(tests=SuiteResults((long,) * 300)).markdown()
    assert len(text) <= 60_000
    assert "more tests failed." in text


def test_the_time_of_each_part_and_the_disk_are_told() -> None:
    text = report(phases={"Check": 1.0, "Build": 3.0}, free=(3 << 30, 2 << 30)).markdown()
    assert "<summary>Time: 4.0 s</summary>" in text
    assert "| Build | 3.0 s | ███████████████░░░░░ |" in text
    assert "Free disk: 3.0 GiB before, 2.0 GiB after." in text


def test_what_is_measured_twice_is_added_up() -> None:
    made = report()
    for _ in range(2):
        with made.phase("Check"):
            pass
    assert list(made.phases) == ["Check"]


def test_names_cannot_make_markup() -> None:
    text = report(title="Build of <b>@alice</b> [x](y)", warnings=["*a* @bob"]).markdown()
    assert "<b>" not in text
    assert "@alice" not in text
    assert "@bob" not in text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0 s"), (59.4, "59.4 s"), (60, "1 min 0 s"), (3725, "62 min 5 s")]
)
def test_times_are_as_people_read_them(seconds: float, text: str) -> None:
    assert human_time(seconds) == text


@pytest.mark.parametrize(("size", "text"), [(0, "0 MiB"), (5 * MIB, "5 MiB"), (3 << 29, "1.5 GiB")])
def test_sizes_are_as_people_read_them(size: int, text: str) -> None:
    assert human_size(size) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1, "1 of the image's tests failed: test_0."),
        (4, "4 of the image's tests failed: test_0, test_1, test_2, …."),
    ],
)
def test_failed_tests_are_named_in_a_few_words(number: int, text: str) -> None:
    assert failed_tests([failed(each) for each in range(number)]) == text
