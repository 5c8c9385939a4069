"""What a Dockerfile builds on: found whatever way it is written, and moved without touching anything else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from effort import growth
from hub_image_actions.images.dockerfile_instructions import instructions
from hub_image_actions.images.dockerfiles import (
    ALREADY,
    COPIED,
    IN_PIECES,
    MALFORMED,
    SCRATCH,
    SHARED,
    STAGE,
    UNPINNED,
    UNTAGGED,
    BaseOutcome,
    BaseTarget,
    bases,
    is_dockerfile,
    moved,
)
from hub_image_actions.references import parse_image_name

IMAGE = "r.io/p/base-r-image"
OLD, NEW = "sha256:" + "0" * 64, "sha256:" + "1" * 64
TARGET = BaseTarget(parse_image_name(IMAGE), "new", NEW)

# `<I>` is the image, `<old>` and `<pin>` are what moves.
MOVES = {
    "plain": "FROM <I>:<old>\n",
    "no line end": "FROM <I>:<old>",
    "windows": "FROM <I>:<old>\r\nRUN true\r\n",
    "byte order mark": "\ufeffFROM <I>:<old>\n",
    "indented": "   \tfrom\t<I>:<old>  \n",
    "small letters": "from <I>:<old> as Base\nfrom base\n",
    "stage": "FROM <I>:<old> AS notebook\n",
    "platform": "FROM --platform=$BUILDPLATFORM <I>:<old> AS x\n",
    "comments": "# FROM <I>:1\n  # again\nFROM <I>:<old>\n#FROM <I>:1\n",
    "the tag elsewhere": "# a1\nFROM <I>:<old>\nLABEL a=a1 b=<I>:1\nRUN docker pull <I>:1\n",
    "several stages": "FROM <I>:<old> AS a\nFROM x:1\nCOPY --from=a / /\nFROM <I>:<old>\n",
    "continued": "FROM \\\n  <I>:<old> \\\n  AS x\n",
    "continued with comments": "FROM \\\n# why\n\n   # again\n  <I>:<old>\n",
    "continued with spaces behind": "FROM \\  \n<I>:<old>\n",
    "escape": "# escape=`\nFROM `\n<I>:<old>\n",
    "escape no more": "# a comment first\n# escape=`\nFROM \\\n<I>:<old>\n",
    "syntax": "# syntax=docker/dockerfile:1\n# escape=`\n\nFROM <I>:<old>`\n AS x\n",
    "an escaped escape": "ARG X=a\\\\\nFROM <I>:<old>\n",
    "pinned": "FROM <I>:<old>@<pin>\n",
    "pinned without tag": "FROM <I>@<pin> AS x\n",
    "quoted": "FROM \"<I>:<old>\"\nFROM '<I>:<old>'\n",
    "argument": "ARG TAG=<old>\nFROM <I>:${TAG}\n",
    "argument without braces": "arg TAG=<old>\nFROM <I>:$TAG\n",
    "quoted argument": "ARG TAG=\"<old>\"\nARG PIN='<pin>'\nFROM <I>:${TAG}@${PIN}\n",
    "the whole in an argument": "ARG BASE=<I>:<old>\nFROM ${BASE}\nFROM $BASE AS x\n",
    "pinned in an argument": "ARG BASE=<I>:<old>@<pin>\nFROM ${BASE}\n",
    "several arguments in a line": 'ARG A=1 TAG=<old> B="x y"\nFROM <I>:${TAG}\n',
    "argument of an argument": "ARG TAG=<old>\nARG BASE=<I>:${TAG}\nFROM ${BASE}\n",
    "argument for the host": "ARG HOST=r.io\nFROM ${HOST}/p/base-r-image:<old>\n",
    "default": "ARG TAG\nFROM <I>:${TAG:-<old>}\n",
    "default of what is empty": "ARG TAG=\nFROM <I>:${TAG:-<old>}\n",
    "default that is not used": "ARG TAG=<old>\nFROM <I>:${TAG:-z}\n",
    "default in a default": "FROM <I>:${A:-${B-<old>}}\n",
    "default of the whole": "FROM ${BASE:-<I>:<old>}\n",
    "must be set": "ARG TAG=<old>\nFROM <I>:${TAG:?unset}\n",
    "if set": "ARG X=1\nFROM ${X:+<I>:<old>}\n",
    "the last argument counts": "ARG TAG=z\nARG TAG=<old>\nFROM <I>:$TAG\n",
    "without default it stays": "ARG TAG=<old>\nARG TAG\nFROM <I>:$TAG\n",
    "heredoc": "FROM <I>:<old>\nRUN <<EOF\nFROM <I>:1\nEOF\nFROM <I>:<old>\n",
    "heredoc with tabs": "RUN cat <<-'END' > /x\nFROM <I>:1\n\tEND\nFROM <I>:<old>\n",
    "two heredocs": "COPY <<A <<B /\nFROM <I>:1\nA\nFROM <I>:1\nB\nFROM <I>:<old>\n",
    "heredoc on build": "ONBUILD RUN <<E\nFROM <I>:1\nE\nFROM <I>:<old>\n",
    "no heredoc": 'RUN echo "<<EOF" && x <<< y && a<<EOF\nFROM <I>:<old>\n',
    "shift": "RUN echo $((1 << 3))\nFROM <I>:<old>\n",
    "a run over several lines": "RUN a \\\n  && FROM <I>:1\nFROM <I>:<old>\n",
    "not utf-8": "# caf\udce9\nFROM <I>:<old>\n",
    "other images": "FROM <I>-2:1\nFROM x.io/p/base-r-image:1\nFROM p/base-r-image:1\nFROM <I>:<old>\n",
    "from in a name": "FROMAGE <I>:1\nFROM <I>:<old>\n",
}
STAYS = {
    "nothing": ("", []),
    "argument without default": (
        "ARG TAG\nFROM <I>:${TAG}\n",
        [(2, "its tag comes from a build argument without default: TAG")],
    ),
    "undeclared argument": (
        "FROM <I>:${TAG}\n",
        [(1, "its tag comes from a build argument without default: TAG")],
    ),
    "digest without default": (
        "ARG PIN\nFROM <I>:1@sha256:$PIN\n",
        [(2, "it comes from a build argument without default: PIN")],
    ),
    "name without default": (
        "ARG HOST\nFROM $HOST/p/base-r-image:1\n",
        [(2, "its name comes from a build argument without default: HOST")],
    ),
    "an argument of a stage is none": (
        "FROM x AS y\nARG TAG=1\nFROM <I>:$TAG\n",
        [(3, "its tag comes from a build argument without default: TAG")],
    ),
    "untagged": ("FROM <I>\n", [(1, UNTAGGED)]),
    "empty tag": ("ARG TAG=\nFROM <I>:$TAG\n", [(2, MALFORMED)]),
    "in pieces": ("ARG A=1\nFROM <I>:v$A\n", [(2, IN_PIECES)]),
    "over two lines": ("FROM <I>:1\\\n2\n", [(1, IN_PIECES)]),
    "shared": ("ARG A=1\nFROM <I>:$A\nFROM x.io/y:$A\n", [(1, SHARED)]),
    "shared with a name": ("ARG A=1\nFROM <I>:$A\nFROM x.io/y-$A:2\n", [(1, SHARED)]),
    "shared with what is not known": ("ARG A=1\nFROM <I>:$A\nFROM x.io/y:$A-$B\n", [(1, SHARED)]),
    "shared with a variant": (
        "ARG A=1\nFROM <I>:$A\nFROM <I>:$A-gpu\n",
        [(1, SHARED), (1, IN_PIECES)],
    ),
    "shared with a part of a name": ("ARG A=1\nFROM <I>:$A\nFROM <I>:v${A}\n", [(1, SHARED), (3, IN_PIECES)]),
    "copied": ("FROM x\nCOPY --chown=1 --from=<I>:1 /a /b\n", [(2, COPIED)]),
    "mounted": ("FROM x\nRUN --mount=type=bind,from=<I>:1,target=/b ls\n", [(2, COPIED)]),
    "patterns": ("ARG A=1\nFROM <I>:${A#v}\n", [(2, MALFORMED)]),
    "an open brace": ("FROM <I>:${A\n", [(1, MALFORMED)]),
    "already there": (
        f"FROM <I>:new\nFROM <I>:new@{NEW}\nFROM <I>@{NEW}\n",
        [(n, ALREADY) for n in (1, 2, 3)],
    ),
    "an unended heredoc": ("RUN <<EOF\nFROM <I>:1\n", []),
}


def written(text: str, tag: str, pin: str) -> bytes:
    """Return a Dockerfile with the places of the image's tag and digest filled in."""
    filled = text.replace("<I>", IMAGE).replace("<old>", tag).replace("<pin>", pin)
    return filled.encode(errors="surrogateescape")


