"""The defaults of build arguments, and those that a stage gives again."""

import pytest

from hub_image_actions.images.argument_defaults import argument_defaults, repetitions
from hub_image_actions.images.dockerfiles import REPEATED, BaseOutcome, BaseTarget, moved
from hub_image_actions.references import parse_image_name

IMAGE = "quay.io/course/base"
TARGET = BaseTarget(parse_image_name(IMAGE), "2")


def defaults(text: str) -> list[tuple[str, str, int]]:
    return [(one.name, one.value.text, one.stage) for one in argument_defaults(text)]


def test_each_default_is_told_with_its_stage() -> None:
    text = 'ARG A=1 B="$A-x"\nFROM a\nARG A\nARG B=2\nFROM b\nARG A=3\n'
    assert defaults(text) == [("A", "1", -1), ("B", "1-x", -1), ("B", "2", 0), ("A", "3", 1)]


def test_a_default_that_cannot_be_told_is_left_out() -> None:
    assert defaults("ARG A=${B!}\nARG C=1\nFROM x\n") == [("C", "1", -1)]


def test_what_is_no_argument_is_repeated_nowhere() -> None:
    known = list(argument_defaults("ARG A=1\nFROM x:1\nARG A=1\n"))
    assert list(repetitions(known, known[1].value)) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "ARG TAG=1\nFROM <I>:$TAG\nARG TAG=1\nLABEL t=$TAG\n",
            "ARG TAG=2\nFROM <I>:$TAG\nARG TAG=2\nLABEL t=$TAG\n",
        ),
        ("ARG T=1\nFROM <I>:$T AS a\nFROM a\nARG T='1'\n", "ARG T=2\nFROM <I>:$T AS a\nFROM a\nARG T='2'\n"),
        ("ARG B=<I>:1\nFROM $B\nARG B=<I>:1\n", "ARG B=<I>:2\nFROM $B\nARG B=<I>:2\n"),
    ],
)
def test_a_default_that_a_stage_repeats_moves_with_the_base(before: str, after: str) -> None:
    content, outcomes = moved(before.replace("<I>", IMAGE).encode(), TARGET)
    assert content.decode() == after.replace("<I>", IMAGE)
    assert [(outcome.old, outcome.new) for outcome in outcomes] == [("1", "2"), ("1", "2")]
    again, outcomes = moved(content, TARGET)
    assert again == content
    assert [outcome.new for outcome in outcomes] == [""]


@pytest.mark.parametrize("base", ["1", "2"])
def test_another_default_of_the_same_argument_is_listed(base: str) -> None:
    text = f"ARG TAG={base}\nFROM {IMAGE}:$TAG\nARG TAG=0\n"
    content, outcomes = moved(text.encode(), TARGET)
    assert content.decode() == text.replace(f"TAG={base}", "TAG=2")
    assert outcomes[1] == BaseOutcome(3, "0", "0", reason=f"{REPEATED}: TAG")


@pytest.mark.parametrize("text", ["ARG OTHER=1\n", "ARG TAG\n", "ENV TAG=1\n"])
def test_what_a_stage_calls_otherwise_stays(text: str) -> None:
    content, outcomes = moved(f"ARG TAG=1\nFROM {IMAGE}:$TAG\n{text}".encode(), TARGET)
    assert content.decode() == f"ARG TAG=2\nFROM {IMAGE}:$TAG\n{text}"
    assert len(outcomes) == 1


def test_a_default_that_many_stages_repeat_is_told_once() -> None:
    stages = f"FROM {IMAGE}:$TAG\nARG TAG=1\n" * 40
    _, outcomes = moved(f"ARG TAG=1\n{stages}".encode(), TARGET)
    assert len(outcomes) == 80
    assert all(outcome.new == "2" for outcome in outcomes)
