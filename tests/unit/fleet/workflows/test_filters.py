"""What filters of branches, tags and paths mean: GitHub's own cheat sheet, and more."""

from collections.abc import Sequence

import pytest

from effort import growth
from hub_image_actions.fleet.workflows.filters import matches

# "Filter pattern cheat sheet" of
# https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax: what each pattern means.
CHEAT_SHEET: list[tuple[Sequence[str], Sequence[str]]] = [
    (["feature/*"], ["feature/my-branch", "feature/your-branch"]),
    (["feature/**"], ["feature/beta-a/my-branch", "feature/your-branch", "feature/mona/the/octocat"]),
    (["main"], ["main"]),
    (["releases/mona-the-octocat"], ["releases/mona-the-octocat"]),
    (["*"], ["main", "releases", "README.md", "server.rb"]),
    (["**"], ["all/the/branches", "every/tag", "all/the/files.md"]),
    (["*feature"], ["mona-feature", "feature", "ver-10-feature"]),
    (["v2*"], ["v2", "v2.0", "v2.9"]),
    (["v[12].[0-9]+.[0-9]+"], ["v1.10.1", "v2.0.0"]),
    (["*.jsx?"], ["page.js", "page.jsx"]),
    (["*.js"], ["app.js", "index.js"]),
    (["**.js"], ["index.js", "js/index.js", "src/js/app.js"]),
    (["docs/*"], ["docs/README.md", "docs/file.txt"]),
    (["docs/**"], ["docs/README.md", "docs/mona/octocat.txt"]),
    (["docs/**/*.md"], ["docs/README.md", "docs/mona/hello-world.md", "docs/a/markdown/file.md"]),
    (["**/docs/**"], ["docs/hello.md", "dir/docs/my-file.txt", "space/docs/plan/space.doc"]),
    (["**/README.md"], ["README.md", "js/README.md"]),
    (["**/*src/**"], ["a/src/app.js", "my-src/code/js/app.js"]),
    (["**/*-post.md"], ["my-post.md", "path/their-post.md"]),
    (["**/migrate-*.sql"], ["migrate-10909.sql", "db/migrate-v1.0.sql", "db/sept/migrate-v1.sql"]),
    (["*.md", "!README.md"], ["hello.md"]),
    (["*.md", "!README.md", "README*"], ["hello.md", "README.md", "README.doc"]),
]
# And what each does not mean, by the sentences above and below that table.
OTHERS: list[tuple[Sequence[str], Sequence[str]]] = [
    (["feature/*"], ["feature/a/b", "feature"]),
    (["main"], ["Main", "mainly", "a/main"]),
    (["*"], ["a/b"]),
    (["*feature"], ["a/feature", "features"]),
    (["v2*"], ["v2/x", "v3"]),
    (["v[12].[0-9]+.[0-9]+"], ["v3.0.0", "v1..0", "v1.0", "v1.x.0", "v[12].0.0"]),
    (["*.jsx?"], ["page.jsxx", "page.jsy", "a/page.js"]),
    (["docs/**/*.md"], ["docs.md", "docs/a.txt"]),
    (["**/docs/**"], ["mydocs/a", "docs"]),
    (["*.md", "!README.md"], ["README.md", "docs/hello.md"]),
    (["a.b"], ["axb"]),
    (["!main"], ["main", "other"]),
    ([], ["main"]),
]


def cases(table: list[tuple[Sequence[str], Sequence[str]]]) -> list[tuple[Sequence[str], str]]:
    """Return one case for each name of the table."""
    return [(patterns, name) for patterns, named in table for name in named]


@pytest.mark.parametrize(("patterns", "name"), cases(CHEAT_SHEET))
def test_a_pattern_means_what_githubs_cheat_sheet_says(patterns: Sequence[str], name: str) -> None:
    assert matches(patterns, name)


@pytest.mark.parametrize(("patterns", "name"), cases(OTHERS))
def test_a_pattern_means_nothing_else(patterns: Sequence[str], name: str) -> None:
    assert not matches(patterns, name)


@pytest.mark.parametrize(
    ("pattern", "meant", "unmeant"),
    [
        ("release-?", "release", "release-x"),
        ("a+", "aaa", ""),
        ("[a-c]?x", "x", "dx"),
        ("[abC1-3]", "C", "c"),
        (r"\*", "*", "a"),
        (r"a\+", "a+", "aa"),
        ("+a", "+a", "a"),
        ("*?", "anything", "a/b"),
        ("[a", "[a", "a"),
        ("**/", "a/b/", "a/b"),
    ],
)
def test_a_sign_behind_a_character_says_how_often_it_may_come(pattern: str, meant: str, unmeant: str) -> None:
    assert matches([pattern], meant)
    assert not matches([pattern], unmeant)


def test_the_last_pattern_that_fits_counts() -> None:
    assert not matches(["release/**", "!release/old"], "release/old")
    assert matches(["!release/old", "release/**"], "release/old")


def test_a_pattern_that_would_keep_a_regular_expression_busy_is_answered_at_once() -> None:
    def match(size: int) -> None:
        assert not matches(["a+" * 10 * size + "**a" * size + "b"], "a" * 5 * size)

    assert growth(match, 12) < 100


def test_a_pattern_that_is_longer_than_any_path_means_nothing_at_once() -> None:
    assert growth(lambda size: matches(["[" * size], "a"), 25_000) < 10
    assert not matches(["[" * 100_000], "a")
