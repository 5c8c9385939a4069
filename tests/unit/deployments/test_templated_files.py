"""Templates: what is hidden from the parser of YAML, and which references are whole values."""

import pytest

from hub_image_actions.deployments.sightings import MASK, Obstacle
from hub_image_actions.deployments.templated_files import masked, sightings_in_template
from hub_image_actions.references import parse_image_name

NAME = "quay.io/berkeley/stat20"
IMAGE = parse_image_name(NAME)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("{% if x %}\na: 1\n", "          \na: 1\n"),
        ("{# x\ny #}a: 1", "    \n    a: 1"),
        ("{{- /* x */ -}}a: 1", " " * 15 + "a: 1"),
        ("  {{ x }}\r\na: 1", "         \r\na: 1"),
        ("a: {{ x }}-b", f"a: {MASK * 7}-b"),
        ('{"a": 1} // b', '{"a": 1}     '),
        ('{"a": "http://b"}', '{"a": "http://b"}'),
    ],
)
def test_what_is_no_yaml_is_out_of_the_way(text: str, left: str) -> None:
    assert masked(text) == left


@pytest.mark.parametrize(
    ("line", "obstacle"),
    [
        (f"image: {NAME}:v1", None),
        (f"image: '{NAME}:v1'", None),
        (f"- {NAME}:v1", None),
        (f"images: [{NAME}:v0, {NAME}:v1]", None),
        (f"image: {NAME}:v1{{% endif %}}", None),
        (f"image: {NAME}", Obstacle.TAG_ELSEWHERE),
        (f"image: {NAME}:{{{{ tag }}}}", Obstacle.FORMAT_STRING),
        (f"# image: {NAME}:v1", Obstacle.PART_OF_A_TEXT),
        (f"note: first, {NAME}:v1", Obstacle.PART_OF_A_TEXT),
        (f"note: {NAME}:v1 was good", Obstacle.PART_OF_A_TEXT),
    ],
)
def test_only_a_whole_value_can_be_moved(line: str, obstacle: Obstacle | None) -> None:
    *_, (_, sighting) = sightings_in_template(line, IMAGE)
    assert sighting.obstacle is obstacle


def test_places_count_from_the_begin_of_the_text() -> None:
    text = f"é: 1\nimage: {NAME}:v1\nimage: {NAME}:v2\n"
    seen = list(sightings_in_template(text, IMAGE))
    assert [(sighting.line, text[sighting.start : sighting.end]) for _, sighting in seen] == [
        (2, "v1"),
        (3, "v2"),
    ]
    assert all(text.startswith(NAME, place) for place, _ in seen)


def test_in_an_encrypted_file_nothing_moves() -> None:
    text = f"secret: ENC[AES256_GCM,data:x]\nimage: {NAME}:v1\n"
    ((_, sighting),) = sightings_in_template(text, IMAGE)
    assert sighting.obstacle is Obstacle.ENCRYPTED
