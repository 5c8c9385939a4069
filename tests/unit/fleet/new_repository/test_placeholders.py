"""What a template leaves open: marks in its files, and the image that the Dockerfile builds on."""

from collections.abc import Mapping

import pytest

from hub_image_actions.fleet.new_repository.placeholders import Rebased, filled_in, rebased
from hub_image_actions.references import parse_reference


def test_marks_are_filled_in_and_files_without_one_or_that_are_no_text_are_left() -> None:
    files = {"a": b"# <HUB> of <WHO>\r\n", "b": b"none\n", "c": b"<HUB>\xff"}
    assert filled_in(files, {"<HUB>": "data100", "<WHO>": "us"}) == {"a": b"# data100 of us\r\n"}


BASE = parse_reference("example.org/base:2")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"FROM example.org/old:1\n", b"FROM example.org/base:2\n"),
        (
            b"# from x:1\r\nFROM x:1 AS a\r\nRUN x:1\r\n",
            b"# from x:1\r\nFROM example.org/base:2 AS a\r\nRUN x:1\r\n",
        ),
        (b"FROM x:1\nCOPY --from=y:1 / /\n", b"FROM example.org/base:2\nCOPY --from=y:1 / /\n"),
        (b"FROM x:1 AS a\nFROM a\n", b"FROM example.org/base:2 AS a\nFROM a\n"),
    ],
)
def test_a_dockerfile_gets_another_base_and_nothing_else_changes(before: bytes, after: bytes) -> None:
    assert rebased({"Dockerfile": before}, BASE) == Rebased("Dockerfile", after)


@pytest.mark.parametrize(
    ("files", "obstacle"),
    [
        ({"environment.yml": b""}, "no Dockerfile"),
        ({"Dockerfile": b"FROM a:1\nFROM b:1\n"}, "several images"),
        ({"Dockerfile": b"ARG T=1\nFROM a:$T\n"}, "put together"),
    ],
)
def test_a_base_that_cannot_be_told_is_left_to_a_person(files: Mapping[str, bytes], obstacle: str) -> None:
    found = rebased(files, BASE)
    assert found.content is None
    assert obstacle in found.obstacle


def test_a_dockerfile_that_builds_on_it_already_stays() -> None:
    assert rebased({"Dockerfile": b"FROM example.org/base:2\n"}, BASE) == Rebased("Dockerfile")