@pytest.mark.parametrize("kind", MOVES)
def test_tag_and_digest_move_and_nothing_else(kind: str) -> None:
    after, outcomes = moved(written(MOVES[kind], "a1", OLD), TARGET)
    assert after == written(MOVES[kind], "new", NEW)
    assert all(outcome.new for outcome in outcomes)


@pytest.mark.parametrize("kind", MOVES)
def test_what_has_moved_stays(kind: str) -> None:
    before = written(MOVES[kind], "new", NEW)
    after, outcomes = moved(before, TARGET)
    assert after == before
    assert {outcome.reason for outcome in outcomes} == {ALREADY}


@pytest.mark.parametrize("kind", STAYS)
def test_what_cannot_move_is_named_with_line_and_reason(kind: str) -> None:
    text, expected = STAYS[kind]
    before = written(text, "", "")
    after, outcomes = moved(before, TARGET)
    assert after == before
    assert [(outcome.line, outcome.reason) for outcome in outcomes] == expected


def test_a_pin_stays_where_the_new_digest_is_not_known() -> None:
    before = f"FROM {IMAGE}:1@{OLD}\nFROM {IMAGE}@{OLD}\nFROM {IMAGE}:2\n".encode()
    after, outcomes = moved(before, BaseTarget(TARGET.image, "new"))
    assert after == before.replace(b":2\n", b":new\n")
    assert [outcome.reason for outcome in outcomes] == [UNPINNED, UNPINNED, ""]


