"""The instructions of a Dockerfile, and where each character of them stands."""

import pytest

from hub_image_actions.images.dockerfile_instructions import (
    UNSET,
    Traced,
    UnknownSyntax,
    Variables,
    directives,
    instructions,
)


def traced(text: str) -> Traced:
    """Return a text that stands at the beginning of a file."""
    return Traced(text, range(len(text)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM a:1\n", [("FROM", ["a:1"])]),
        ("from a:1\r\nRUN x\r\n", [("FROM", ["a:1"]), ("RUN", ["x"])]),
        ("# FROM b\nFROM a\n", [("FROM", ["a"])]),
        ("FROM \\\n# a comment\n\n  a:1\n", [("FROM", ["a:1"])]),
        ("# escape=`\nFROM `\na\n", [("FROM", ["a"])]),
        ("RUN <<EOF\nFROM b\nEOF\nFROM a\n", [("RUN", ["<<EOF"]), ("FROM", ["a"])]),
    ],
)
def test_instructions_are_told_from_comments_and_documents(
    text: str, expected: list[tuple[str, list[str]]]
) -> None:
    read = [(each.keyword, [word.text for word in each.words()]) for each in instructions(text)]
    assert read == expected


@pytest.mark.parametrize("text", ["FROM a:1\n", "FROM \\\n  a:1\n", "\n\n# x\nFROM    a:1 AS b\n"])
def test_each_character_stands_where_the_file_has_it(text: str) -> None:
    (instruction,) = instructions(text)
    word = instruction.words()[0]
    assert word.is_one_piece
    assert text[word.start : word.start + len(word.text)] == word.text == "a:1"


@pytest.mark.parametrize(
    ("word", "expanded"),
    [
        ("$A", "1"),
        ("x${A}y", "x1y"),
        ("${A:-2}", "1"),
        ("${B:-2}", "2"),
        ("${B:-$A}", "1"),
        ("${A:+3}", "3"),
        ("'$A'", "$A"),
        ('"$A b"', "1 b"),
        (r"\$A", "$A"),
        ("$B", UNSET),
    ],
)
def test_variables_are_filled_in_as_docker_does(word: str, expanded: str) -> None:
    assert Variables({"A": Traced("1", [0])}).expanded(traced(word), "\\").text == expanded


def test_names_without_a_value_are_noted() -> None:
    variables = Variables({"A": Traced("1", [0])})
    variables.expanded(traced("$A$B$C"), "\\")
    assert variables.unset == ["B", "C"]


def test_what_would_grow_without_end_is_refused() -> None:
    with pytest.raises(UnknownSyntax):
        Variables({"A": traced("x" * 1000)}).expanded(traced("$A" * 1000), "\\")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "# syntax=docker/dockerfile:1\n# escape=`\nFROM a\n",
            {"syntax": "docker/dockerfile:1", "escape": "`"},
        ),
        ("FROM a\n# escape=`\n", {}),
        ("# a comment\n# escape=`\n", {}),
    ],
)
def test_directives_stand_before_all_else(text: str, expected: dict[str, str]) -> None:
    assert directives(text) == expected
