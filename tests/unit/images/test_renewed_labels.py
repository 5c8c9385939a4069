"""Labels that take the place of others, wherever an image repeats them."""

import json
from typing import Any

import pytest

from fake_build import pushed_image
from hub_image_actions.errors import RegistryError
from hub_image_actions.images.labels import REF, REVISION, VERSION
from hub_image_actions.images.pushed_image import PushedImage
from hub_image_actions.images.renewed_labels import RenewedLabels

OLD = {REVISION: "trial", VERSION: "dev", "course": "data100", REF: "trial"}
RENEWED = RenewedLabels({REVISION: "merged", VERSION: "c1"}, frozenset({REVISION, VERSION, REF}))
NEW = {"course": "data100", REVISION: "merged", VERSION: "c1"}


def image(**content: Any) -> PushedImage:
    """Return an image whose configuration holds more than its labels."""
    made = pushed_image(OLD)
    config = json.dumps({**json.loads(made.config), **content}).encode()
    return PushedImage(made.manifest, config)


def test_the_layers_and_all_that_nobody_knows_stay() -> None:
    unknown = {
        "moby.buildkit.cache.v0": "YWJj",
        "rootfs": {"type": "layers", "diff_ids": ["sha256:1"]},
        "created": "2026-11-23T10:00:00.123456789Z",
        "x": [1, 2.5, None, True, {"ü": "\ud83d"}, 12345678901234567890],
    }
    renewed = image(**unknown).renewed(RENEWED)
    content = json.loads(renewed.config)
    assert {name: content[name] for name in unknown} == unknown
    assert renewed.labels == content["config"]["Labels"] == NEW
    assert list(json.loads(renewed.manifest.body)) == ["config", "layers"]


def test_a_change_that_is_made_twice_makes_no_difference() -> None:
    once = image().renewed(RENEWED)
    assert once.renewed(RENEWED) is once
    other = RenewedLabels({**RENEWED.given, REVISION: "other"}, RENEWED.gone)
    assert once.renewed(other).renewed(RENEWED) == once == image().renewed(RENEWED)


def test_what_is_there_already_stays_byte_for_byte() -> None:
    made = pushed_image(NEW)
    assert made.renewed(RENEWED) is made


def test_docker_s_older_builder_repeats_labels_and_the_instruction_that_set_them() -> None:
    instruction = f"/bin/sh -c #(nop)  LABEL course=data100 {REVISION}=trial {VERSION}=dev {REF}=trial"
    history = [
        {"created_by": f"/bin/sh -c #(nop)  LABEL {REVISION}=of-the-base", "empty_layer": True},
        {"created_by": f"RUN echo LABEL {REVISION}=trial "},
        {"created_by": instruction, "empty_layer": True, "comment": "x"},
        {"created_by": 1, "empty_layer": True},
        {"empty_layer": True},
        "not an entry",
    ]
    container = {"Labels": {**OLD}, "Cmd": ["/bin/sh", "-c", instruction, 1], "Hostname": "x"}
    content = json.loads(image(history=history, container_config=container).renewed(RENEWED).config)
    told = f"/bin/sh -c #(nop)  LABEL course=data100 {REVISION}=merged {VERSION}=c1 {REF}="
    assert content["history"][2] == {**history[2], "created_by": told}  # type: ignore[dict-item]  # an entry
    assert [content["history"][number] for number in (0, 1, 3, 4, 5)] == [
        history[number] for number in (0, 1, 3, 4, 5)
    ]
    assert content["container_config"] == {
        "Labels": NEW,
        "Cmd": ["/bin/sh", "-c", told, 1],
        "Hostname": "x",
    }


def test_a_value_that_begins_like_another_is_another() -> None:
    entry = {"created_by": f"LABEL {VERSION}=dev2 x.{VERSION}=dev {REVISION}=trial", "empty_layer": True}
    content = json.loads(image(history=[entry]).renewed(RENEWED).config)
    assert content["history"][0]["created_by"] == (f"LABEL {VERSION}=dev2 x.{VERSION}=dev {REVISION}=merged")


@pytest.mark.parametrize("annotations", [{REVISION: "trial", REF: "trial", "x": "y"}, ["x"], None])
def test_annotations_of_the_manifest_that_repeat_labels_change_with_them(annotations: object) -> None:
    made = image()
    body = json.dumps({**json.loads(made.manifest.body), "annotations": annotations}).encode()
    made = PushedImage(type(made.manifest)("sha256:1", made.manifest.media_type, body), made.config)
    renewed = json.loads(made.renewed(RENEWED).manifest.body)["annotations"]
    assert renewed == ({REVISION: "merged", "x": "y"} if isinstance(annotations, dict) else annotations)


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"1e999"])
def test_what_json_does_not_have_is_not_written(number: bytes) -> None:
    made = image(x="number")
    made = PushedImage(made.manifest, made.config.replace(b'"number"', number))
    with pytest.raises(RegistryError, match="a number that is none"):
        made.renewed(RENEWED)


@pytest.mark.parametrize("field", ["history", "container_config"])
@pytest.mark.parametrize("value", ["x", 1, None, {"Labels": [1], "Cmd": "x"}, [[1]]])
def test_what_is_of_another_kind_stays(field: str, value: object) -> None:
    content = json.loads(image(**{field: value}).renewed(RENEWED).config)
    assert content[field] == value
    assert content["config"]["Labels"] == NEW
