"""What a `.dockerignore` keeps out, as Docker and as repo2docker read it: never more than they."""

import pytest

from effort import growth
from hub_image_actions.build.ignore_rules import DockerIgnoreRules, Repo2dockerIgnoreRules


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
        ("a[.txt", "a[.txt", False),
        (".git*", ".github/workflows/x.yaml", True),
        ("node_modules\nnode_modules", "node_modules/x", True),
        ("", "a", False),
        ("README.md", "readme.md", False),
        ("docs//a/../b", "docs/b", True),
        ("docs/", "docs", True),
        ("docs", "docs2", False),
        ("  docs \t", "docs", True),
        ("docs\r\na", "docs", True),
        ("\ufeffdocs", "docs", True),
        ("# docs\ndocs", "# docs", False),
        (" # docs", "# docs", True),
        ("*/*.md", "docs/a/b.md", False),
        ("*", ".hidden", True),
        ("**/*.md", "a.md", True),
        ("**/*.md", "docs/x/a.md", True),
        ("**/a", "a", True),
        ("**/a", "x/y/a", True),
        ("**/a", "x/ya", False),
        ("**a", "xa", False),
        ("docs/**", "docs/a", True),
        ("docs/**/b", "docs/b", True),
        ("docs/**/b", "docs/a/a/b", True),
        ("docs/**/b", "docs/a/xb", False),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("[ab].txt", "c.txt", False),
        ("[^ab].txt", "c.txt", False),
        ("[!a].txt", "b.txt", False),
        ("[a-c]x", "bx", True),
        ("[[:alpha:]]", "a", False),
        ("[a", "[a", False),
        (r"\*", "*", True),
        (r"\*", "a", False),
        (r"\d", "1", False),
        ("a+b(c)", "a+b(c)", True),
        ("a.c*", "abc", False),
        ("*.md\n!a.md", "a.md", False),
        ("*.md\n!a.md", "b.md", True),
        ("!a.md\n*.md", "a.md", True),
        ("docs\n!docs/a", "docs/a", False),
        ("docs\n!docs/a", "docs/b", True),
        ("docs\n!docs/a\ndocs", "docs/a", False),
        ("docs/a\n!docs", "docs/a", False),
        ("*\n!**/*.py", "a/b.py", False),
        ("*\n! a", "a", False),
        ("a\n!**a", "a", False),
        ("*\n![x", "a", False),
        ("!", "a", False),
        (".", "a", False),
        ("..", "a", False),
        ("/", "a", False),
        ("a\n", "a\n", False),
        ("*/*/*/*/*x", "a/a/a/a/x", True),
        ("**/**/**/**/**/x*", "a/x", True),
        ("x[^b]y\n!a", "x/y", False),
        ("*\n!x[+-9]y", "x/y", False),
        ("a*\n!a^b", "a^b", False),
        ("a^*", "a^b", False),
        ("*.md\udcff", "a.md\udcff", False),
        ("*.md\x1c", "a.md", False),
        ("**/x", "a\nb/x", False),
    ],
)
def test_what_docker_keeps_out(text: str, name: str, kept_out: bool) -> None:
    assert DockerIgnoreRules.parsed(text).excludes(name) is kept_out


@pytest.mark.parametrize(
    ("text", "name", "kept_out"),
    [
        ("README.md", "README.md", True),
        ("docs", "docs/a/b.md", True),
        ("docs/", "docs/a", True),
        ("./docs", "docs/a", True),
        ("*.md", "a.md", True),
        ("*.md", "docs/a.md", False),
        ("**/*.md", "docs/x/a.md", True),
        ("docs/**", "docs/a/b", True),
        ("docs/**", "docs", False),
        ("[ab].txt", "a.txt", True),
        ("# docs", "# docs", False),
        ("  # docs", "# docs", False),
        ("\ufeffdocs", "docs", False),
        ("a\x0cb", "a", True),
        ("a\x0c!a", "a", False),
        ("*\n!A", "a", False),
        ("*\n!a", "b", True),
        ("*\n!../a", "a", False),
        ("*\n!b[", "a", False),
        ("*\n![^a]", "a", False),
        ("![\n*", "a", True),
        ("[^a]", "b", False),
        ("[!a]", "b", False),
        ("\\*", "*", False),
        ("*", "Dockerfile", False),
        ("*", ".dockerignore", False),
        ("docs\n!docs/a\ndocs", "docs/a", True),
        ("docs\n!docs/a", "docs/b", True),
        ("**/x\n!y", "a/b/x/c", False),
        ("*\n!", "a", True),
        (".", "a", False),
    ],
)
def test_what_repo2docker_keeps_out(text: str, name: str, kept_out: bool) -> None:
    assert Repo2dockerIgnoreRules.parsed(text).excludes(name) is kept_out


@pytest.mark.parametrize(
    ("text", "folder", "into"),
    [
        ("docs", "docs", False),
        ("docs\n!docs/a", "docs", True),
        ("docs\n!Docs/a", "docs", True),
        ("docs\n!other", "docs", False),
        ("docs\n![", "docs", True),
        ("D", "D", True),
        ("bin", "bin", True),
    ],
)
def test_where_repo2docker_looks_for_exceptions(text: str, folder: str, into: bool) -> None:
    assert Repo2dockerIgnoreRules.parsed(text).looks_into(folder) is into


def test_docker_looks_everywhere_for_exceptions() -> None:
    assert DockerIgnoreRules.parsed("*\n!a").looks_into("b")
    assert not DockerIgnoreRules.parsed("*\n#!a").looks_into("b")


@pytest.mark.parametrize("rules", [DockerIgnoreRules, Repo2dockerIgnoreRules])
@pytest.mark.parametrize(
    ("part", "size", "end"),
    [
        ("**/a/", 10, "b"),
        ("**/", 250, "x*y"),
        ("*a", 10, "b"),
        ("**/*a", 12, "b"),
        ("[", 1250, ""),
        ("a", 25_000, ""),
    ],
)
def test_the_effort_for_a_hostile_pattern_grows_with_its_length(
    rules: type[DockerIgnoreRules] | type[Repo2dockerIgnoreRules], part: str, size: int, end: str
) -> None:
    def read(size: int) -> None:
        for name in ("/".join("a" * 400), "a" * 255):
            assert not rules.parsed(part * size + end).excludes(name)

    assert growth(read, size) < 24


def test_many_wildcards_are_understood() -> None:
    rules = DockerIgnoreRules.parsed("**/a/" * 5 + "**/x*y*z")
    assert rules.excludes("a/b/a/b/a/a/a/b/x1y2z")
    assert not rules.excludes("a/b/a/b/a/a/b/x1y2z")