def test_a_tag_that_was_pushed_again_gets_its_new_digest() -> None:
    after, _ = moved(f"FROM {IMAGE}:new@{OLD}".encode(), TARGET)
    assert after == f"FROM {IMAGE}:new@{NEW}".encode()


def test_an_image_without_a_host_is_on_any_registry() -> None:
    text = b"FROM r.io/p/base:1\nFROM p/base:1\nFROM localhost:5000/p/base:1\nFROM p/base-2:1\n"
    after, _ = moved(text, BaseTarget(parse_image_name("p/base"), "new"))
    assert after.count(b":new\n") == 3
    assert b"p/base-2:1\n" in after


@pytest.mark.parametrize("name", ["docker.io/library/ubuntu", "index.docker.io/library/ubuntu", "ubuntu"])
def test_docker_hubs_names_for_an_image_are_one_image(name: str) -> None:
    after, _ = moved(f"FROM {name}:1\n".encode(), BaseTarget(parse_image_name("docker.io/ubuntu"), "2"))
    assert after == f"FROM {name}:2\n".encode()


def test_an_outcome_tells_line_stage_and_both_tags() -> None:
    text = f"ARG TAG=1\nFROM x AS a\nFROM {IMAGE}:$TAG AS Last\n".encode()
    assert moved(text, BaseTarget(TARGET.image, "2"))[1] == (BaseOutcome(1, "Last", "1", "2"),)


@pytest.mark.parametrize(
    ("text", "obstacle"),
    [("FROM scratch\n", SCRATCH), ("FROM x AS Y\nFROM y\n", STAGE), ("FROM A_B\n", MALFORMED)],
)
def test_what_is_no_image_is_named_with_its_reason(text: str, obstacle: str) -> None:
    last = bases(text.encode())[-1]
    assert (last.obstacle, last.reference) == (obstacle, None)


