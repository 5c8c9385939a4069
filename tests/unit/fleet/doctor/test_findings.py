"""Findings: which comes first, and which is a repository's worst."""

import pytest

from hub_image_actions.fleet.doctor.findings import Examination, Finding, in_order


def finding(repository: str, severity: str, name: str = "n") -> Finding:
    return Finding(repository, severity, name, "w", "p", "f")  # type: ignore[arg-type]  # a severity by name


def test_the_worst_comes_first() -> None:
    found = [
        finding("a", "hint"),
        finding("a", "broken", "x"),
        finding("a", "warning"),
        finding("a", "broken", "y"),
    ]
    assert [(one.severity, one.name) for one in in_order(found)] == [
        ("broken", "x"),
        ("broken", "y"),
        ("warning", "n"),
        ("hint", "n"),
    ]


@pytest.mark.parametrize(
    ("severities", "worst"),
    [
        (["hint", "broken", "warning"], "broken"),
        (["hint", "warning"], "warning"),
        (["hint"], "hint"),
        ([], None),
    ],
)
def test_an_examination_is_as_bad_as_its_worst_finding(severities: list[str], worst: str | None) -> None:
    assert Examination("a", tuple(finding("a", severity) for severity in severities)).worst == worst
