"""Inputs: what each kind takes, and that all errors come together."""

from collections.abc import Callable

import pytest

from hub_image_actions.entry.inputs import Inputs
from hub_image_actions.errors import InvalidInputs
from hub_image_actions.references import parse_tag


def inputs(**values: str) -> Inputs:
    return Inputs(lambda name: values.get(name, ""))


def problems(read: Inputs) -> list[tuple[str, str]]:
    """Return the inputs that are refused, each with what the annotation says."""
    with pytest.raises(InvalidInputs) as refusal:
        read.check()
    return [(error.name, error.problem) for error in refusal.value.errors]


def test_a_text_comes_without_the_space_around_it() -> None:
    assert inputs(hub="  data100\n").text("hub") == "data100"


@pytest.mark.parametrize("value", ["", "  ", "\n"])
def test_an_empty_input_has_its_default(value: str) -> None:
    assert inputs(branch=value).text("branch", "staging") == "staging"


def test_nothing_is_raised_where_nothing_is_wrong() -> None:
    read = inputs(hub="data100")
    read.text("hub", required="Set it.")
    read.check()


def test_a_required_input_says_how_to_give_it() -> None:
    read = inputs()
    read.text("image", required="Set the repository variable IMAGE.")
    with pytest.raises(InvalidInputs) as refusal:
        read.check()
    (error,) = refusal.value.errors
    assert (error.name, error.remedy) == ("image", "Set the repository variable IMAGE.")
    assert "`image`" in error.problem


@pytest.mark.parametrize("control", ["\n", "\r", "\0", "\x1b", "\x7f", "\x85", "\u2028", "\u2029"])
def test_a_text_of_several_lines_is_refused(control: str) -> None:
    read = inputs(title=f"a{control}::error::b")
    assert read.text("title") == ""
    assert [name for name, _ in problems(read)] == ["title"]


def test_a_secret_that_is_refused_is_not_shown() -> None:
    read = inputs(token="hunter2\nhunter3")
    read.secret("token")
    ((name, problem),) = problems(read)
    assert name == "token"
    assert "hunter" not in problem


def test_a_secret_can_be_required() -> None:
    read = inputs()
    read.secret("token", required="Add the secret.")
    assert [name for name, _ in problems(read)] == ["token"]


def test_a_long_secret_keeps_its_lines() -> None:
    assert inputs(key="{\n  1\n}\n").long_secret("key") == "{\n  1\n}"


def test_an_input_is_parsed() -> None:
    assert inputs(tag=" 511c4637d702 ").parsed("tag", parse_tag) == "511c4637d702"


def test_the_error_of_a_parser_becomes_that_of_the_input() -> None:
    read = inputs(tag="a b")
    read.parsed("tag", parse_tag)
    assert problems(read) == [("tag", "Input `tag`: 'a b' is not an image tag.")]


def test_an_empty_input_is_not_parsed() -> None:
    assert inputs().parsed("from-tag", parse_tag, empty="none") == "none"


def test_an_input_that_is_wrong_already_is_not_parsed() -> None:
    read = inputs(tag="a\nb")
    read.parsed("tag", parse_tag)
    assert len(problems(read)) == 1


@pytest.mark.parametrize(
    ("value", "flag"), [("true", True), ("True", True), ("TRUE", True), ("false", False), ("FALSE", False)]
)
def test_a_truth_value_is_written_as_in_yaml(value: str, flag: bool) -> None:
    assert inputs(draft=value).flag("draft", default=not flag) is flag


@pytest.mark.parametrize("default", [True, False])
def test_an_empty_truth_value_has_its_default(default: bool) -> None:
    assert inputs().flag("draft", default=default) is default


@pytest.mark.parametrize("value", ["yes", "1", "on", "tRUE"])
def test_other_words_are_no_truth_values(value: str) -> None:
    read = inputs(draft=value)
    read.flag("draft", default=False)
    assert [name for name, _ in problems(read)] == ["draft"]


@pytest.mark.parametrize(("value", "number"), [("", 5), ("0", 0), ("12", 12)])
def test_a_number_is_whole(value: str, number: int) -> None:
    assert inputs(count=value).number("count", 5) == number


@pytest.mark.parametrize("value", ["-1", "1.5", "ten", "0x1"])
def test_other_numbers_are_refused(value: str) -> None:
    read = inputs(count=value)
    read.number("count", 5)
    assert [name for name, _ in problems(read)] == ["count"]


@pytest.mark.parametrize(("value", "choice"), [("", "auto"), ("never", "never")])
def test_a_choice_is_one_of_its_words(value: str, choice: str) -> None:
    assert inputs(when=value).choice("when", ("auto", "never")) == choice


def test_another_word_is_no_choice() -> None:
    read = inputs(when="always")
    read.choice("when", ("auto", "never"))
    ((name, problem),) = problems(read)
    assert (name, "'always'" in problem) == ("when", True)


@pytest.mark.parametrize("value", ["a\nb", "a,b", " a ,\r\n b,\n", ",a,,b"])
def test_items_are_separated_by_lines_or_commas(value: str) -> None:
    assert inputs(labels=value).items("labels") == ("a", "b")


def test_empty_items_have_their_default() -> None:
    assert inputs().items("paths", "deployments") == ("deployments",)


def test_each_item_that_cannot_be_used_is_an_error() -> None:
    read = inputs(tags="a b,c,d\x1be,-f")
    read.items("tags", parse=parse_tag)
    assert [name for name, _ in problems(read)] == ["tags"] * 3


def test_pairs_are_names_with_values() -> None:
    assert inputs(arguments="A=1\n\n B=x=y \nC=\n").pairs("arguments") == {"A": "1", "B": "x=y", "C": ""}


@pytest.mark.parametrize("value", ["A", "=1", "A=1\x1b"])
def test_a_pair_needs_name_and_value(value: str) -> None:
    read = inputs(arguments=value)
    read.pairs("arguments")
    assert [name for name, _ in problems(read)] == ["arguments"]


def test_all_errors_come_in_one_go_and_in_order() -> None:
    read = inputs(tag="a b", draft="perhaps", title="a\nb")
    read.text("image", required="Set it.")
    read.parsed("tag", parse_tag)
    read.flag("draft", default=True)
    read.text("title")
    read.refuse("paths", "it leads out of the repository.", "Name a folder inside.")
    assert [name for name, _ in problems(read)] == ["image", "tag", "draft", "title", "paths"]


READERS: dict[str, tuple[Callable[[Inputs], object], str]] = {
    "text": (lambda read: read.text("x", "staging"), "staging"),
    "secret": (lambda read: read.secret("x"), ""),
    "long secret": (lambda read: read.long_secret("x"), ""),
    "flag": (lambda read: read.flag("x", default=True), "true"),
    "number": (lambda read: read.number("x", 5), "5"),
    "choice": (lambda read: read.choice("x", ("a", "b")), "a"),
    "items": (lambda read: read.items("x", "deployments"), "deployments"),
    "pairs": (lambda read: read.pairs("x"), ""),
    "parsed": (lambda read: read.parsed("x", parse_tag, "latest"), "latest"),
}


@pytest.mark.parametrize("kind", READERS)
def test_the_defaults_are_known_for_what_was_read(kind: str) -> None:
    reader, default = READERS[kind]
    read = inputs()
    reader(read)
    assert read.defaults == {"x": default}
