"""What a terminal, a log and a program see of a command."""

import io
import json

import pytest

from hub_image_actions.entry.console import Console


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class Ascii(io.StringIO):
    """A stream that takes only what ASCII has."""

    encoding = "ascii"


def console(*, terminal: bool = False, as_json: bool = False) -> tuple[Console, io.StringIO, io.StringIO]:
    out, err = io.StringIO(), Terminal() if terminal else io.StringIO()
    return Console(out, err, as_json=as_json), out, err


def shown(text: str) -> list[str]:
    """Return what is left on a terminal's lines in the end."""
    return [line.rpartition("\r\x1b[K")[2] for line in text.split("\n")]


def test_in_a_log_progress_is_a_line_for_each_item() -> None:
    progress, out, err = console()
    assert list(progress.progress(["a/b", "c/d"], str)) == ["a/b", "c/d"]
    assert (out.getvalue(), err.getvalue()) == ("", "[1/2] a/b\n[2/2] c/d\n")


def test_numbers_of_progress_stand_below_each_other() -> None:
    progress, _, err = console()
    list(progress.progress(range(10), str))
    assert err.getvalue().splitlines()[8:] == ["[ 9/10] 8", "[10/10] 9"]


def test_on_a_terminal_progress_is_one_line_that_is_gone_in_the_end() -> None:
    progress, _, err = console(terminal=True)
    items = progress.progress(["a/b", "c/d"], str)
    next(items)
    assert shown(err.getvalue()) == ["[1/2] a/b"]
    next(items)
    assert shown(err.getvalue()) == ["[2/2] c/d"]
    assert list(items) == []
    assert shown(err.getvalue()) == [""]


def test_a_line_of_progress_is_no_longer_than_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "10")
    progress, _, err = console(terminal=True)
    items = progress.progress(["owner/a-long-name"], str)
    next(items)
    assert shown(err.getvalue()) == ["[1/1] own"]


def test_a_warning_makes_room_for_itself_and_progress_comes_back() -> None:
    progress, _, err = console(terminal=True)
    items = progress.progress(["a/b"], str)
    next(items)
    progress.warn("no image")
    assert shown(err.getvalue()) == ["warning: no image", "[1/1] a/b"]


def test_after_an_error_no_line_of_progress_is_left() -> None:
    progress, _, err = console(terminal=True)
    items = progress.progress(["a/b"], str)
    next(items)
    items.close()  # type: ignore[attr-defined]  # a generator
    progress.say("done")
    assert shown(err.getvalue()) == [""]


def test_columns_are_aligned() -> None:
    table, out, _ = console()
    table.table(("NAME", "STATE"), [("a", "fine"), ("longer", "")])
    assert out.getvalue() == "NAME    STATE\na       fine\nlonger\n"


def test_a_table_without_rows_is_not_shown() -> None:
    table, out, _ = console()
    table.table(("NAME", "STATE"), [])
    assert out.getvalue() == ""


def test_a_program_gets_json_and_nothing_else() -> None:
    told, out, err = console(as_json=True)
    told.say("hello")
    told.table(("NAME",), [("a",)])
    told.warn("careful")
    told.result({"name": "a"})
    assert json.loads(out.getvalue()) == {"name": "a"}
    assert err.getvalue() == "hello\nwarning: careful\n"


def test_a_person_gets_no_json() -> None:
    told, out, err = console()
    told.result({"name": "a"})
    told.say("hello\nworld")
    assert (out.getvalue(), err.getvalue()) == ("hello\nworld\n", "")


RED = "\x1b[31mdoctor:\x1b[0m It broke.\n"
PLAIN = "doctor: It broke.\n"


@pytest.mark.parametrize(
    ("environ", "shown"),
    [
        ({"TERM": "xterm"}, RED),
        ({"TERM": "xterm", "NO_COLOR": ""}, RED),
        ({"TERM": "xterm", "NO_COLOR": "1"}, PLAIN),
        ({"TERM": "dumb"}, PLAIN),
        ({}, PLAIN),
    ],
)
def test_a_terminal_gets_color_unless_it_cannot_or_shall_not(environ: dict[str, str], shown: str) -> None:
    err = Terminal()
    Console(io.StringIO(), err, environ=environ).fail("doctor", "It broke.")
    assert err.getvalue() == shown


def test_what_is_no_terminal_gets_no_color() -> None:
    out, err = io.StringIO(), io.StringIO()
    told = Console(out, err, environ={"TERM": "xterm"})
    told.table(("NAME",), [("a",)])
    told.warn("careful")
    told.fail("doctor", "It broke.")
    assert (out.getvalue(), err.getvalue()) == ("NAME\na\n", "warning: careful\ndoctor: It broke.\n")


def test_color_changes_no_column() -> None:
    out = Terminal()
    Console(out, io.StringIO(), environ={"TERM": "xterm"}).table(("NAME", "STATE"), [("longer", "fine")])
    assert out.getvalue() == "\x1b[1mNAME    STATE\x1b[0m\nlonger  fine\n"


def test_a_dumb_terminal_gets_lines_of_progress() -> None:
    err = Terminal()
    list(Console(io.StringIO(), err, environ={"TERM": "dumb"}).progress(["a/b"], str))
    assert err.getvalue() == "[1/1] a/b\n"


@pytest.mark.parametrize("text", ["\x1b[31mred", "a\rb", "bell\x07", "\x9b2J", "\udcff"])
def test_what_would_steer_the_terminal_is_not_printed(text: str) -> None:
    told, out, err = console()
    told.say(text)
    told.warn(text)
    told.table(("NAME",), [(text,)])
    list(told.progress([text], str))
    printed = (out.getvalue() + err.getvalue()).replace("\n", "")
    assert printed.isprintable()


def test_a_cell_stays_in_its_line() -> None:
    table, out, _ = console()
    table.table(("A", "B"), [("one\ntwo", "three")])
    assert out.getvalue().splitlines()[1] == "one two  three"


def test_names_that_are_no_text_are_told_from_each_other() -> None:
    table, out, _ = console()
    table.table(("FILE",), [("\udcfe.yaml",), ("\udcff.yaml",)])
    assert out.getvalue().splitlines()[1:] == ["\\udcfe.yaml", "\\udcff.yaml"]


def test_what_the_stream_cannot_encode_is_a_question_mark() -> None:
    out = Ascii()
    Console(out, io.StringIO()).say("naïve")
    assert out.getvalue() == "na?ve\n"
