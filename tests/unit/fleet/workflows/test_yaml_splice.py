"""Splices into YAML: one entry changes, and every other line is the same afterwards."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from hub_image_actions.fleet.workflows import yaml_splice as splice
from hub_image_actions.fleet.workflows.yaml_splice import EntryMissing

TEXT = """\
# about
a:
  b: 1 # one
  # about c
  c: "two"   # two
  d:

  e: {x: y} # flow
list:
  # first
  - name: one
    run: |
      x

  - name: two # last
end: yes
"""


@pytest.mark.parametrize(
    ("way", "value", "old", "new"),
    [
        (("a", "b"), "2", "  b: 1 # one", "  b: 2 # one"),
        (("a", "c"), "'x'", '  c: "two"   # two', "  c: 'x'   # two"),
        (("a", "d"), "x", "  d:\n", "  d: x\n"),
        (("a", "e"), "[1]", "  e: {x: y} # flow", "  e: [1] # flow"),
        (("a", "b"), "|\nx\ny", "  b: 1 # one", "  b: |\n    x\n    y # one"),
        (("list", 0, "name"), "1", "- name: one", "- name: 1"),
        (("a", "new"), "3", "  e: {x: y} # flow\n", "  e: {x: y} # flow\n  new: 3\n"),
        (("a", "new"), "\nk: v", "  e: {x: y} # flow\n", "  e: {x: y} # flow\n  new:\n    k: v\n"),
        (("list", 1, "new"), "3", "  - name: two # last\n", "  - name: two # last\n    new: 3\n"),
    ],
)
def test_an_entry_is_set_and_nothing_else(way: splice.Way, value: str, old: str, new: str) -> None:
    assert old in TEXT
    assert splice.set_entry(TEXT, way, value) == TEXT.replace(old, new, 1)


def test_a_new_entry_stands_before_another_and_its_comment() -> None:
    assert splice.set_entry(TEXT, ("a", "new"), "3", before="c") == TEXT.replace(
        "  # about c", "  new: 3\n  # about c"
    )


@pytest.mark.parametrize(
    ("way", "gone"),
    [
        (("a", "c"), '  # about c\n  c: "two"   # two\n'),
        (("a", "b"), "  b: 1 # one\n"),
        (("list", 0), "  # first\n  - name: one\n    run: |\n      x\n\n"),
        (("list", 1), "  - name: two # last\n"),
        (("end",), "end: yes\n"),
        (("a", "nowhere"), ""),
    ],
)
def test_an_entry_goes_with_its_comment(way: splice.Way, gone: str) -> None:
    assert splice.remove_entry(TEXT, way) == TEXT.replace(gone, "", 1)


def test_an_entry_is_replaced_with_its_comment() -> None:
    new = splice.replace_entry(TEXT, ("a", "c"), "# new\nc:\n  x: 1")
    assert new == TEXT.replace('  # about c\n  c: "two"   # two\n', "  # new\n  c:\n    x: 1\n")


@pytest.mark.parametrize(
    ("index", "before"), [(0, "  # first\n"), (1, "  - name: two # last\n"), (2, "end: yes\n")]
)
def test_an_item_is_put_into_a_list(index: int, before: str) -> None:
    item = "- name: new\n  x: y\n"
    assert splice.insert_item(TEXT, ("list",), index, item) == TEXT.replace(
        before, f"  - name: new\n    x: y\n{before}"
    )


def test_lines_are_put_behind_a_mapping() -> None:
    assert splice.append_entry(TEXT, (), "f: 1") == TEXT + "\nf: 1\n"
    assert splice.append_entry(TEXT, ("a",), "f: 1", apart=False) == TEXT.replace(
        "list:\n", "  f: 1\nlist:\n", 1
    )


def test_a_file_without_a_last_line_end_gets_one_where_lines_follow() -> None:
    assert splice.set_entry("a: 1", ("b",), "2") == "a: 1\nb: 2\n"


@pytest.mark.parametrize(
    "act",
    [
        lambda: splice.set_entry(TEXT, ("nowhere", "x"), "1"),
        lambda: splice.set_entry(TEXT, ("a", "b", "x"), "1"),
        lambda: splice.replace_entry(TEXT, ("x",), "1"),
        lambda: splice.insert_item(TEXT, ("a",), 0, "- x"),
        lambda: splice.append_entry(TEXT, ("list",), "x: 1"),
    ],
)
def test_what_is_not_there_is_an_error(act: object) -> None:
    assert callable(act)
    with pytest.raises(EntryMissing):
        act()


@given(st.text(st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp")), min_size=1, max_size=30))
def test_a_quoted_text_is_read_as_itself(value: str) -> None:
    for version in ((1, 1), (1, 2)):
        yaml = YAML(typ="safe", pure=True)
        yaml.version = version
        assert yaml.load(f"a: {splice.quoted(value)} # b")["a"] == value
        assert yaml.load(f"a: {splice.flow([value, 'x'])}")["a"] == [value, "x"]


@pytest.mark.parametrize(
    "value",
    [
        "2026.04.0",
        "${{ vars.A || 'b' }}",
        "x/y-z",
        "git+https://a.b/c@main",
        "true",
        "08",
        "1.5",
        "{sha:7}",
        "on",
        "",
    ],
)
def test_the_texts_of_workflows_are_read_as_themselves(value: str) -> None:
    assert YAML(typ="safe", pure=True).load(f"a: {splice.quoted(value)}")["a"] == value
