"""An edit leaves a file one of its language."""

import pytest

from hub_image_actions.deployments.soundness import is_broken_by


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


@pytest.mark.parametrize("language", ["TOML", "Terraform", "shell", ""])
def test_languages_without_a_parser_are_not_asked(language: str) -> None:
    assert not is_broken_by("x", "'", language)
