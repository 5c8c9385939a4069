"""Sightings: where a text names an image, and how a new tag is spelled in its place."""

import pytest

from hub_image_actions.deployments.sightings import (
    Obstacle,
    Sighting,
    Span,
    kind_of_text,
    may_name,
    mentions,
)
from hub_image_actions.references import parse_image_name

IMAGE = parse_image_name("quay.io/berkeley/stat20")
DIGEST = "sha256:" + "b" * 64


@pytest.mark.parametrize(
    ("old", "new", "spelled"),
    [
        ("v1", "on", '"on"'),
        ("v1", "2026-11-28", '"2026-11-28"'),
        ("v1", "1e5", '"1e5"'),
        ("1.1", "1.2", "1.2"),
        ("1.1", "1.10", '"1.10"'),
        ("v1", "v2", "v2"),
    ],
)
def test_a_tag_that_stands_alone_is_still_a_text_after_the_move(old: str, new: str, spelled: str) -> None:
    assert Sighting(1, "tag", "r", tag=old, alone=True).spelling(new, "") == spelled


def test_a_tag_within_a_longer_scalar_gets_no_quotes() -> None:
    assert Sighting(1, "reference", "r", tag="v1").spelling("2026", "") == "2026"


def test_a_new_digest_stands_behind_the_new_tag() -> None:
    assert Sighting(1, "reference", "r", tag="v1").spelling("v2", DIGEST) == f"v2@{DIGEST}"


@pytest.mark.parametrize(
    ("holds", "spelled"), [("tag", "v2"), ("digest", DIGEST), ("digits", "b" * 64)], ids=str
)
def test_a_further_place_gets_what_it_holds(holds: str, spelled: str) -> None:
    assert Span(0, 1, holds).spelling("v2", DIGEST, quoted=False) == spelled


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("image: quay.io/berkeley/stat20:v1", ["quay.io/berkeley/stat20"]),
        ("docker://quay.io/berkeley/stat20:v1", ["quay.io/berkeley/stat20"]),
        ("${IMAGE:-quay.io/berkeley/stat20:v1}", ["quay.io/berkeley/stat20"]),
        ("${IMAGE:=quay.io/berkeley/stat20:v1}", ["quay.io/berkeley/stat20"]),
        ("quay.io/berkeley/stat20-lab:v1", []),
        ("my-quay.io/berkeley/stat20:v1", []),
        ("quay.io/berkeley/stat20/lab:v1", []),
        ("ghcr.io/berkeley/stat20:v1", []),
        ("quay.io/other/berkeley/stat20:v1", []),
    ],
)
def test_only_the_name_itself_is_a_mention(text: str, names: list[str]) -> None:
    assert [mention[0] for mention in mentions(text, IMAGE)] == names


@pytest.mark.parametrize(
    ("text", "may"),
    [
        ("prefix: quay.io/berkeley\nname: stat20", True),
        ("prefix: quay.io/berkeley\nname: stat20-lab", False),
        ("prefix: quay.io/berkeley\nname: my-stat20", False),
        ("name: stat20", False),
    ],
)
def test_a_name_may_stand_in_parts(text: str, may: bool) -> None:
    assert may_name(text, IMAGE) is may


@pytest.mark.parametrize(
    ("behind", "kind"),
    [
        (":{tag}", Obstacle.FORMAT_STRING),
        (":v1 costs $5", Obstacle.PART_OF_A_TEXT),
        ("", Obstacle.PART_OF_A_TEXT),
    ],
)
def test_a_format_string_is_told_by_what_follows_the_name(behind: str, kind: Obstacle) -> None:
    text = f"pull quay.io/berkeley/stat20{behind}"
    (mention,) = mentions(text, IMAGE)
    assert kind_of_text(text, mention) is kind
