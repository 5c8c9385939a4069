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


ITEMS = """\
list:
  # first
  - name: one # n
    run: x
  - only: 1
flow: {a: b, c: d, e: "f"} # flow
none: {}
items: [1, "2", 3]
shared: &shared
  k: v
jobs:
  one:
    env: *shared # why
  two: {env: *shared, x: 1}
  three: *shared
"""


@pytest.mark.parametrize(
    ("way", "old", "new"),
    [
        (("list", 0, "name"), "  - name: one # n\n    run: x\n", "  - run: x\n"),
        (("list", 1, "only"), "  - only: 1\n", "  - {}\n"),
        (("flow", "a"), '{a: b, c: d, e: "f"}', '{c: d, e: "f"}'),
        (("flow", "c"), '{a: b, c: d, e: "f"}', '{a: b, e: "f"}'),
        (("flow", "e"), '{a: b, c: d, e: "f"}', "{a: b, c: d}"),
        (("items", 0), '[1, "2", 3]', '["2", 3]'),
        (("items", 2), '[1, "2", 3]', '[1, "2"]'),
        (("jobs", "one", "env"), "  one:\n    env: *shared # why\n", "  one:\n"),
        (("jobs", "two", "env"), "{env: *shared, x: 1}", "{x: 1}"),
        (("jobs", "two", "x"), "{env: *shared, x: 1}", "{env: *shared}"),
        (("jobs", "three"), "  three: *shared\n", ""),
    ],
)
def test_what_stands_beside_others_is_removed_alone(way: splice.Way, old: str, new: str) -> None:
    assert old in ITEMS
    assert splice.remove_entry(ITEMS, way) == ITEMS.replace(old, new, 1)


@pytest.mark.parametrize(
    ("way", "value", "old", "new"),
    [
        (("flow", "c"), "x", "c: d", "c: x"),
        (("flow", "new"), "x", 'e: "f"}', 'e: "f", new: x}'),
        (("none", "new"), "x", "none: {}", "none: {new: x}"),
        (
            ("jobs", "one", "env"),
            "\n      a: b",
            "    env: *shared # why",
            "    env: \n            a: b # why",
        ),
        (("jobs", "two", "env"), "x", "{env: *shared, x: 1}", "{env: x, x: 1}"),
        (("jobs", "three"), "x", "three: *shared", "three: x"),
    ],
)
def test_what_stands_beside_others_is_set_alone(way: splice.Way, value: str, old: str, new: str) -> None:
    assert old in ITEMS
    assert splice.set_entry(ITEMS, way, value) == ITEMS.replace(old, new, 1)


def test_the_first_key_of_an_item_is_replaced_behind_its_dash() -> None:
    replaced = splice.replace_entry(ITEMS, ("list", 0, "name"), "id: two\nname: two\n")
    assert replaced == ITEMS.replace("  - name: one # n\n", "  - id: two\n    name: two\n")


@pytest.mark.parametrize("value", ["|\n  x", "a, b", "a}", "[1]\n"])
def test_a_value_that_brackets_cannot_hold_is_refused(value: str) -> None:
    with pytest.raises(EntryMissing, match="in brackets"):
        splice.set_entry(ITEMS, ("flow", "a"), value)


def test_what_an_alias_stands_for_is_not_changed_through_it() -> None:
    with pytest.raises(EntryMissing, match=r"`jobs\.one\.env` is an alias"):
        splice.set_entry(ITEMS, ("jobs", "one", "env", "k"), "x")
