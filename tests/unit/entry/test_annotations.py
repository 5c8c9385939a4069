"""What GitHub shows above the log, of which it takes ten of a kind."""

import pytest

from hub_image_actions.entry.annotations import place_of
from hub_image_actions.entry.runner import Runner
from hub_image_actions.errors import ActionError, InputError, InvalidInputs

ON_RUNNER = {"GITHUB_ACTIONS": "true"}


def annotations(shown: str, kind: str) -> list[str]:
    """Returns the messages of the annotations of a kind."""
    return [
        line.partition("::")[2].partition("::")[2]
        for line in shown.splitlines()
        if line.startswith(f"::{kind}")
    ]


@pytest.mark.parametrize(("failures", "shown"), [(1, 2), (8, 9), (9, 10), (30, 10)])
def test_the_error_that_ends_a_run_is_among_the_ten_that_github_shows(
    capsys: pytest.CaptureFixture[str], failures: int, shown: int
) -> None:
    with Runner(ON_RUNNER) as runner:
        for number in range(failures):
            runner.failure(ActionError(f"Test {number} failed.", file="a.py", line=number + 1))
        runner.error(ActionError("Tests failed.", "See the report."))
    log = capsys.readouterr().out
    errors = annotations(log, "error")
    assert len(errors) == shown
    assert errors[-1] == "Tests failed. See the report."
    if failures > 8:
        left = failures - 8
        assert errors[-2] == (
            f"{left} more errors are in the log." if left > 1 else "1 more error is in the log."
        )
        assert f"\nerror: Test {failures - 1} failed.\n" in log


@pytest.mark.parametrize("kind", ["warning", "notice"])
def test_more_than_ten_of_a_kind_are_summed_up_at_the_end(
    capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    with Runner(ON_RUNNER) as runner:
        for number in range(12):
            getattr(runner, kind)(f"Number {number}.")
    log = capsys.readouterr().out
    assert annotations(log, kind) == [
        *(f"Number {number}." for number in range(9)), f"3 more {kind}s are in the log."
    ]  # fmt: skip
    assert f"\n{kind}: Number 11.\n" in log


def test_of_many_wrong_inputs_none_is_dropped(capsys: pytest.CaptureFixture[str]) -> None:
    wrong = InvalidInputs(tuple(InputError(f"input-{n}", "it is wrong.", "Fix it.") for n in range(14)))
    with Runner(ON_RUNNER) as runner:
        runner.error(wrong)
    errors = annotations(capsys.readouterr().out, "error")
    assert len(errors) == 10
    assert all(f"`input-{number}`" in " ".join(errors) for number in range(14))


def test_on_a_laptop_every_wrong_input_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    wrong = InvalidInputs(tuple(InputError(f"input-{n}", "it is wrong.", "Fix it.") for n in range(14)))
    with Runner({}) as runner:
        runner.error(wrong)
    assert len(capsys.readouterr().err.splitlines()) == 14


def test_on_a_laptop_every_error_is_told_by_itself(capsys: pytest.CaptureFixture[str]) -> None:
    with Runner({}) as runner:
        for number in range(30):
            runner.failure(ActionError(f"Test {number} failed."))
    assert len(capsys.readouterr().err.splitlines()) == 30


def test_an_error_about_no_file_has_no_place() -> None:
    assert place_of(ActionError("a")) == {}
    assert place_of(ActionError("a", file="b", line=2)) == {"file": "b", "line": "2"}
