"""Secrets in texts."""

from hub_image_actions.redaction import redact, secret_forms


def test_no_secret_survives_inside_another() -> None:
    assert redact("abcd ab", ["ab", "abcd", ""]) == "*** ***"


def test_a_secret_is_known_in_all_its_forms() -> None:
    forms = secret_forms('{\n  "id": "ü",\n}')
    assert forms == (
        '{\n  "id": "ü",\n}',
        r"{\n  \"id\": \"\u00fc\",\n}",
        r"{\n  \"id\": \"ü\",\n}",
        '"id": "ü",',
    )
