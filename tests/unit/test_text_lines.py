"""The line of a character."""

import pytest

from hub_image_actions.text_lines import TextLines


@pytest.mark.parametrize("text", ["", "a", "\n", "a\nb", "a\r\n\r\nb\n", "\n\n\n"])
def test_every_character_has_the_line_that_counting_gives(text: str) -> None:
    lines = TextLines(text)
    assert [lines.number(index) for index in range(len(text) + 1)] == [
        text.count("\n", 0, index) + 1 for index in range(len(text) + 1)
    ]
