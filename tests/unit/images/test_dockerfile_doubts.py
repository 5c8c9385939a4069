"""Doubts: lines of a Dockerfile that may take an image without being seen."""

import pytest

from hub_image_actions.images.dockerfile_doubts import line_in_doubt

CLEAR = {
    "a plain file": "FROM a:1\nRUN pip install b\n",
    "Windows line ends": "FROM a:1\r\nCOPY --from=b:1 /x /y\r\n",
    "an instruction over several lines": "FROM \\\n  # why\n  a:1\nRUN x \\\n  && y\n",
    "a heredoc": "FROM a:1\nRUN <<EOF\necho 1\nEOF\n",
    "a quoted heredoc": "FROM a:1\nRUN <<'EOF'\necho 1\nEOF\n",
    "an import of Python": "FROM a:1\nRUN <<EOF\nfrom os import path\nEOF\n",
    "a comment": "FROM a:1\n# FROM b:1\n",
    "the usual escape": "# escape=\\\nFROM a:1\n",
}


@pytest.mark.parametrize("what", CLEAR)
def test_what_every_builder_reads_alike_is_clear(what: str) -> None:
    assert line_in_doubt(CLEAR[what]) == 0


DOUBTS = {
    "another escape": ("# escape=`\nFROM a:1\n", 1),
    "a space that is none to all": ("FROM a:1\nRUN\u00a0x\n", 2),
    "a carriage return within a line": ("FROM a:1\n\nRUN x\rFROM b:1\n", 3),
    "a control character": ("FROM a:1\nRUN x\x00\n", 2),
    "a heredoc that is a shift in a shell": ("FROM a:1\nRUN echo $((1 <<2))\n", 2),
    "a heredoc in a JSON array": ('FROM a:1\nRUN ["sh", "<<EOF"]\n', 2),
    "an image in a heredoc": ("FROM a:1\nRUN <<EOF\nFROM b:1\nEOF\n", 3),
    "a copy from an image in a heredoc": ("FROM a:1\nRUN <<EOF\nCOPY --from=b:1 /x /y\nEOF\n", 3),
}


@pytest.mark.parametrize("what", DOUBTS)
def test_what_builders_may_read_in_another_way_is_in_doubt(what: str) -> None:
    text, line = DOUBTS[what]
    assert line_in_doubt(text) == line


def test_of_several_doubts_the_first_line_is_told() -> None:
    text = "FROM a:1\nRUN <<EOF\nFROM b:1\nEOF\nRUN\u00a0x\n"
    assert line_in_doubt(text) == 3
