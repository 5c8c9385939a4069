"""Pins: found wherever our actions are used, moved in their own style, and nothing else touched."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_image_actions.errors import ActionError
from hub_image_actions.fleet.workflows.pins import Release, Style, Target, move_pins, pin_as, pin_others, pins
from hub_image_actions.fleet.workflows.workflow_file import WorkflowFile, WorkflowUnreadable

OLD, NEW, THEIRS = "a" * 40, "b" * 40, "c" * 40
TARGET = Target("2.1.0", NEW)
OURS = "berkeley-dsep-infra/hub-image-actions"


def workflow(line: str) -> bytes:
    """Returns a workflow with a line in the place of a step."""
    return f"jobs:\n  a:\n    runs-on: x\n    steps:\n      {line}\n".encode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"- uses: {OURS}/build@v1", f"- uses: {OURS}/build@v2"),
        (f"- uses: {OURS}/build@v1.3", f"- uses: {OURS}/build@v2.1"),
        (f"- uses: {OURS}/build@v1.3.2", f"- uses: {OURS}/build@v2.1.0"),
        (f"- uses: {OURS}/build@1.3.2", f"- uses: {OURS}/build@2.1.0"),
        (f"- uses: {OURS}/build@{OLD} # v1.3.2", f"- uses: {OURS}/build@{NEW} # v2.1.0"),
        (f"- uses: {OURS}/build@{OLD} # v1", f"- uses: {OURS}/build@{NEW} # v2"),
        (f"- uses: {OURS}/build@{OLD}", f"- uses: {OURS}/build@{NEW}"),
        (f"- uses: {OURS}/build@{OLD}  # v1.3.2 or so", f"- uses: {OURS}/build@{NEW}  # v2.1.0 or so"),
        (f"- uses: {OURS}/build@{OLD} # see v1.3.2", f"- uses: {OURS}/build@{NEW} # see v1.3.2"),
        (f"- uses: '{OURS}/build@v1' # the build", f"- uses: '{OURS}/build@v2' # the build"),
        (f'- uses: "{OURS}/build@{OLD}" # v1.3.2', f'- uses: "{OURS}/build@{NEW}" # v2.1.0'),
        (f"- {{uses: {OURS}/build@{OLD}}} # v1.3.2", f"- {{uses: {OURS}/build@{NEW}}} # v2.1.0"),
        (f"- uses: {OURS}/actions/build@v1", f"- uses: {OURS}/actions/build@v2"),
        (f"- uses: {OURS}@v1", f"- uses: {OURS}@v2"),
        (f"- uses: >-\n          {OURS}/build@v1", f"- uses: >-\n          {OURS}/build@v2"),
        (f"- uses: &a {OURS}/build@v1\n      - uses: *a", f"- uses: &a {OURS}/build@v2\n      - uses: *a"),
        (f"- uses: {OURS.upper()}/build@v1", f"- uses: {OURS.upper()}/build@v2"),
    ],
)
def test_a_pin_moves_in_its_own_style(before: str, after: str) -> None:
    assert move_pins(workflow(before), TARGET).content == workflow(after)


@pytest.mark.parametrize(
    "line",
    [
        "- uses: actions/checkout@v1",
        f"- run: echo {OURS}/build@v1",
        f"# - uses: {OURS}/build@v1",
        f"- name: uses {OURS}/build@v1",
        f"- uses: {OURS}-fork/build@v1",
        "- uses: ./hub-image-actions/build",
        f"- uses: docker://{OURS}:v1",
        f"- with:\n          uses: {OURS}/build@v1",
    ],
)
def test_what_is_no_pin_of_ours_stays(line: str) -> None:
    moved = move_pins(workflow(line), TARGET)
    assert (moved.content, moved.moves) == (workflow(line), ())


@pytest.mark.parametrize(
    ("line", "target", "why"),
    [
        (f"- uses: {OURS}/build@main", TARGET, "no version"),
        (f'- uses: "{OURS}/build@v\\x31"', TARGET, "escapes"),
        (f"- uses: {OURS}/build@{OLD} # v1.3.2", Target("2.1.0"), "not known"),
    ],
)
def test_a_pin_that_cannot_be_moved_stays_and_is_named(line: str, target: Target, why: str) -> None:
    moved = move_pins(workflow(line), target)
    assert moved.content == workflow(line)
    assert [why in move.obstacle for move in moved.left] == [True]


def test_a_reusable_workflow_and_a_composite_action_have_pins_too() -> None:
    called = f"jobs:\n  a:\n    uses: {OURS}/.github/workflows/all.yaml@v1 # all\n".encode()
    action = f"runs:\n  using: composite\n  steps:\n    - uses: {OURS}/build@v1\n".encode()
    assert move_pins(called, TARGET).content == called.replace(b"@v1", b"@v2")
    assert move_pins(action, TARGET).content == action.replace(b"@v1", b"@v2")


@pytest.mark.parametrize("start", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_line_ends_and_byte_order_mark_stay(start: str, end: str) -> None:
    text = (start + workflow(f"- uses: {OURS}/build@{OLD} # v1.3.2  ✅").decode()).replace("\n", end).encode()
    expected = text.replace(OLD.encode(), NEW.encode()).replace(b"v1.3.2", b"v2.1.0")
    assert move_pins(text, TARGET).content == expected


def test_an_older_release_is_a_target_like_any_other() -> None:
    moved = move_pins(workflow(f"- uses: {OURS}/build@v3.0.0"), TARGET)
    assert moved.content == workflow(f"- uses: {OURS}/build@v2.1.0")


def test_a_forks_pins_are_moved_where_the_fork_is_meant() -> None:
    fork = Target("2.1.0", repository="cal-icor/hub-image-actions")
    both = workflow(f"- uses: {OURS}/build@v1\n      - uses: cal-icor/hub-image-actions/build@v1")
    moved = move_pins(both, fork)
    assert moved.content == both.replace(
        b"cal-icor/hub-image-actions/build@v1", b"cal-icor/hub-image-actions/build@v2"
    )


def test_every_move_is_told_with_its_line() -> None:
    (move,) = move_pins(workflow(f"- uses: {OURS}/build@v1"), TARGET).changed
    assert (move.pin.line, move.before, move.after, move.pin.style) == (5, "v1", "v2", Style.MAJOR)


def test_moving_twice_is_moving_once() -> None:
    once = move_pins(workflow(f"- uses: {OURS}/build@{OLD} # v1.3.2"), TARGET).content
    again = move_pins(once, TARGET)
    assert (again.content, again.changed) == (once, ())


@pytest.mark.parametrize(
    ("style", "written"),
    [
        (Style.MAJOR, "@v2"),
        (Style.MINOR, "@v2.1"),
        (Style.RELEASE, "@v2.1.0"),
        (Style.COMMIT, f"@{NEW} # v2.1.0"),
    ],
)
def test_the_templates_pins_are_written_in_any_style(style: Style, written: str) -> None:
    assert pin_as(workflow(f"- uses: {OURS}/build@v1"), style, TARGET) == workflow(
        f"- uses: {OURS}/build{written}"
    )


def test_a_commit_cannot_be_pinned_that_is_not_known() -> None:
    with pytest.raises(ActionError, match="not known"):
        pin_as(workflow(f"- uses: {OURS}/build@v1"), Style.COMMIT, Target("2.1.0"))


def test_other_peoples_actions_are_pinned_by_the_commits_that_are_known() -> None:
    lines = workflow(
        "- uses: somebody/one@v1\n      - uses: somebody/two@v2\n      - uses: actions/checkout@" + OLD
    )
    target = Target("2.1.0", others={"somebody/one@v1": Release("1.4.0", THEIRS)})
    content, left = pin_others(lines, target)
    assert content == lines.replace(b"one@v1", f"one@{THEIRS} # v1.4.0".encode())
    assert [f"{pin.repository}@{pin.ref}" for pin in left] == ["somebody/two@v2"]


@pytest.mark.parametrize("version", ["v1", "1.2", "main", "1.2.3.4", ""])
def test_a_target_is_a_release(version: str) -> None:
    with pytest.raises(ActionError, match="not a release"):
        Target(version)


def test_a_target_has_a_whole_commit() -> None:
    with pytest.raises(ActionError, match="not a commit"):
        Target("1.2.3", "abc1234")


@pytest.mark.parametrize(
    ("content", "line", "problem"),
    [
        (b"jobs:\n  a: [\n", 3, "not YAML"),
        (b"name: a\n\xff\n", 2, "not UTF-8"),
        (b"- a\n", 1, "no mapping"),
        (b"", 1, "no mapping"),
        (b"a: 1\n---\nb: 2\n", 2, "not YAML"),
    ],
)
def test_what_is_no_workflow_is_an_error_with_file_and_line(content: bytes, line: int, problem: str) -> None:
    with pytest.raises(WorkflowUnreadable, match=problem) as caught:
        move_pins(content, TARGET, ".github/workflows/a.yaml")
    assert (caught.value.file, caught.value.line) == (".github/workflows/a.yaml", line)


# Properties ----------------------------------------------------------------------------------------

WORDS = st.text("abcXYZ 019-_/.#@:✅", max_size=12)
COMMENTS = st.sampled_from(["", " # v1.3.2", "  # v1", " # by hand", " # v1.3.2 ✅ see build@v1"])
QUOTES = st.sampled_from(["", "'", '"'])
NAMES = st.sampled_from(
    [f"{OURS}/build", f"{OURS}/binder-badge", OURS, "actions/checkout", "somebody/hub-image-actions"]
)
REFS = st.sampled_from(["v1", "v1.3", "v1.3.2", "1.3.2", OLD, "main", "v1-beta"])


@st.composite
def steps(draw: st.DrawFn) -> tuple[str, str, str]:
    """Returns a step as text around its ref: before, ref, behind."""
    quote, name, ref = draw(QUOTES), draw(NAMES), draw(REFS)
    title = draw(WORDS).replace("'", "")
    before = f"      - name: '{title}'\n        uses: {quote}{name}@"
    return before, ref, f"{quote}{draw(COMMENTS)}\n        with: {{a: 'b@v1 {title}'}}\n"


@given(st.lists(steps(), min_size=1, max_size=5), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_nothing_but_the_refs_and_their_comments_changes(
    drawn: list[tuple[str, str, str]], end: str, mark: bool
) -> None:
    head = "\ufeff" * mark + "jobs:\n  a:\n    steps:\n"
    text = (head + "".join(map("".join, drawn))).replace("\n", end)
    expected = head + "".join(map(moved_step, drawn))
    assert move_pins(text.encode(), TARGET).content == expected.replace("\n", end).encode()


def moved_step(drawn: tuple[str, str, str]) -> str:
    """Returns a step as it is to be afterwards."""
    before, ref, behind = drawn
    if f"{OURS}@" not in before and f"{OURS}/" not in before:
        return "".join(drawn)
    if ref == OLD:
        # The first version in the comment is the pin's, if the comment begins with it.
        behind = re.sub(r"^(['\"]? +# )v1.3.2", r"\1v2.1.0", behind)
        behind = re.sub(r"^(['\"]? +# )v1(?=\n)", r"\1v2", behind)
    moved = {"v1": "v2", "v1.3": "v2.1", "v1.3.2": "v2.1.0", "1.3.2": "2.1.0", OLD: NEW}
    return before + moved.get(ref, ref) + behind


@given(st.lists(steps(), min_size=1, max_size=5))
def test_every_uses_is_a_pin_that_stands_where_it_says(drawn: list[tuple[str, str, str]]) -> None:
    text = "jobs:\n  a:\n    steps:\n" + "".join(map("".join, drawn))
    found = pins(WorkflowFile("a", text.encode()))
    assert [pin.ref for pin in found] == [ref for _, ref, _ in drawn]
    assert [text[pin.start : pin.start + len(pin.ref)] for pin in found] == [pin.ref for pin in found]
