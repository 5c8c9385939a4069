"""What workflows can see of a release, and the step of the version that it needs."""

from pathlib import Path

import pytest

from hub_image_actions.errors import ActionError
from release.compatibility import (
    NO_CHANGES,
    Change,
    Declaration,
    IncompatibleRelease,
    Input,
    changes,
    check_step,
    read_declaration,
)
from release.version import Version, parse_version

LAST = Version(1, 4, 2)


def with_input(**inputs: Input) -> dict[str, Declaration]:
    return {"build": Declaration(inputs)}


@pytest.mark.parametrize(
    ("before", "after", "step"),
    [
        (Input(), None, "major"),
        (None, Input(), "minor"),
        (None, Input(required=True), "major"),
        (Input(), Input(required=True), "major"),
        (Input(required=True), Input(default="x"), "minor"),
        (Input(default="a"), Input(default="b"), "major"),
        (Input(default="a"), Input(), "major"),
        (Input(), Input(default="a"), "major"),
        (Input(default="false"), Input(default="true"), "major"),
        (Input(default="2026.04.0"), Input(default="2026.10.0"), "minor"),
        (Input(default="v1.9"), Input(default="v1.10"), "minor"),
        (Input(default="2026.04.0"), Input(default="2025.12.0"), "major"),
        (Input(default="20"), Input(default="40"), "major"),
        (Input(default="a"), Input(default="a"), ""),
        (Input(required=True), Input(required=True), ""),
    ],
)
def test_a_change_of_an_input_needs_a_step(before: Input | None, after: Input | None, step: str) -> None:
    found = changes(
        with_input(**({"x": before} if before else {})), with_input(**({"x": after} if after else {}))
    )
    assert [change.step for change in found] == ([step] if step else [])
    assert all("input `x` " in str(change) for change in found)


@pytest.mark.parametrize(
    ("before", "after", "step"),
    [({"tag"}, set(), "major"), (set(), {"tag"}, "minor"), ({"tag"}, {"name"}, "major")],
)
def test_a_change_of_an_output_needs_a_step(before: set[str], after: set[str], step: str) -> None:
    found = changes(
        {"build": Declaration(outputs=frozenset(before))}, {"build": Declaration(outputs=frozenset(after))}
    )
    assert found[0].step == step


def test_an_action_that_is_gone_breaks_workflows() -> None:
    assert changes(with_input(), {}) == (Change("major", "build", "the action was removed or renamed"),)


def test_a_new_action_is_a_feature() -> None:
    assert changes({}, with_input()) == (Change("minor", "build", "the action is new"),)


def test_what_two_paths_to_an_action_have_in_common_is_told_once() -> None:
    before = {path: Declaration({"x": Input()}) for path in ("build", "actions/build")}
    after = {path: Declaration() for path in before}
    assert [change.actions for change in changes(before, after)] == ["actions/build, build"]


def test_nothing_changed_is_no_change() -> None:
    assert changes(with_input(x=Input()), with_input(x=Input())) == NO_CHANGES


@pytest.mark.parametrize(
    ("version", "step"), [("1.4.3", "patch"), ("1.5.0", "minor"), ("1.5.0-rc.1", "minor"), ("2.0.0", "major")]
)
def test_a_step_that_is_as_large_as_its_changes_is_taken(version: str, step: str) -> None:
    check_step(parse_version(version), LAST, (Change(step, "build", "x"),))  # type: ignore[arg-type]  # a text


@pytest.mark.parametrize(
    ("version", "step", "remedy"),
    [
        ("1.4.3", "minor", "Release 1.5.0."),
        ("1.4.3", "major", "Release 2.0.0. Or take back what breaks workflows."),
        ("1.5.0", "major", "Release 2.0.0. Or take back what breaks workflows."),
    ],
)
def test_a_step_that_is_smaller_than_its_changes_is_refused(version: str, step: str, remedy: str) -> None:
    small = Change("patch", "test", "small")
    with pytest.raises(IncompatibleRelease) as refused:
        check_step(parse_version(version), LAST, (small, Change(step, "build", "large")))  # type: ignore[arg-type]  # a text
    assert "build: large" in refused.value.problem
    assert "small" not in refused.value.problem
    assert refused.value.remedy == remedy


def test_a_declaration_is_read_as_github_reads_it() -> None:
    text = """\
inputs:
  a: {description: A, required: 'true'}
  b: {default: false}
  c:
outputs:
  d: {value: x}
"""
    assert read_declaration(text, "action.yml") == Declaration(
        {"a": Input(required=True), "b": Input(default="false"), "c": Input()}, frozenset({"d"})
    )


@pytest.mark.parametrize("text", ["inputs: [", "- a", "inputs: [a]", ""])
def test_a_file_that_declares_no_action_is_named(text: str) -> None:
    with pytest.raises(ActionError, match=r"actions/x/action\.yml cannot be read"):
        read_declaration(text, "actions/x/action.yml")


def test_every_action_of_this_project_can_be_read(root: Path) -> None:
    for path in (root / "action.yml", *root.glob("actions/*/action.yml")):
        assert read_declaration(path.read_text(), str(path)).inputs
