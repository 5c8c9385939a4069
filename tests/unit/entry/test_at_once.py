"""Many questions at once: each has its own answer, or its own error."""

import io

import pytest

from hub_image_actions.entry.at_once import AtOnce
from hub_image_actions.entry.console import Console
from hub_image_actions.errors import ActionError


@pytest.fixture
def at_once() -> AtOnce:
    return AtOnce(Console(io.StringIO(), io.StringIO()))


def refuse() -> int:
    raise ActionError("It is archived.", "Unarchive it.")


def crash() -> int:
    raise RecursionError("too deep")


def test_answers_come_by_their_questions_in_their_order(at_once: AtOnce) -> None:
    calls = {name: (lambda name=name: name * 2) for name in range(20)}
    assert list(at_once("asking", calls).items()) == [(name, name * 2) for name in range(20)]


def test_an_error_is_the_answer_to_its_own_question_alone(at_once: AtOnce) -> None:
    answers = at_once("asking", {"a": lambda: 1, "b": refuse, "c": lambda: 3})
    assert (answers["a"], answers["c"]) == (1, 3)
    assert str(answers["b"]) == "It is archived. Unarchive it."


def test_a_bug_that_one_repository_meets_does_not_end_the_others(at_once: AtOnce) -> None:
    answers = at_once("asking", {"a": crash, "b": lambda: 2})
    assert answers["b"] == 2
    assert isinstance(answers["a"], ActionError)
    assert answers["a"].problem.startswith("A bug of hub-image-actions, at test_at_once.py:")
    assert "RecursionError: too deep" in answers["a"].problem


def test_an_interruption_is_no_answer(at_once: AtOnce) -> None:
    def interrupt() -> int:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        at_once("asking", {"a": interrupt})
