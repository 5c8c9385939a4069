"""What the runner is told, and what people are told where there is no runner."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from hub_image_actions.entry.runner import Runner
from hub_image_actions.errors import ActionError, InputError, InvalidInputs

ON_RUNNER = {"GITHUB_ACTIONS": "true"}


@pytest.mark.parametrize(
    "line", ["::error::x", "  ::set-output name=a::b", "a ##[error]x", "\u2003::warning::x", "##[group]"]
)
def test_a_logged_line_is_no_command(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    Runner(ON_RUNNER).info(f"first\n{line}\nlast")
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) == 3
    assert not shown[1].lstrip().startswith("::")
    assert "##[" not in shown[1]
    assert shown[1].replace("\u200b", "") == line


@pytest.mark.parametrize("line", ["a :: b", "std::string", "# [x]"])
def test_a_line_that_is_no_command_is_logged_as_it_is(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    Runner(ON_RUNNER).info(line)
    assert capsys.readouterr().out == f"{line}\n"


def test_an_error_is_one_line_at_its_file(capsys: pytest.CaptureFixture[str]) -> None:
    Runner(ON_RUNNER).error(ActionError("two\nlines", "Do this.", file="a,b:c.yaml", line=3))
    assert capsys.readouterr().out == "::error file=a%2Cb%3Ac.yaml,line=3::two%0Alines Do this.\n"


def test_every_wrong_input_is_an_error_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    errors = (InputError("a", "it is wrong."), InputError("b", "it is too."))
    Runner(ON_RUNNER).error(InvalidInputs(errors))
    assert capsys.readouterr().out == "::error::Input `a`: it is wrong.\n::error::Input `b`: it is too.\n"


def test_on_a_laptop_errors_go_to_the_other_stream_in_plain_words(capsys: pytest.CaptureFixture[str]) -> None:
    Runner({}).error(ActionError("It is wrong."))
    assert capsys.readouterr() == ("", "error: It is wrong.\n")


def test_every_line_of_a_secret_is_masked_once(capsys: pytest.CaptureFixture[str]) -> None:
    one, two = "a" * 20, "b" * 20
    Runner(ON_RUNNER).mask(one)
    Runner(ON_RUNNER).mask(f"{one}\n{two}")
    masks = [f"::add-mask::{text}" for text in (one, f"{one}%0A{two}", one, two)]
    assert capsys.readouterr().out.splitlines() == masks


@pytest.mark.parametrize("environ", [{}, ON_RUNNER])
def test_no_secret_is_no_mask_and_on_a_laptop_none_is_shown(
    environ: Mapping[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    Runner(environ).mask("" if environ else "secret")
    assert capsys.readouterr().out == ""


def test_a_group_is_closed_when_something_goes_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ActionError), Runner(ON_RUNNER).group("a\nb"):
        raise ActionError("wrong")
    assert capsys.readouterr().out == "::group::a%0Ab\n::endgroup::\n"


def test_on_a_laptop_outputs_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    Runner({}).outputs({"files": "a\nb", "empty": ""})
    assert capsys.readouterr().out == "files: a, b\n"


def test_the_summary_grows(tmp_path: Path) -> None:
    page = tmp_path / "summary.md"
    runner = Runner({"GITHUB_STEP_SUMMARY": str(page)})
    runner.summary("one\n\n\n")
    runner.summary("two")
    assert page.read_text() == "one\n\ntwo\n\n"


def test_an_option_goes_before_the_runners_input() -> None:
    inputs = {"INPUT_BASE_BRANCH": " staging"}
    assert Runner({}, inputs, {"base-branch": "prod"}).input("base-branch") == "prod"
    assert Runner({}, inputs).input("base-branch") == " staging"
    assert Runner({}, inputs).input("title") == ""


def test_an_input_of_the_environment_counts_only_where_it_is_handed_over() -> None:
    assert Runner({"INPUT_TAG": "1"}).input("tag") == ""


def test_a_summary_that_cannot_be_written_is_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Runner({**ON_RUNNER, "GITHUB_STEP_SUMMARY": str(tmp_path)}).summary("x")
    shown = capsys.readouterr().out
    assert shown == f"::warning::The job's summary cannot be written: {tmp_path}: Is a directory.\n"


def test_a_warning_is_shown_at_its_file_and_line(capsys: pytest.CaptureFixture[str]) -> None:
    runner = Runner(ON_RUNNER)
    runner.warning("x", "environment.yml", 3)
    runner.warning("y")
    assert capsys.readouterr().out == "::warning file=environment.yml,line=3::x\n::warning::y\n"


def test_an_output_that_cannot_be_set_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = str(tmp_path)
    monkeypatch.setenv("GITHUB_OUTPUT", file)
    with pytest.raises(ActionError, match=rf"The output 'tag' cannot be set: {file}: Is a directory\."):
        Runner({**ON_RUNNER, "GITHUB_OUTPUT": file}).outputs({"tag": "1"})
