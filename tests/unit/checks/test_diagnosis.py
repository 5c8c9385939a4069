"""The catalogue of known failures of builds."""

import pytest

from hub_image_actions.checks.diagnosis import KnownFailure, catalogue, diagnose_build


@pytest.mark.parametrize("failure", catalogue(), ids=lambda failure: failure.name)
def test_every_example_is_diagnosed_as_its_entry(failure: KnownFailure) -> None:
    found = diagnose_build(failure.example.splitlines())
    assert found.remedy == failure.remedy
    assert found.name.startswith(failure.name.partition("{")[0].rstrip())


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("#17 2.01 └─ geopandass does not exist (perhaps a typo)", "conda finds no package geopandass"),
        ("E: Unable to locate package libgeos-3.8", "apt finds no package libgeos-3.8"),
        ("E: Package 'python' has no installation candidate", "apt finds no package python"),
        (
            "ERROR: No matching distribution found for otter==9; x",
            "pip finds no version of otter==9 that fits",
        ),
        (
            "failed to resolve source metadata for quay.io/a/b:2024-10: not found",
            "The base image quay.io/a/b:2024-10 is not there, or may not be pulled",
        ),
        (
            "ERROR: 127.0.0.1:5000/a/b:1: failed to resolve source metadata for 127.0.0.1:5000/a/b:1: no",
            "The base image 127.0.0.1:5000/a/b:1 is not there, or may not be pulled",
        ),
        (
            "pull access denied for a/b, repository does not exist",
            "The base image a/b is not there, or may not be pulled",
        ),
    ],
)
def test_what_is_missing_is_named(line: str, name: str) -> None:
    assert diagnose_build([line]).name == name


def test_a_cause_goes_before_what_follows_from_it() -> None:
    found = diagnose_build(
        ["CondaHTTPError: x", "OSError: [Errno 28] No space left on device", "exit code: 137"]
    )
    assert found.name == "The disk is full"


def test_the_excerpt_is_what_stands_around() -> None:
    log = [f"line {number}" for number in range(100)]
    log[50] = "E: Unable to locate package x"
    excerpt = diagnose_build(log).excerpt
    assert (excerpt[0], excerpt[8], excerpt[-1], len(excerpt)) == ("line 42", log[50], "line 54", 13)


def test_an_unknown_failure_shows_the_last_lines_that_say_something() -> None:
    log = ["start", *["useful"] * 30, "why it failed", "", "#9 DONE 0.1s", "------"]
    found = diagnose_build(log)
    assert (found.name, found.remedy, found.line) == ("The build failed", "", "why it failed")
    assert len(found.excerpt) == 20


def test_an_empty_log_has_a_diagnosis() -> None:
    assert diagnose_build([]).excerpt == ()


def test_a_builder_that_says_where_it_builds_has_not_said_why_it_failed() -> None:
    last = 'invalid excludepatterns: [!]: illegal exclusion pattern: "!"'
    log = [
        '#0 building with "default" instance using docker driver',
        "#1 [internal] load .dockerignore",
        f"ERROR: failed to solve: {last}",
    ]
    assert diagnose_build(log).line == last
