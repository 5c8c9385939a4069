"""An edit leaves a file one of its language."""

import sys

import pytest

from hub_image_actions.deployments.soundness import is_broken_by
from hub_image_actions.references import DIGEST, TAG


@pytest.mark.parametrize(
    ("language", "good", "bad"),
    [
        ("JSON", '{"tag": 150}', '{"tag": feedc0ffee12}'),
        ("YAML", "a: {b: 1}", "a: {b: 1"),
        ("Python", "x = '1'", "x = '1"),
    ],
)
def test_what_was_of_its_language_stays_so(language: str, good: str, bad: str) -> None:
    assert is_broken_by(good, bad, language)
    assert not is_broken_by(good, good, language)
    # What was not of it before, such as a template, is not made worse.
    assert not is_broken_by(bad, bad, language)


def test_toml_is_read_where_python_brings_a_parser() -> None:
    good, bad = "image = 'a/b:1'\r\n[x]\ny = 1979-05-27\n", "image = 'a/b:1\n"
    assert not is_broken_by(good, good, "TOML")
    assert is_broken_by(good, bad, "TOML") is (sys.version_info >= (3, 11))


@pytest.mark.parametrize("language", ["Terraform", "shell", ""])
def test_languages_without_a_parser_are_not_asked(language: str) -> None:
    assert not is_broken_by("x", "'", language)


def test_no_tag_or_digest_has_a_character_that_means_anything_in_a_text() -> None:
    """Why it does no harm that there is no parser for Terraform and shell."""
    for character in " \t\r\n\"'\\$`{}()<>|&;*?[]!~%^,=":
        assert TAG.fullmatch(f"a{character}b") is None
        assert DIGEST.fullmatch(f"sha256:{character}{'0' * 63}") is None
