"""JSON of others: one kind of error, whatever is wrong with it."""

import pytest

from hub_image_actions.untrusted_json import InvalidJson, parse_json


@pytest.mark.parametrize(
    ("text", "value"), [('{"a": [1, null]}', {"a": [1, None]}), (b'"\xc3\xa9"', "é"), ("1e3", 1000.0)]
)
def test_json_is_parsed(text: str | bytes, value: object) -> None:
    assert parse_json(text) == value


@pytest.mark.parametrize(
    ("text", "reason", "line"),
    [
        ("", "Expecting value", 1),
        ('{\n"a": }', "Expecting value", 2),
        (b'"\xff"', "it is not UTF-8", 0),
        ("[" * 100_000, "it is nested too deeply", 0),
        ('{"a":' * 100_000, "it is nested too deeply", 0),
        ("9" * 100_000, "a number is too long", 0),
    ],
)
def test_what_is_not_json_has_one_kind_of_error(text: str | bytes, reason: str, line: int) -> None:
    with pytest.raises(InvalidJson) as caught:
        parse_json(text)
    assert (caught.value.reason, caught.value.line) == (reason, line)


def test_the_error_does_not_carry_the_text() -> None:
    with pytest.raises(InvalidJson) as caught:
        parse_json('{"password": "hunter2"')
    assert caught.value.__cause__ is None
    assert "hunter2" not in repr(caught.value)