def test_a_stage_that_comes_later_is_an_image() -> None:
    assert [str(base.reference) for base in bases(b"FROM y\nFROM x AS y\n")] == ["y", "x"]


@pytest.mark.parametrize(
    "path",
    ["Dockerfile", "binder/Dockerfile", "dockerfile", "Dockerfile.gpu", "r.Dockerfile", "x/Containerfile"],
)
def test_a_dockerfile_is_known_by_its_name(path: str) -> None:
    assert is_dockerfile(path)


@pytest.mark.parametrize(
    "path", ["Dockerfile.dockerignore", "Dockerfile/x", "README.md", "Dockerfile-notes", "Dockerfile."]
)
def test_another_file_is_none(path: str) -> None:
    assert not is_dockerfile(path)


def test_arguments_that_double_again_and_again_are_not_followed() -> None:
    doubled = "".join(f"ARG A{n + 1}=$A{n}$A{n}\n" for n in range(64))
    outcomes = moved(f"ARG A0=x\n{doubled}FROM {IMAGE}:$A64\n".encode(), TARGET)[1]
    assert [outcome.new for outcome in outcomes] == [""]


def test_defaults_that_are_nested_too_deep_are_not_followed() -> None:
    outcomes = moved(f"FROM {IMAGE}:{'${A:-' * 2000}1{'}' * 2000}\n".encode(), TARGET)[1]
    assert [outcome.reason for outcome in outcomes] == [MALFORMED]


def test_a_very_long_instruction_is_read_in_linear_time() -> None:
    def read(size: int) -> None:
        lines = " && x \\\n# y\n" * size
        assert moved(f"RUN a \\\n{lines} true\nFROM {IMAGE}:1\n".encode(), TARGET)[1][0].new == "new"

    assert growth(read, 2_500) < 10


LINES = st.sampled_from(
    [
        "FROM <I>:<old>",
        "FROM --platform=linux/arm64 <I>:<old>@<pin> AS a",
        "FROM <I>@<pin>",
        "FROM <I>-2:1 AS b",
        "FROM \\\n  # <I>:1\n  <I>:<old>",
        "FROM ${NOWHERE:-<I>:<old>}",
        "RUN echo <I>:1 \\\n && FROM",
        "RUN <<E\nFROM <I>:1\nE",
        "# FROM <I>:1",
        "COPY --from=a x y",
        "",
        "LABEL a='\udcff'",
        'ENV X="<I>:1" Y=\\\\',
    ]
)
TAGS = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}", fullmatch=True)


@settings(max_examples=200, deadline=None)
@given(
    lines=st.lists(LINES, max_size=8),
    end=st.sampled_from(["\n", "\r\n"]),
    mark=st.sampled_from(["", "\ufeff"]),
    old=TAGS,
    new=TAGS,
)
def test_whatever_is_written_only_tags_move_and_they_read_as_the_new_one(
    lines: list[str], end: str, mark: str, old: str, new: str
) -> None:
    text = mark + end.join(lines).replace("\n", end).replace("\r\r", "\r")
    target = BaseTarget(TARGET.image, new, NEW)
    after, _ = moved(written(text, old, OLD), target)
    assert after == written(text, new, NEW)
    ours = [base.reference for base in bases(after) if base.reference and base.reference.name == TARGET.image]
    assert {reference.tag for reference in ours} <= {new, ""}
    assert {reference.digest for reference in ours} <= {NEW, ""}


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200) | st.text("FROM ARG<>\\\n\t\r$:-+{}\"'#=`a/1@", max_size=80).map(str.encode))
def test_any_bytes_are_read_and_come_out_as_they_went_in(content: bytes) -> None:
    after, outcomes = moved(content, TARGET)
    assert after == content
    assert not outcomes


@settings(max_examples=200, deadline=None)
@given(st.text("FROM\\\n #\t\r<EOF1a`", max_size=60))
def test_every_character_of_an_instruction_is_found_at_its_place(text: str) -> None:
    for instruction in instructions(text):
        traced = instruction.rest
        assert traced.text == "".join(text[place] for place in traced.places)
