"""What a `.dockerignore` keeps out, as the engine reads it."""

import pytest

from hub_image_actions.build.ignore_rules import IgnoreRules


@pytest.mark.parametrize(
    ("text", "name", "kept_out"),
    [
        ("README.md", "README.md", True),
        ("README.md", "docs/README.md", False),
        ("/README.md", "README.md", True),
        ("./README.md", "README.md", True),
        ("a/../README.md", "README.md", True),
        ("**/README.md", "README.md", True),
        ("**/README.md", "docs/a/README.md", True),
        ("*.md", "a.md", True),
        ("*.md", "docs/a.md", False),
        ("*/*.md", "docs/a.md", True),
        ("docs", "docs/a/b.md", True),
        ("docs/", "docs/a/b.md", True),
        ("docs/**", "docs/a/b.md", True),
        ("docs/**", "docs", False),
        ("**", "a/b", True),
        ("doc", "docs", False),
        ("docs", "docs-2", False),
        ("a?.txt", "ab.txt", True),
        ("a?.txt", "a/.txt", False),
        ("[ab].txt", "a.txt", True),
        ("[^ab].txt", "a.txt", False),
        ("[a-c].txt", "b.txt", True),
        ("a.txt", "aXtxt", False),
        ("\\*.md", "*.md", True),
        ("\\*.md", "a.md", False),
        ("# README.md", "README.md", False),
        ("  README.md  ", "README.md", True),
        ("README.md\r", "README.md", True),
        ("\ufeffREADME.md", "README.md", True),
        ("", "README.md", False),
        ("!README.md", "README.md", False),
        ("*\n!README.md", "README.md", False),
        ("*\n!README.md", "a", True),
        ("*\n! README.md", "README.md", False),
        ("*\n!docs/a.md", "docs/a.md", False),
        ("*\n!docs/a.md", "docs/b.md", True),
        ("*.md\n!*.md\na.md", "a.md", True),
        ("a[.txt", "a[.txt", True),
        (".git*", ".github/workflows/x.yaml", True),
        ("node_modules\nnode_modules", "node_modules/x", True),
    ],
)
def test_a_name_is_kept_out(text: str, name: str, kept_out: bool) -> None:
    assert IgnoreRules.parsed(text).excludes(name) is kept_out


def test_an_exception_is_known() -> None:
    assert IgnoreRules.parsed("*\n!a").has_exceptions
    assert not IgnoreRules.parsed("*\n#!a").has_exceptions


def test_many_wildcards_in_a_row_take_no_time() -> None:
    rules = IgnoreRules.parsed("**/" * 1000 + "x*y")
    assert not rules.excludes("/".join("a" * 40))
    assert rules.excludes("a/b/xy")
