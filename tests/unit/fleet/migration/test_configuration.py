"""What is kept of an old pipeline while it is read, and where it stands."""

import pytest

from hub_image_actions.fleet.migration.configuration import (
    Extra,
    LeftOut,
    Origin,
    PipelineConfiguration,
    Reading,
    inner,
    line_of,
    origin_of,
    origin_within,
    tidy,
)
from hub_image_actions.fleet.workflows.workflow_file import WorkflowFile

FIRST, SECOND = Origin("a.yaml", 1, "one"), Origin("a.yaml", 2, "two")
FILE = WorkflowFile(
    "a.yaml",
    b"on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: |\n          one\n          two\n",
)


@pytest.mark.parametrize(
    ("name", "is_base"),
    [
        ("o/base-r-image", True),
        ("base-x/r-image", False),
        ("o/base-r", False),
        ("o/r-base-image", False),
        ("", False),
    ],
)
def test_a_base_image_is_known_by_the_name_of_its_repository(name: str, *, is_base: bool) -> None:
    assert Reading(name, {}).base_image is is_base


def test_the_first_value_that_is_not_empty_is_kept_with_its_place() -> None:
    reading = Reading("o/r", {})
    reading.take("image", "", FIRST)
    reading.take("image", "a/b", SECOND)
    reading.take("image", "c/d", FIRST)
    read = reading.configuration()
    assert read == PipelineConfiguration(image="a/b", origins={"image": SECOND})


def test_the_first_value_of_each_input_is_kept_with_its_place() -> None:
    reading = Reading("o/r", {})
    for key, value, origin in (("a", "", FIRST), ("a", "1", SECOND), ("a", "2", FIRST), ("b", "3", FIRST)):
        reading.add("build", key, value, origin)
    read = reading.configuration()
    assert read == PipelineConfiguration(
        build={"a": "1", "b": "3"}, origins={"build.a": SECOND, "build.b": FIRST}
    )


def test_an_item_of_a_list_is_kept_once_and_in_order() -> None:
    reading = Reading("o/r", {})
    one, other = (Extra(name, "", FIRST, "build") for name in ("one", "other"))
    reading.extend("steps", other, one)
    reading.extend("steps", one)
    assert reading.configuration().steps == (other, one)


def test_what_is_left_out_has_the_place_where_it_stands() -> None:
    reading = Reading("o/r", {})
    reading.leave(SECOND, "what", "why", "remedy")
    assert reading.left_out == [LeftOut("what", "why", "remedy", "a.yaml", 2)]


def test_the_line_of_a_scalar_is_given_without_its_indentation() -> None:
    written = FILE.jobs[0].values["runs-on"]
    assert origin_of(FILE, written) == Origin("a.yaml", 4, "runs-on: x")
    assert line_of(FILE, 1) == "on: push"


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("two", Origin("a.yaml", 8, "two")),
        ("push", Origin("a.yaml", 6, "- run: |")),
    ],
)
def test_a_text_within_a_script_has_a_line_of_its_own(text: str, origin: Origin) -> None:
    script = FILE.jobs[0].steps[0].values["run"]
    assert origin_within(FILE, script, text) == origin


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ("${{vars.IMAGE}}", "${{ vars.IMAGE }}"),
        (" a/${{  vars.A  }}:${{env.B}} ", "a/${{ vars.A }}:${{ env.B }}"),
        ("${ IMAGE }", "${ IMAGE }"),
    ],
)
def test_expressions_are_spaced_in_one_way(value: str, result: str) -> None:
    assert tidy(value) == result


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ("${{ vars.IMAGE }}", "vars.IMAGE"),
        ("a/b", "'a/b'"),
        ("it's", "'it''s'"),
        ("${{ vars.HUB }}-hub", "format('{0}-hub', vars.HUB)"),
        ("a/${{ vars.A }}:${{vars.B}}", "format('a/{0}:{1}', vars.A, vars.B)"),
        ("{it's}${{ vars.A }}", "format('{{it''s}}{0}', vars.A)"),
        ("${{ vars.A }}${{ vars.B }}", "format('{0}{1}', vars.A, vars.B)"),
    ],
)
def test_a_value_is_written_as_it_stands_in_an_expression(value: str, result: str) -> None:
    assert inner(value) == result
