"""What the doctor tells: each finding once, with all that it holds for, and how many are well."""

from dataclasses import replace

import pytest

from hub_image_actions.fleet.doctor.case import Case
from hub_image_actions.fleet.doctor.doctor import examined
from hub_image_actions.fleet.doctor.findings import Examination, Finding, Severity
from hub_image_actions.fleet.doctor.report import report_as_json, report_of, summary_of
from unit import fleet_variants as field
from unit.fleet.doctor.cases import both, files, settings, variables


def finding(repository: str, severity: Severity = "broken", **parts: str) -> Finding:
    """Return a finding, with these of its parts."""
    return replace(Finding(repository, severity, "n", "w", "p", "f"), **parts)  # type: ignore[arg-type]  # by name


def examination(repository: str, *findings: Finding) -> Examination:
    """Return a repository and its findings."""
    return Examination(repository, findings)


def test_a_finding_is_shown_with_its_place_and_its_fix() -> None:
    shown = report_of([examination("o/r", finding("o/r"))])
    assert shown == "o/r\n  broken   p  [n]\n           at   w\n           fix  f"
    assert report_of([examination("o/r")]) == "o/r: nothing to fix"


def test_what_holds_for_many_files_is_told_once_with_all_of_them() -> None:
    places = [f".github/workflows/{number}.yaml:3" for number in range(20)]
    shown = report_of([examination("o/r", *(finding("o/r", where=place) for place in places))])
    assert shown.count("[n]") == shown.count("fix  f") == 1
    assert all(place in shown for place in places)


def test_problems_with_one_remedy_are_told_together() -> None:
    ones = [finding("o/r", problem=f"The job {name} may write.") for name in "abcdefg"]
    lines = report_of([examination("o/r", *ones)]).splitlines()
    assert lines[1] == "  broken   The job a may write.  [n]"
    assert lines[2:7] == [
        *(f"           The job {name} may write." for name in "bcde"),
        "           and 2 more",
    ]
    assert lines[7:] == ["           at   w", "           fix  f"]


def test_what_holds_for_several_repositories_is_told_once_with_their_names() -> None:
    def of(name: str) -> Examination:
        fix = f"gh repo edit {name} --delete-branch-on-merge"
        return examination(name, finding(name, where=f"https://github.com/{name}/settings", fix=fix))

    shown = report_of([of("o/a-image"), of("o/b-image"), of("q/c-image"), examination("o/d-image")])
    assert shown.splitlines() == [
        "In several repositories, where REPOSITORY is the name of each:",
        "  broken   p  [n]",
        "           in   2 repositories: o/ a-image, b-image",
        "           at   https://github.com/o/REPOSITORY/settings",
        "           fix  gh repo edit o/REPOSITORY --delete-branch-on-merge",
        "",
        "q/c-image",
        "  broken   p  [n]",
        "           at   https://github.com/q/c-image/settings",
        "           fix  gh repo edit q/c-image --delete-branch-on-merge",
        "",
        "o/d-image: nothing to fix",
    ]


def test_the_same_kind_at_another_severity_or_with_another_remedy_is_told_apart() -> None:
    shown = report_of(
        [
            examination("o/a-image", finding("o/a-image"), finding("o/a-image", "hint")),
            examination("o/b-image", finding("o/b-image", fix="g"), finding("o/b-image", "hint")),
        ]
    )
    assert shown.index("hint") < shown.index("broken")
    assert shown.count("[n]") == 3


def test_many_repositories_in_which_all_is_well_are_listed_together() -> None:
    shown = report_of([examination(f"berkeley-dsep-infra/image-{number}") for number in range(30)])
    assert shown.startswith("Nothing to fix: berkeley-dsep-infra/ image-0, image-1")
    assert len(shown.splitlines()) < 10


def test_twenty_two_repositories_with_the_same_pipeline_fit_on_a_page(case: Case) -> None:
    there = {path: None for path in case.snapshot.files if path.startswith(field.WORKFLOWS)}
    old = {path: content.decode() for path, content in field.berkeley_caller("main").items()}
    berkeley = both(
        both(files({**there, **old}), settings(token="write", deletes_branches=False)),
        both(
            variables(APP_ID="1", CLIENT_ID=""),
            settings(secrets=frozenset({"GAR_SECRET_KEY", "PRIVATE_KEY_SECRET"})),
        ),
    )(case)
    repositories = []
    for number in range(22):
        name = f"berkeley-dsep-infra/hub{number}-user-image"
        one = replace(berkeley, snapshot=replace(berkeley.snapshot, full_name=name))
        repositories.append(Examination(name, examined(one)))
    shown = report_of(repositories)
    assert sum(len(one.findings) for one in repositories) > 22 * 8
    assert len(shown.splitlines()) < 70
    assert "us-central1" not in shown


@pytest.mark.parametrize(
    ("examinations", "expected"),
    [
        (
            [
                examination("a", finding("a", "broken"), finding("a", "hint")),
                examination("b", finding("b", "warning")),
                examination("c"),
            ],
            "3 repositories: 1 broken, 1 with warnings, 1 with nothing to fix.",
        ),
        ([examination("c")], "1 repository: 1 with nothing to fix."),
    ],
)
def test_the_summary_counts_repositories_by_their_worst_finding(
    examinations: list[Examination], expected: str
) -> None:
    assert summary_of(examinations) == expected


def test_programs_get_every_finding_by_itself() -> None:
    (one,) = report_as_json([examination("o/r", finding("o/r"), finding("o/r", where="x"))])
    assert one["repository"] == "o/r"
    assert [item["where"] for item in one["findings"]] == ["w", "x"]  # type: ignore[attr-defined]  # JSON
