"""When workflows run: which paths and branches a filter means."""

import pytest

from hub_image_actions.fleet.workflows.runs import matches


@pytest.mark.parametrize(
    ("patterns", "name", "meant"),
    [
        (["*.md"], "README.md", True),
        (["*.md"], "docs/README.md", False),
        (["**/*.md"], "README.md", True),
        (["docs/**"], "docs/a/b.txt", True),
        (["a.b"], "axb", False),
    ],
)
def test_a_single_star_stops_at_a_slash_and_two_do_not(patterns: list[str], name: str, meant: bool) -> None:
    assert matches(patterns, name) is meant


def test_the_last_pattern_that_fits_counts() -> None:
    assert not matches(["release/**", "!release/old"], "release/old")
    assert matches(["!release/old", "release/**"], "release/old")
