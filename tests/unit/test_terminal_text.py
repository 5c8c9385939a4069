"""What is left of a text once its orders to a terminal are off."""

import time

import pytest

from hub_image_actions.terminal_text import as_shown, plain, tame

ORDERS = [
    "\x1b[91m",
    "\x1b[0m",
    "\x1b[1;38;5;208m",
    "\x1b[2K",
    "\x1b[?25l",
    "\x1b[1 q",
    "\x1b]0;a title\x07",
    "\x1b]8;;https://docs.example/x\x1b\\",
    "\x1b]8;;\x1b\\",
    "\x1bP1$r0m\x1b\\",
    "\x1b(B",
    "\x1b7",
    "\x1bc",
    "\x9b31m",
    "\x9d8;;https://docs.example/x\x9c",
    "\x9d8;;\x07",
    "\x84",
    "\x07",
    "\x00",
    "\x7f",
]


@pytest.mark.parametrize("order", ORDERS, ids=map(repr, ORDERS))
def test_no_order_to_a_terminal_is_left(order: str) -> None:
    assert plain(f"a{order}b\n\tc") == "ab\n\tc"
    assert as_shown(f"a{order}b") == "ab"
    assert tame(f"a{order}b") in {"ab", f"a{order}b" if order.endswith("m") and order[0] == "\x1b" else "ab"}


def test_colors_of_a_log_stay() -> None:
    assert tame("\x1b[31mred\x1b[0m\x1b[2K") == "\x1b[31mred\x1b[0m"


@pytest.mark.parametrize("spelled", [r"\x1b[91m", r"\u001b[0;31m", "#x1B[31m", r"\x1b[K"])
def test_a_color_that_is_spelled_out_is_one(spelled: str) -> None:
    assert as_shown(f"{spelled}groupadd: GID '1000' already exists{spelled}") == (
        "groupadd: GID '1000' already exists"
    )


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("  1%\r 50%\r100%\n", "100%"),
        ("downloading 1%\rdownloaded\r", "downloaded"),
        ("words\r\n", "words"),
        ("words\r   \r", "words"),
        ("\r", ""),
        ("Solving environment: |\b/\b-\bdone", "Solving environment: done"),
        ("\b\bx", "x"),
        ("\x1b[2K\r\x1b[1A50%\x1b[2K\r100%", "100%"),
        # The character is what is wrong here.
        ("./postBuild: 2: \r: not found", "./postBuild: 2: ^M: not found"),
        ("/usr/bin/env: 'bash\r': No such file", "/usr/bin/env: 'bash^M': No such file"),
    ],
)
def test_of_a_line_that_is_written_over_the_last_state_is_shown(line: str, shown: str) -> None:
    assert as_shown(line) == shown


def test_a_string_without_an_end_hides_nothing() -> None:
    assert plain("\x1b]8;;https://docs.example/x\nE: disk full") == "8;;https://docs.example/x\nE: disk full"


@pytest.mark.parametrize("text", ["\x1b[", "\x1b]8;;", "\x9d", "\x1b[1;", "\b", "\r", "a\b", "\x1bP"])
def test_time_grows_with_the_length_alone(text: str) -> None:
    started = time.process_time()
    for function in (plain, as_shown, tame):
        function(text * 300_000)
    assert time.process_time() - started < 10
