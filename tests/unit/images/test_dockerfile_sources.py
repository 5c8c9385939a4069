"""The images that something of a build comes from: all of them, or an error."""

import pytest

from hub_image_actions.images.dockerfile_sources import UnknownImage, image_sources

FROM = "FROM quay.io/a/b:1\n"
KNOWN = {
    "a base": (FROM, ["quay.io/a/b:1"]),
    "quoted": ('FROM "quay.io/a/b:1"\n', ["quay.io/a/b:1"]),
    "pinned": (f"FROM quay.io/a/b:1@sha256:{'0' * 64}\n", [f"quay.io/a/b:1@sha256:{'0' * 64}"]),
    "nothing": ("FROM scratch\n", []),
    "a platform": ("FROM --platform=$BUILDPLATFORM quay.io/a/b:1\n", ["quay.io/a/b:1"]),
    "a stage": ("FROM quay.io/a/b:1 AS Base\nFROM base\nCOPY --from=Base /a /\n", ["quay.io/a/b:1"]),
    "a stage by its number": (f"{FROM}FROM scratch\nCOPY --from=0 /a /\n", ["quay.io/a/b:1"]),
    "a number is no stage to build on": ("FROM quay.io/a/b:1\nFROM 0\n", ["quay.io/a/b:1", "0"]),
    "two stages": (f"{FROM}FROM quay.io/c/d:2\n", ["quay.io/a/b:1", "quay.io/c/d:2"]),
    "an image that is copied from": (
        "FROM scratch\nCOPY --link --from=quay.io/c/d:2 a /\n",
        ["quay.io/c/d:2"],
    ),
    "on another line": ("FROM scratch\nCOPY \\\n  --from=quay.io/c/d:2 a /\n", ["quay.io/c/d:2"]),
    "an image that is mounted": (
        "FROM scratch\nRUN --mount=type=bind,from=quay.io/c/d:2,target=/x true\n",
        ["quay.io/c/d:2"],
    ),
    "the second mount": (
        "FROM scratch\nRUN --mount=type=tmpfs,target=/t --mount=from=quay.io/c/d:2,target=/x true\n",
        ["quay.io/c/d:2"],
    ),
    "a mount in capitals": ("FROM scratch\nRUN --mount=FROM=quay.io/c/d:2 true\n", ["quay.io/c/d:2"]),
    "on build": ("FROM scratch\nONBUILD COPY --from=quay.io/c/d:2 a /\n", ["quay.io/c/d:2"]),
    "a mount on build": ("FROM scratch\nonbuild run --mount=from=quay.io/c/d:2 a\n", ["quay.io/c/d:2"]),
    "what reads it": ("# syntax=quay.io/c/d:2 --x\nFROM scratch\n", ["quay.io/c/d:2"]),
    "what does not read it": ("# other=x\n# syntax=quay.io/c/d:2\nFROM scratch\n", []),
    "an escape that is none": ("# other=x\n# escape=`\nFROM \\\nquay.io/c/d:2\n", ["quay.io/c/d:2"]),
    "a variable of a flag that names no image": (
        f"{FROM}COPY --chown=${{NB_UID}}:$NB_GID . /srv\n",
        ["quay.io/a/b:1"],
    ),
    "a command that looks like a flag": (f"{FROM}RUN echo --from=$X\n", ["quay.io/a/b:1"]),
    "a heredoc": (f"{FROM}RUN <<E\necho FROM $X\nfrom x import y\nE\n", ["quay.io/a/b:1"]),
    "a default": ("ARG B=quay.io/a/b:1\nFROM $B\n", ["quay.io/a/b:1"]),
    "a default of a default": ("ARG T=1\nARG B=quay.io/a/b:$T\nFROM ${B}\n", ["quay.io/a/b:1"]),
    "an argument": ("ARG T=1\nARG U\nFROM quay.io/$U/b:$T\n", ["quay.io/given/b:1"]),
    "an argument goes before a default": ("ARG U=a\nFROM quay.io/$U/b:1\n", ["quay.io/given/b:1"]),
}
UNKNOWN = {
    "an argument without default": "ARG B\nFROM $B\n",
    "an argument that nobody declares": "FROM quay.io/$U/b:1\n",
    "a default that was taken back": "ARG B=quay.io/a/b:1\nARG B\nFROM $B\n",
    "a pattern": "ARG B=quay.io/a/b:1\nFROM ${B#x}\n",
    "no reference": "FROM A_B\n",
    "nothing": 'FROM ""\n',
    "nothing behind a stage without a name": f'{FROM}FROM ""\n',
    "a quoted flag": f'{FROM}COPY --from="quay.io/c/d:1" /a /\n',
    "a quoted flag of a mount": f"{FROM}RUN --mount=type=bind,'from=quay.io/c/d:1' true\n",
    "an escape in a flag": f"{FROM}COPY --fr\\om=quay.io/c/d:1 /a /\n",
    "a quote in a flag's name": f'{FROM}COPY --fr"o"m=quay.io/c/d:1 /a /\n',
    "a variable": f"{FROM}COPY --from=$X /a /\n",
    "a variable of a mount": f"{FROM}RUN --mount=type=bind,from=${{X}},target=/x true\n",
    "a variable on build": f"{FROM}ONBUILD COPY --from=$X /a /\n",
    "a variable of what reads it": f"# syntax=$X\n{FROM}",
    "another comment": f"// syntax=quay.io/c/d:1\n{FROM}",
    "a program line": f"#!/usr/bin/docker\n# syntax=quay.io/c/d:1\n{FROM}",
    "JSON": '\n {"syntax": "quay.io/c/d:1"}',
    "a byte order mark": f"\ufeff// syntax=quay.io/c/d:1\n{FROM}",
}


@pytest.mark.parametrize("kind", KNOWN)
def test_every_image_that_something_comes_from_is_known(kind: str) -> None:
    text, expected = KNOWN[kind]
    sources = image_sources(text.encode(), {"U": "given"} if "U" in text else {})
    assert [str(source) for source in sources] == expected


@pytest.mark.parametrize("kind", UNKNOWN)
def test_an_image_that_cannot_be_told_is_an_error(kind: str) -> None:
    with pytest.raises(UnknownImage, match="does not tell which image"):
        image_sources(UNKNOWN[kind].encode(), {})


def test_the_error_names_what_is_written() -> None:
    with pytest.raises(UnknownImage, match=r"which image '\$B\?' is"):
        image_sources(b"FROM $B\xff\n", {})


def test_an_argument_says_what_reads_it() -> None:
    text = b"# syntax=quay.io/c/d:1\nFROM scratch\n"
    (source,) = image_sources(text, {"BUILDKIT_SYNTAX": "quay.io/c/d:2"})
    assert str(source) == "quay.io/c/d:2"
    with pytest.raises(UnknownImage):
        image_sources(text, {"BUILDKIT_SYNTAX": "$X"})
