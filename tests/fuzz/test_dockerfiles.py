"""The editor of Dockerfiles, given files that nearly are what it knows."""

import re

from hypothesis import given
from hypothesis import strategies as st

from fuzz.limits import LIMITS, as_bytes, mutated
from hub_image_actions.images.dockerfiles import BaseTarget, bases, moved
from hub_image_actions.references import parse_image_name

IMAGE = "us-central1-docker.pkg.dev/p/base-images/base-python-image"
OLD, NEW = "511c463", "v97x53q"
OLD_DIGEST, NEW_DIGEST = f"sha256:{'1' * 64}", f"sha256:{'97' * 32}"
GOOD = st.sampled_from(
    [
        f"FROM {IMAGE}:{OLD}\nRUN echo {OLD}\n",
        f"# syntax=docker/dockerfile:1\n# escape=`\nARG TAG={OLD}\nFROM {IMAGE}:${{TAG}} AS b\nFROM b\n",
        f"FROM --platform=linux/amd64 \\\n  # comment\n  {IMAGE}:{OLD}@{OLD_DIGEST} as x\nCOPY --from=x a b",
        f'ARG BASE="{IMAGE}:{OLD}"\nARG OTHER=$BASE\nFROM $OTHER\nRUN <<EOF\nFROM {IMAGE}:{OLD}\nEOF\n',
        f"ARG A={OLD}\nFROM {IMAGE}:${{A:-{OLD}}}\nFROM {IMAGE}-2:$A\nCOPY --from={IMAGE}:{OLD} a b\n",
        f"from {IMAGE}:{OLD}\r\nRUN --mount=type=bind,from={IMAGE}:{OLD} x\r\n",
    ]
)
PIECES = st.one_of(
    st.sampled_from(
        [
            *(
                "\\\n",
                "`\n",
                "#",
                "# escape=`\n",
                "$",
                "${",
                "}",
                "${TAG:-",
                "${TAG:+",
                "${TAG-",
                "'",
                '"',
                "\\",
                "\\$",
            ),
            *(
                "FROM ",
                "ARG ",
                "ARG TAG",
                "AS ",
                " ",
                "\t",
                "\n",
                "\n\n",
                "<<EOF\n",
                "<<-'EOF'\n",
                "EOF\n",
                "=",
                ":",
            ),
            *(
                IMAGE,
                f"{IMAGE}:{OLD}",
                OLD,
                "@",
                OLD_DIGEST,
                "--from=",
                "--x=y ",
                "scratch",
                "\x00",
                "\ufeff",
                "ONBUILD ",
            ),
            *("${A}" * 50, "${A:-" * 50),
        ]
    ),
    st.text(max_size=4),
)
FILES = as_bytes(mutated(GOOD, PIECES))
TARGET = BaseTarget(parse_image_name(IMAGE), NEW, NEW_DIGEST)


@LIMITS
@given(FILES)
def test_a_move_changes_tags_and_digests_and_nothing_else(content: bytes) -> None:
    after, outcomes = moved(content, TARGET)
    text = re.escape(after.decode(errors="surrogateescape"))
    text = text.replace(NEW, r"[\w][\w.-]{0,127}").replace(
        re.escape(NEW_DIGEST), r"[a-z0-9]+:[0-9a-fA-F]{32,}"
    )
    assert re.fullmatch(text, content.decode(errors="surrogateescape"))
    assert (after != content) == any(outcome.new for outcome in outcomes)


@LIMITS
@given(FILES)
def test_what_was_moved_is_read_as_moved(content: bytes) -> None:
    after, outcomes = moved(content, TARGET)
    pins = {base.pin for base in bases(after) if base.may_be(TARGET.image)}
    assert {outcome.new for outcome in outcomes if outcome.new} <= pins
    assert moved(after, TARGET)[0] == after
