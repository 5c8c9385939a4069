"""A migration in words: what a terminal and a pull request show of it."""

from dataclasses import replace

import pytest

from hub_image_actions.fleet.migration.configuration import LeftOut
from hub_image_actions.fleet.upgrade.explanation import explain, explain_markdown
from hub_image_actions.fleet.upgrade.plan import Change, Migration

CHANGE = Change(
    ".github/workflows/old.yaml", 7, "IMAGE: a", ".github/workflows/new.yaml", 0, "image: a", "So."
)
LEFT_OUT = LeftOut("a cache", "None of ours has its like.", "Do it by hand.", ".github/workflows/old.yaml", 9)
MIGRATION = Migration(
    {"b": b"1", "a": None, "c": b"2"}, (CHANGE,), kind="a pipeline", before={"b": b"0", "a": b""}
)


def test_nothing_is_explained_where_there_is_nothing_to_do() -> None:
    assert explain(Migration({}, kind="our actions")) == "Found: our actions.\n\nNothing to do.\n"


def test_files_are_sorted_and_said_to_come_change_or_go() -> None:
    _, files, *_ = explain(MIGRATION).split("\n\n")
    assert files.splitlines() == [" deletes a", " changes b", "    adds c"]


def test_old_and_new_stand_side_by_side_with_the_reason_below() -> None:
    rows = explain(MIGRATION, width=43).rstrip().splitlines()[-5:]
    assert rows == [
        "today                │ then",
        "─────────────────────┼─────────────────────",
        "old.yaml:7           │ new.yaml",
        "IMAGE: a             │ image: a",
        "  why: So.",
    ]


@pytest.mark.parametrize("width", [40, 60, 120])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    long = replace(CHANGE, before="word " * 60, after="x" * 200, reason="because " * 40)
    noted = replace(MIGRATION, changes=(long,), left_out=(LEFT_OUT,), notes=("note " * 50,))
    assert max(map(len, explain(noted, width).splitlines())) <= width


def test_what_is_left_out_to_be_set_and_to_know_is_told_in_lists() -> None:
    text = explain(
        replace(MIGRATION, left_out=(LEFT_OUT,), variables={"HUB": "ask", "IMAGE": "a/b"}, notes=("Look.",))
    )
    assert text.split("\n\n")[-3:] == [
        "Left out:\n- old.yaml:9: a cache. None of ours has its like. Do it by hand.",
        "To be set before:\n- variable HUB: ask who looks after the image\n- variable IMAGE: a/b",
        "To know:\n- Look.\n",
    ]


def test_markdown_has_a_row_for_a_change_and_code_shows_as_code() -> None:
    noted = replace(MIGRATION, changes=(replace(CHANGE, before="", after="a|b", reason="See `x`."),))
    row = explain_markdown(noted).splitlines()[-1]
    assert row == r"| `old.yaml:7` | `new.yaml` | `a\|b` | See `x`\. |"


def test_markdown_folds_away_what_follows_the_first_line_of_a_note() -> None:
    text = explain_markdown(replace(MIGRATION, changes=(), notes=("Edited.\n\n-a\n+b",)))
    assert "**To know**\n\n- Edited\\.\n\n<details>" in text
    assert "```text\n-a\n+b\n```" in text
