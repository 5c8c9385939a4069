"""The changelog: what is not released yet becomes a release, and a section becomes a text."""

from datetime import date
from pathlib import Path

import pytest

from release.changelog import ChangelogError, notes, released, section, unwrapped
from release.version import Version, parse_version

PAGE = "https://github.com/o/r"
DAY = date(2026, 11, 23)
TEXT = """\
# Changelog

Words.

## [Unreleased]

### Added

- New, in
  two lines.

## [1.0.0] - 2026-10-01

### Fixed

- Old.

[Unreleased]: https://github.com/o/r/compare/v1.0.0...HEAD
[1.0.0]: https://github.com/o/r/releases/tag/v1.0.0
"""
AFTER = """\
# Changelog

Words.

## [Unreleased]

## [1.1.0] - 2026-11-23

### Added

- New, in
  two lines.

## [1.0.0] - 2026-10-01

### Fixed

- Old.

[Unreleased]: https://github.com/o/r/compare/v1.1.0...HEAD
[1.1.0]: https://github.com/o/r/compare/v1.0.0...v1.1.0
[1.0.0]: https://github.com/o/r/releases/tag/v1.0.0
"""
LAST = Version(1, 0, 0)
NEXT = Version(1, 1, 0)


def test_what_was_unreleased_stands_below_the_version_and_all_else_stays() -> None:
    assert released(TEXT, NEXT, LAST, DAY, PAGE) == AFTER


def test_the_first_release_is_linked_by_its_tag() -> None:
    text = "# Changelog\n\n## [Unreleased]\n\n- All.\n"
    assert released(text, LAST, None, DAY, PAGE).endswith(
        f"- All.\n\n[Unreleased]: {PAGE}/compare/v1.0.0...HEAD\n[1.0.0]: {PAGE}/releases/tag/v1.0.0\n"
    )


@pytest.mark.parametrize(
    "nothing", ["", "\n### Added\n", "\n### Added\n\n### Fixed\n\n"], ids=["empty", "a heading", "headings"]
)
def test_headings_alone_are_nothing_to_release(nothing: str) -> None:
    text = f"# Changelog\n\n## [Unreleased]\n{nothing}\n## [1.0.0] - 2026-10-01\n\n- Old.\n"
    with pytest.raises(ChangelogError, match="has nothing below"):
        released(text, NEXT, LAST, DAY, PAGE)


@pytest.mark.parametrize("headings", [0, 2])
def test_the_unreleased_section_must_be_there_once(headings: int) -> None:
    text = "# Changelog\n" + "\n## [Unreleased]\n\n- New.\n" * headings
    with pytest.raises(ChangelogError, match=f"has {headings} headings"):
        released(text, NEXT, LAST, DAY, PAGE)


def test_a_version_that_has_a_section_is_refused() -> None:
    with pytest.raises(ChangelogError, match=r"section for 1\.0\.0 already"):
        released(TEXT, LAST, None, DAY, PAGE)


def test_a_section_ends_where_the_next_begins() -> None:
    assert section(TEXT, "Unreleased") == "### Added\n\n- New, in\n  two lines."


def test_the_last_section_ends_before_the_links() -> None:
    assert section(TEXT, "1.0.0") == "### Fixed\n\n- Old."


def test_a_link_inside_a_section_stays() -> None:
    text = (
        "## [Unreleased]\n\n- See [a].\n\n[a]: https://example.org\n\n- More.\n\n[b]: https://example.org\n"
    )
    assert section(text, "Unreleased").endswith("[a]: https://example.org\n\n- More.")


def test_the_text_of_a_release_is_its_section() -> None:
    assert notes(AFTER, NEXT) == "### Added\n\n- New, in two lines."


def test_the_text_of_a_pre_release_is_what_is_not_released() -> None:
    assert notes(TEXT, parse_version("1.1.0-rc.1")) == "### Added\n\n- New, in two lines."


@pytest.mark.parametrize(
    ("wrapped", "text"),
    [
        ("one\ntwo\n\nthree", "one two\n\nthree"),
        ("- one\n  two\n- three\n  1. four\n     five", "- one two\n- three\n  1. four five"),
        ("### Added\ntext", "### Added\ntext"),
        ("| a |\n| - |\n| b |", "| a |\n| - |\n| b |"),
        ("text:\n\n```yaml\na: 1\nb: 2\n```\nmore", "text:\n\n```yaml\na: 1\nb: 2\n```\nmore"),
        ("> a\n> b", "> a\n> b"),
    ],
    ids=["paragraphs", "lists", "heading", "table", "code", "quotation"],
)
def test_a_paragraph_becomes_one_line_and_other_blocks_stay(wrapped: str, text: str) -> None:
    assert unwrapped(wrapped) == text


def test_the_projects_own_changelog_can_be_released(root: Path) -> None:
    text = (root / "CHANGELOG.md").read_text()
    version = Version(999, 0, 0)
    after = released(text, version, None, DAY, PAGE)
    assert notes(after, version) == unwrapped(section(text, "Unreleased"))
