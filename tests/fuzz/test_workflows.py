"""The editors of workflows, given files that nearly are what they know."""

import re
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from fuzz.limits import LIMITS, as_bytes, mutated
from hub_image_actions.errors import ActionError
from hub_image_actions.fleet.workflows.pins import OURS, Target, move_pins, pins_of
from hub_image_actions.fleet.workflows.workflow_file import WorkflowFile
from hub_image_actions.fleet.workflows.yaml_splice import find, quoted, remove_entry, set_entry

COMMIT, NEW = "a1" * 20, "97" * 20
GOOD = st.sampled_from(
    [
        f"""\
on: [push]
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@{COMMIT} # v7.0.1
      # ours
      - name: Build
        uses: {OURS}/build@{COMMIT} # v1.2.3
        with:
          image: ${{{{ vars.IMAGE }}}}
      - {{uses: "{OURS}/bump-datahub-tag@v1", with: {{tag: x}}}}
""",
        f"""\
'on': {{pull_request: {{paths-ignore: ["**/*.md"]}}}}
jobs:
  test:
    uses: {OURS}/.github/workflows/x.yaml@v1.2 # v1.2.0
    secrets: inherit
runs:
  steps:
    - uses: '{OURS}/build-test@v1.2.3'
      with: &with
        image: |
          x
    - uses: >-
        {OURS}/build@main
      with: *with
""",
    ]
)
PIECES = st.one_of(
    st.sampled_from(
        [
            *(
                "'",
                '"',
                ":",
                " ",
                "\n",
                "#",
                "&a ",
                "*a",
                "|\n",
                ">",
                "-",
                "- ",
                "? ",
                "!!str ",
                "<<: ",
                "uses: ",
            ),
            *(
                "{",
                "}",
                "[",
                "]",
                ",",
                "\t",
                "---\n",
                "...\n",
                "\\",
                "\\x41",
                "''",
                "\ufeff",
                "\x85",
                "@",
                "@v1",
                "# v1",
            ),
            *(
                f"{OURS}/build@v1",
                f"{OURS.upper()}@v1.2.3",
                COMMIT,
                f"# v1.2.3 {COMMIT}",
                "jobs:\n",
                "steps:\n",
                "${{ x }}",
            ),
        ]
    ),
    st.text(max_size=4),
)
TEXTS = mutated(GOOD, PIECES)
TARGET = Target("9.8.7", NEW)
WAYS = st.sampled_from(
    [
        ("on",),
        ("jobs", "build", "steps", 1, "with", "image"),
        ("jobs", "test", "uses"),
        ("jobs", "new"),
        ("env",),
    ]
)
VALUES = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), max_size=12), PIECES
).filter(lambda text: text.isprintable())


@LIMITS
@given(as_bytes(TEXTS))
def test_moving_pins_changes_versions_and_nothing_else(content: bytes) -> None:
    with suppress(ActionError):
        result = move_pins(content, TARGET)
        after = re.escape(result.content.decode())
        pattern = re.sub(rf"{NEW}|v?9(?:\\\.8(?:\\\.7)?)?(?![\w.])", "[0-9a-fv.]+", after)
        assert re.fullmatch(pattern, content.decode())
        left = {move.pin.ref for move in result.left}
        there = {pin.ref for pin in pins_of(WorkflowFile("x", result.content), OURS)}
        assert there <= {NEW, "v9", "v9.8", "v9.8.7", "9", "9.8", "9.8.7"} | left
        assert move_pins(result.content, TARGET).content == result.content


@LIMITS
@given(TEXTS, WAYS, VALUES)
def test_a_value_that_is_set_is_there_and_all_others_stay(
    text: str, way: tuple[str | int, ...], value: str
) -> None:
    with suppress(ActionError):
        before = find(text, way)
        after = set_entry(text, way, quoted(value))
        node = find(after, way)
        assert node is not None
        assert node.value == value
        if before is None:
            assert find(remove_entry(after, way), way) is None
