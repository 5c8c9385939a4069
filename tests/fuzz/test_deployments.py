"""The editor of deployments, given files that nearly are what it knows."""

import re
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from fuzz.limits import LIMITS, as_bytes, mutated
from hub_image_actions.deployments.bump import Bump
from hub_image_actions.deployments.plan import plan_bump
from hub_image_actions.errors import ActionError
from hub_image_actions.references import parse_image_name
from unit.deployments.test_plan_properties import BLOCKS, IMAGE, TODAY

# No file has it, and it needs no quotes.
NEW = "v97x53q"
OLD = "511c4637d702"
SOME = {"{}": OLD, "<tag>": "12e456789012", "<other>": f"{IMAGE}-2", "<text>": "some text"}


def filled(block: str) -> str:
    for name, text in SOME.items():
        block = block.replace(name, text)
    return block.replace("{{", "{").replace("}}", "}").replace("IMAGE", IMAGE)


GOOD = st.lists(st.sampled_from([filled(block) for block in BLOCKS]), min_size=1, max_size=3).map("".join)
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
                "|",
                ">",
                "-",
                "- ",
                "? ",
                "!!str ",
                "!!int ",
                "<<: ",
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
                "%YAML 1.1\n",
                "\\",
                "\\x41",
                "''",
                "\ufeff",
                "\x85",
            ),
            *(
                IMAGE,
                f"{IMAGE}:{OLD}",
                f"{IMAGE}:{OLD}@sha256:{'a' * 64}",
                f"'{OLD}'",
                "tag: ",
                "name: ",
                "image: ",
            ),
            *("{{ x }}", "{% if x %}", "${X}", "ENC[AES256,data:x]", "sops:\n", "# image-hold", "tag: 1e5\n"),
        ]
    ),
    st.text(max_size=4),
)
FILES = as_bytes(mutated(GOOD, PIECES))
TAG = r"""['"]?[\w][\w.-]{0,127}['"]?(?:@sha256:[0-9a-f]{64})?"""


def bumped(content: bytes) -> tuple[bytes, int]:
    """Return a file after a bump, and how many references were moved."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "x.yaml")
        path.write_bytes(content)
        plan = plan_bump(Path(folder), ["."], Bump(parse_image_name(IMAGE), NEW, TODAY))
        plan.write()
        return path.read_bytes(), len(plan.moved)


@LIMITS
@given(FILES)
def test_a_bump_changes_tags_and_nothing_else(content: bytes) -> None:
    with suppress(ActionError):
        after, moved = bumped(content)
        parts = [re.escape(part) for part in after.decode(errors="surrogateescape").split(NEW)]
        assert len(parts) == moved + 1
        assert re.fullmatch(f"(?:{TAG})".join(parts), content.decode(errors="surrogateescape"))


@LIMITS
@given(FILES)
def test_a_second_bump_finds_nothing_to_do(content: bytes) -> None:
    with suppress(ActionError):
        once, _ = bumped(content)
        assert bumped(once) == (once, 0)
