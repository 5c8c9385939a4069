"""What an image tells of its contents."""

from typing import Any

import pytest

from hub_image_actions.docker.engine import Layer
from hub_image_actions.images.contents import ImageContents, contents_of
from hub_image_actions.images.size import LABEL, ImageSize, LayerSize, unpacked
from hub_image_actions.packages.package_list import Package, PackageList

PACKAGES = PackageList((Package("pip", "numpy", "2.1.0"),), "debian 12")
ADD, ENV, RUN = (
    "/bin/sh -c #(nop) ADD file:1 in /",
    "ENV A=1",
    "RUN /bin/sh -c pip install numpy # buildkit",
)
HISTORY = [{"created_by": ADD}, {"created_by": ENV, "empty_layer": True}, {"created_by": RUN}]
SIZE = unpacked([Layer(30, RUN), Layer(0, ENV), Layer(10, ADD)])
MANIFEST = {"layers": [{"size": 1}, {"size": 3}], "config": {"digest": "sha256:0", "size": 9}}


def config(labels: dict[str, str] | None) -> dict[str, Any]:
    return {"config": {"Labels": labels}, "history": HISTORY}


def test_an_image_tells_what_was_written_into_its_labels() -> None:
    labels = ImageContents(PACKAGES, SIZE).labelled({"maintainer": "x"})
    assert labels["maintainer"] == "x"
    found = contents_of(MANIFEST, config(labels))
    assert (found.packages, found.unpacked, found.problem) == (PACKAGES, SIZE, "")


def test_the_layers_of_the_registry_are_named_by_the_history() -> None:
    found = contents_of(MANIFEST, config(None)).compressed
    assert found is not None
    assert [(layer.size, layer.instruction) for layer in found.layers] == [
        (1, "ADD file:1 in /"),
        (3, "RUN pip install numpy"),
    ]
    assert found.total == 4


def test_labels_that_came_with_the_base_image_are_replaced() -> None:
    many = PackageList(tuple(Package("pip", f"p{n * 7919 % 10007}", f"{n}.{n * n}") for n in range(3000)))
    base = ImageContents(many, SIZE).labelled({"a": "b"})
    assert contents_of(MANIFEST, config(ImageContents(PACKAGES).labelled(base))).packages == PACKAGES


def test_without_a_list_of_its_own_an_image_does_not_keep_that_of_its_base() -> None:
    base = ImageContents(PACKAGES, SIZE).labelled({"a": "b"})
    assert ImageContents().labelled(base) == {"a": "b"}


def test_an_image_without_labels_says_why_nothing_is_known() -> None:
    found = contents_of(MANIFEST, config(None))
    assert (found.packages, found.unpacked) == (None, None)
    assert found.problem == "it was built without a list of its packages"


def test_damaged_labels_are_the_reason_why_nothing_is_known() -> None:
    found = contents_of(MANIFEST, config({"hub-image-actions.packages.0": "?"}))
    assert found.packages is None
    assert "is damaged" in found.problem


@pytest.mark.parametrize("text", ["", "1,2", "1,2,3,4", "1,x,3", "1,-2,3", f"1,2,{'9' * 20}"])
def test_sizes_that_are_not_of_this_image_are_left_alone(text: str) -> None:
    assert contents_of(MANIFEST, config({LABEL: text})).unpacked is None


def test_layers_without_a_history_have_sizes_all_the_same() -> None:
    assert contents_of(MANIFEST, {}).compressed == ImageSize((LayerSize(1, ""), LayerSize(3, "")))
