"""Versions: their order, their tags, and which can come next."""

import pytest

from release.version import (
    InvalidVersion,
    Version,
    check_next,
    last_release,
    parse_version,
    versions,
)

# As semver.org orders them.
ORDERED = [
    "0.9.9",
    "1.0.0-alpha.1",
    "1.0.0-alpha.2",
    "1.0.0-beta.1",
    "1.0.0-rc.1",
    "1.0.0-rc.10",
    "1.0.0",
    "1.0.1",
]


def test_versions_are_ordered_as_semantic_versioning_says() -> None:
    assert [str(version) for version in sorted(map(parse_version, ORDERED[::-1]))] == ORDERED


@pytest.mark.parametrize("text", ORDERED)
def test_a_version_is_written_as_it_was_read(text: str) -> None:
    assert str(parse_version(text)) == str(parse_version(f"v{text}")) == text


@pytest.mark.parametrize(
    "text", ["", "1", "1.0", "1.0.0.0", "01.0.0", "1.0.0-rc", "1.0.0-rc1", "1.0.0+x", "V1.0.0", "1.0.0\n"]
)
def test_a_text_that_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(InvalidVersion, match="is no version"):
        parse_version(text)


def test_of_tags_only_exact_ones_carry_a_version() -> None:
    assert list(map(str, versions(["v1", "v1.4", "v1.4.0", "1.4.1", "nightly", "v2.0.0-rc.1"]))) == [
        "1.4.0",
        "2.0.0-rc.1",
    ]


def test_the_floating_tags_are_those_of_major_and_minor() -> None:
    assert Version(1, 4, 2).floating_tags == ("v1", "v1.4")


def test_a_pre_release_has_no_floating_tags() -> None:
    assert parse_version("1.4.0-rc.1").floating_tags == ()


def test_a_pre_release_is_not_the_last_release() -> None:
    assert last_release(map(parse_version, ORDERED[:-2])) == Version(0, 9, 9)


def test_before_the_first_there_is_no_last_release() -> None:
    assert last_release([]) is None


@pytest.mark.parametrize(
    ("text", "released"),
    [
        ("1.0.0", []),
        ("0.1.0", []),
        ("1.0.0", ["1.0.0-rc.1"]),
        ("1.0.0-rc.2", ["1.0.0-rc.1"]),
        ("1.0.1", ["1.0.0"]),
        ("1.1.0", ["1.0.3", "0.9.0"]),
        ("2.0.0", ["1.7.3"]),
        ("1.1.0-beta.1", ["1.0.3"]),
        ("1.1.0", ["1.0.3", "1.1.0-rc.1"]),
    ],
)
def test_a_version_can_come_next(text: str, released: list[str]) -> None:
    check_next(parse_version(text), map(parse_version, released))


@pytest.mark.parametrize(
    ("text", "released", "problem"),
    [
        ("1.0.0", ["1.0.0"], "1.0.0 goes backwards: 1.0.0 is released"),
        ("1.0.0-rc.1", ["1.0.0"], "goes backwards"),
        ("1.0.0-rc.1", ["1.0.0-rc.2"], "goes backwards: 1.0.0-rc.2"),
        ("1.0.4", ["1.0.3", "1.1.0-rc.1"], "goes backwards: 1.1.0-rc.1"),
        ("1.0.5", ["1.0.3"], "After 1.0.3 comes 1.0.4 or 1.1.0 or 2.0.0"),
        ("1.1.1", ["1.0.3"], "leaves versions out"),
        ("3.0.0", ["1.0.3"], "leaves versions out"),
    ],
)
def test_a_version_cannot_come_next(text: str, released: list[str], problem: str) -> None:
    with pytest.raises(InvalidVersion, match=problem):
        check_next(parse_version(text), map(parse_version, released))


@pytest.mark.parametrize(("text", "step"), [("2.0.0", "major"), ("1.5.0", "minor"), ("1.4.3", "patch")])
def test_the_step_is_named_for_the_number_that_changes(text: str, step: str) -> None:
    assert parse_version(text).step_from(Version(1, 4, 2)) == step
